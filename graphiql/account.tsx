import { useRef } from "react";
import { Form } from "./form";
import { type Person, setPassword, signIn } from "./requests";
import type { UsedBy } from "./use-person";

/** Shows who uses the page, and lets them leave; somebody with a key may set a password instead. */
export function Account({ person, letIn, leave }: Pick<UsedBy, "leave" | "letIn"> & { person: Person }) {
  return (
    <div className="account">
      <span title={person.username}>{person.username}</span>
      {person.key && person.maySetPassword && <SetPassword person={person} letIn={letIn} />}
      <button type="button" className="link" onClick={leave}>
        Sign out
      </button>
    </div>
  );
}

function SetPassword({ person, letIn }: { person: Person; letIn: UsedBy["letIn"] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" className="link" onClick={() => dialog.current!.showModal()}>
        Set a password
      </button>
      <dialog ref={dialog}>
        <Form
          action="Set the password"
          onSubmit={async ({ password }) => {
            await setPassword(person, password!);
            letIn(await signIn(person.username, password!));
          }}
        >
          <p>With a password, {person.username} signs in here by name, without the key. The key stays valid for programs.</p>
          <input type="hidden" name="username" autoComplete="username" value={person.username} />
          <label>
            New password
            <input name="password" type="password" autoComplete="new-password" minLength={12} required autoFocus />
          </label>
          <p className="hint">12 characters or more</p>
        </Form>
        <button type="button" className="link" onClick={() => dialog.current!.close()}>
          Cancel
        </button>
      </dialog>
    </>
  );
}

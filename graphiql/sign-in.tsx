import { useState } from "react";
import { OIDC_PAGE, ownerOf, signIn } from "./requests";
import { Form } from "./form";
import type { UsedBy } from "./use-person";

/** Lets a person in by name and password, at a provider, or with a key. */
export function SignIn({ oidc, problem, letIn }: Pick<UsedBy, "letIn" | "oidc" | "problem">) {
  const [byKey, setByKey] = useState(false);
  return (
    <main className="graphiql-container sign-in">
      <section>
        <h1>Jobgraph</h1>
        {byKey ? (
          <Form key="key" action="Use the key" problem={problem} onSubmit={async ({ key }) => letIn(await ownerOf(key!.trim()))}>
            <label>
              Key
              <input name="key" type="password" autoComplete="off" spellCheck={false} required autoFocus />
            </label>
            <p className="hint">The first start of a server prints the administrator’s key.</p>
          </Form>
        ) : (
          <Form
            key="password"
            action="Sign in"
            problem={problem}
            onSubmit={async ({ username, password }) => letIn(await signIn(username!, password!))}
          >
            <label>
              Username
              <input name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required autoFocus />
            </label>
            <label>
              Password
              <input name="password" type="password" autoComplete="current-password" required />
            </label>
          </Form>
        )}
        {oidc && <a href={OIDC_PAGE}>Sign in at your organization</a>}
        <button type="button" className="link" onClick={() => setByKey(!byKey)}>
          {byKey ? "Use a password instead" : "Use a key instead"}
        </button>
      </section>
    </main>
  );
}

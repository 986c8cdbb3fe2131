import { useCallback, useEffect, useState } from "react";
import { type BrowserSession, ownerOf, type Person, readSession, Refusal, signOut } from "./requests";
import { storedKey, storeKey } from "./stored-key";

/** State of the page: somebody uses it, or nobody does yet. */
interface Known extends BrowserSession {
  /** False until the server has answered for the first time. */
  isAsked: boolean;
  /** Sentence for a person who has to sign in again; empty for none. */
  problem: string;
}

/** The person who uses the page, and the ways to change that. */
export interface UsedBy extends Known {
  /** Lets somebody use the page. */
  letIn(person: Person): void;
  /** Ends the session, and forgets the key. */
  leave(): Promise<void>;
  /** Asks the server again, after it has rejected somebody. */
  askAgain(): void;
}

/** Returns the person who uses the page: the owner of the tab's key, or else the one who is signed in. */
export function usePerson(): UsedBy {
  const [known, setKnown] = useState<Known>({ isAsked: false, person: undefined, oidc: false, problem: "" });

  const ask = useCallback(async () => setKnown(await find()), []);
  useEffect(() => {
    void ask();
    // Opening a `#token=KEY` link in a tab that already shows the page does not load it anew.
    addEventListener("hashchange", ask);
    return () => removeEventListener("hashchange", ask);
  }, [ask]);

  const askAgain = useCallback(async () => {
    const found = await find();
    setKnown((before) => {
      const problem = found.problem || (before.person && !found.person ? "Your session has ended: sign in again." : "");
      return { ...found, problem };
    });
  }, []);

  return {
    ...known,
    askAgain,
    letIn(person) {
      storeKey(person.key);
      setKnown({ ...known, person, problem: "" });
    },
    async leave() {
      storeKey("");
      const problem = await signOut().then(
        () => "",
        (error: Refusal) => error.message,
      );
      setKnown({ ...(await find()), problem });
    },
  };
}

async function find(): Promise<Known> {
  const key = storedKey();
  let problem = "";
  if (key) {
    try {
      return { isAsked: true, person: await ownerOf(key), oidc: false, problem };
    } catch (error) {
      if ((error as Refusal).isUnknown) storeKey("");
      problem = (error as Refusal).message;
    }
  }
  const session = await readSession().catch((error: Refusal) => {
    problem = error.message;
    return { person: undefined, oidc: false };
  });
  return { isAsked: true, ...session, problem };
}

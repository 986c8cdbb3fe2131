import type { Logger } from "pino";

/** Things of which the log keeps who did them: it says so with `audit: true`. */
const SENTENCES = {
  sign_in: "a user signed in",
  sign_in_failed: "a sign-in failed",
  sign_out: "a user signed out",
  key_refused: "a key was refused",
  password_changed: "a password was changed",
  request_decided: "a request for a run was decided on",
  object_changed: "an object of the access was changed",
} as const;

/** Facts of a line; none of them is a secret. */
export interface AuditFacts {
  event: keyof typeof SENTENCES;
  /** Name of the user who acts, or wants to. */
  user?: string | undefined;
  /** Address of the client. */
  address?: string | undefined;
  [fact: string]: string | undefined;
}

/** Writes a line of the audit. */
export type Audit = (facts: AuditFacts) => void;

/** Longest text of a fact: a client chooses some of them. */
const MOST_CHARACTERS = 200;

/** Returns the audit of a log. Lines of failures are warnings. */
export function createAudit(log: Pick<Logger, "info" | "warn">): Audit {
  return ({ event, ...facts }) => {
    const short = Object.fromEntries(
      Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value.slice(0, MOST_CHARACTERS)]])),
    );
    const level = event === "sign_in_failed" || event === "key_refused" ? "warn" : "info";
    log[level]({ audit: true, event, ...short }, SENTENCES[event]);
  };
}

import type { Database } from "../../entities/database.ts";
import { AppError } from "../../errors.ts";
import type { Audit } from "../audit.ts";
import type { Begun, BrowserSessions } from "./browser-sessions.ts";
import { createFailures } from "../failures.ts";
import { hashPassword, isOutdated, isPassword } from "./passwords.ts";

/** Somebody who wants to sign in. */
export interface SignInAttempt {
  username: string;
  password: string;
  address: string | undefined;
  /** Key of the session that the browser has brought. */
  before: string | undefined;
}

/** Somebody who has signed in, and the session. */
export interface SignedIn extends Begun {
  user: { id: string; username: string };
}

/**
 * Signs a user in.
 * @throws {@link AppError} UNAUTHENTICATED, the same for a wrong name and a wrong password, after the same time; {@link TooManyFailures}.
 */
export type SignIn = (attempt: SignInAttempt) => Promise<SignedIn>;

/** Dependencies of {@link createSignIn}. */
interface SignInDeps {
  database: Database;
  browserSessions: BrowserSessions;
  audit: Audit;
  /** Failed sign-ins in a minute, of one address and for one name. */
  maxFailuresPerMinute: number;
}

/** Returns the way in by a password. */
export function createSignIn({ database, browserSessions, audit, maxFailuresPerMinute }: SignInDeps): SignIn {
  const elapsed = () => performance.now();
  const ofAddresses = createFailures(maxFailuresPerMinute, elapsed, "Too many sign-ins from your address failed");
  const ofNames = createFailures(maxFailuresPerMinute, elapsed, "Too many sign-ins with this username failed");

  return async ({ username, password, address, before }) => {
    const { rows } = database;
    const isGood = [ofAddresses.try(address ?? ""), ofNames.try(username.toLowerCase())];
    const user = await rows
      .selectFrom("user")
      .select(["id", "username", "password_hash", "is_active"])
      .where("username", "=", username)
      .executeTakeFirst();
    const isRight = await isPassword(password, user?.password_hash ?? null);
    if (!user || !isRight || !user.is_active) {
      // A name that nobody has may be a password in the wrong place.
      audit({ event: "sign_in_failed", user: user?.username, address });
      throw new AppError("UNAUTHENTICATED", "The username or the password is wrong.");
    }
    for (const good of isGood) good();
    if (isOutdated(user.password_hash!))
      await rows
        .updateTable("user")
        .set({ password_hash: await hashPassword(password) })
        .where("id", "=", user.id)
        .where("password_hash", "=", user.password_hash)
        .execute();
    const session = await browserSessions.begin(user.id, before);
    audit({ event: "sign_in", user: user.username, address, by: "password" });
    return { user: { id: user.id, username: user.username }, ...session };
  };
}

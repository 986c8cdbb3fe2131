import type { Database } from "../../entities/database.ts";
import { fieldError } from "../../errors.ts";
import type { Viewer } from "../authenticate.ts";
import { createFailures } from "../failures.ts";
import { hashPassword, isPassword } from "./passwords.ts";

/** Wrong passwords that a user may give in a minute: who has found a key of somebody is not to find the password too. */
const MOST_FAILURES = 10;

const failures = createFailures(MOST_FAILURES, () => performance.now(), "Too many of your passwords were wrong");

/**
 * Changes the password of a user, and ends the sessions of the user in other browsers.
 * @throws {@link AppError} BAD_USER_INPUT for a wrong password; {@link TooManyFailures}.
 */
export async function changePassword(
  { rows }: Database,
  { id, key }: Viewer,
  { oldPassword, newPassword }: { oldPassword: string; newPassword: string },
): Promise<void> {
  const isGood = failures.try(id);
  const user = await rows.selectFrom("user").select("password_hash").where("id", "=", id).executeTakeFirst();
  const before = user?.password_hash ?? null;
  if (!(await isPassword(oldPassword, before)))
    throw fieldError(
      "BAD_USER_INPUT",
      "old_password",
      "This is not your password. Who has none yet gets one from an administrator.",
    );
  isGood();
  const { numUpdatedRows } = await rows
    .updateTable("user")
    .set({ password_hash: await hashPassword(newPassword) })
    .where("id", "=", id)
    .where("password_hash", "=", before)
    .executeTakeFirst();
  if (Number(numUpdatedRows) === 0) throw fieldError("CONFLICT", "old_password", "Your password was changed meanwhile.");
  await rows
    .deleteFrom("user_session")
    .where("user_id", "=", id)
    .where("key_hash", "!=", key?.hash ?? "")
    .execute();
}

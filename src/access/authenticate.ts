import { createHash } from "node:crypto";
import type { Database } from "../entities/database.ts";
import { AppError } from "../errors.ts";

/** Who asks. */
export interface Viewer {
  id: string;
  username: string;
  isSuperuser: boolean;
}

/** A key is random and long, so one round of SHA-256 hides it as well as a slow hash would, at a speed that suits every request. */
export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/**
 * The user that an `Authorization` value stands for: `Token KEY` or `Bearer KEY`.
 * @throws {@link AppError} UNAUTHENTICATED.
 */
export async function authenticate(database: Database, authorization: unknown, now = new Date()): Promise<Viewer> {
  const key = typeof authorization === "string" ? /^(?:Token|Bearer) +(\S+)$/i.exec(authorization)?.[1] : undefined;
  if (!key) throw new AppError("UNAUTHENTICATED", "Send a key: `Authorization: Token KEY`.");
  const user = await database.rows
    .selectFrom("token")
    .innerJoin("user", "user.id", "token.user_id")
    .select(["user.id", "user.username", "user.is_active", "user.is_superuser", "token.expires"])
    .where("token.key_hash", "=", hashKey(key))
    .executeTakeFirst();
  if (!user || !user.is_active || (user.expires !== null && new Date(user.expires) <= now)) {
    throw new AppError("UNAUTHENTICATED", "The key is not known, has expired, or its user is not active.");
  }
  return { id: user.id, username: user.username, isSuperuser: Boolean(user.is_superuser) };
}

import { randomBytes } from "node:crypto";
import type { Database } from "../entities/database.ts";
import { Token, User } from "../entities/index.ts";
import { hashKey } from "./authenticate.ts";

/**
 * Makes sure that somebody can get in: creates the administrator when there is no user yet, and a token with the given key, or, for a new
 * administrator, with a random one.
 * @returns the random key, to be shown once; undefined when there is nothing to show.
 */
export async function ensureAdministrator(database: Database, givenKey: string | undefined): Promise<string | undefined> {
  const em = database.fork();
  const isNew = (await em.count(User)) === 0;
  if (!isNew && givenKey === undefined) return undefined;
  const key = givenKey ?? randomBytes(20).toString("hex");
  const keyHash = hashKey(key);
  const user =
    (await em.findOne(User, { username: "admin" })) ??
    em.create(User, { username: "admin", isStaff: true, isSuperuser: true }, { partial: true });
  if ((await em.count(Token, { keyHash })) === 0)
    em.create(Token, { user, keyHash, description: "First administrator" }, { partial: true });
  await em.flush();
  return givenKey === undefined ? key : undefined;
}

import { randomBytes } from "node:crypto";
import type { Database } from "../entities/database.ts";
import { Token, User } from "../entities/index.ts";
import { hashKey } from "./authenticate.ts";

/** Lets the administrator in with a key that somebody has chosen, and so knows. */
export async function letAdministratorIn(database: Database, key: string): Promise<void> {
  const em = database.fork();
  const keyHash = hashKey(key);
  const user =
    (await em.findOne(User, { username: "admin" })) ??
    em.create(User, { username: "admin", isStaff: true, isSuperuser: true }, { partial: true });
  if ((await em.count(Token, { keyHash })) === 0)
    em.create(Token, { user, keyHash, description: "First administrator" }, { partial: true });
  await em.flush();
}

/**
 * Makes an administrator with a random key where there is no user yet. The caller has to show the key at once: nobody is told of it again, and
 * no later call makes another.
 * @returns the key; undefined where somebody is there already.
 */
export async function makeAdministrator(database: Database): Promise<string | undefined> {
  const isAnybodyThere = async () => (await database.fork().count(User)) > 0;
  if (await isAnybodyThere()) return undefined;
  return database.alone(async () => {
    if (await isAnybodyThere()) return undefined;
    const key = randomBytes(20).toString("hex");
    await letAdministratorIn(database, key);
    return key;
  });
}

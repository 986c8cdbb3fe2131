import { User } from "../../entities/index.ts";
import { AppError } from "../../errors.ts";
import type { Unit } from "../unit.ts";

/** Returns whether the author is a superuser. */
export async function isBySuperuser({ author, em }: Unit): Promise<boolean> {
  const user = author.userId === null ? null : await em.findOne(User, { id: author.userId });
  return user?.isSuperuser ?? false;
}

/** Throws unless the user is a superuser. @param what the act, for the sentence. @throws {@link AppError} FORBIDDEN. */
export async function onlySuperusers(unit: Unit, what: string): Promise<void> {
  if (await isBySuperuser(unit)) return;
  throw new AppError("FORBIDDEN", `Only superusers may ${what}, and "${unit.author.username}" is none.`);
}

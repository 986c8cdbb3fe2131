import { User } from "../../entities/index.ts";
import { AppError } from "../../errors.ts";
import type { Unit } from "../unit.ts";

/**
 * Lets through what a superuser does.
 * @param what to do what, for the sentence.
 * @throws {@link AppError} FORBIDDEN.
 */
export async function onlySuperusers({ author, em }: Unit, what: string): Promise<void> {
  const user = author.userId === null ? null : await em.findOne(User, { id: author.userId });
  if (!user?.isSuperuser) throw new AppError("FORBIDDEN", `Only superusers may ${what}, and "${author.username}" is none.`);
}

import type { Action } from "../../access/rights.ts";
import { User } from "../../entities/index.ts";
import { AppError, type ErrorDetail } from "../../errors.ts";
import type { Author } from "../change-log.ts";
import type { Unit } from "../unit.ts";

/** Rules of User. */
export const userRules = {
  /** All users see themselves. */
  isOwn: ({ id }: User, { userId }: Author, action: Action): boolean => action === "view" && id === userId,

  async check(user: User, unit: Unit): Promise<ErrorDetail[]> {
    const { em, author } = unit;
    const wasSuperuser = Boolean(unit.before(user)?.["is_superuser"]);
    if (Boolean(user.isSuperuser) !== wasSuperuser && !author.rights.isSuperuser)
      throw new AppError("FORBIDDEN", `Only superusers say who is one, and "${author.username}" is none.`);
    const details: ErrorDetail[] = [];
    // As Django has it.
    if (!/^[\w.@+-]+$/u.test(user.username))
      details.push({ field: "data.username", message: "A username consists of letters, digits and the signs @ . + - _." });
    if (user.isSuperuser && user.isActive) return details;
    const others = await em.count(User, { isSuperuser: true, isActive: true, id: { $ne: user.id } });
    if (others === 0)
      details.push({ field: "data.is_superuser", message: "This is the last active superuser: create another one first." });
    return details;
  },
};

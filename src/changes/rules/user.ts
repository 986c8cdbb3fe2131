import { User } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";

/** Rules of User. */
export const userRules = {
  async check(user: User, { em }: Unit): Promise<ErrorDetail[]> {
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

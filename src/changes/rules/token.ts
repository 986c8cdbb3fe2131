import type { Token } from "../../entities/index.ts";
import type { Author } from "../change-log.ts";

/** Rules of Token: users make, change and delete keys of their own. */
export const tokenRules = {
  isOwn: ({ user }: Token, { userId }: Author): boolean => user.id === userId,
};

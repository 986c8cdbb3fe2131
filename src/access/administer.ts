import { AppError } from "../errors.ts";
import type { Viewer } from "./authenticate.ts";

/**
 * Lets through who may do what concerns the server as a whole: staff and superusers.
 * @param what to do what, for the sentence.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustAdminister({ isStaff, isSuperuser, username }: Viewer, what: string): void {
  if (!isStaff && !isSuperuser) throw new AppError("FORBIDDEN", `Only staff may ${what}, and "${username}" is not.`);
}

/**
 * Lets through who may do everything: superusers.
 * @param what to do what, for the sentence.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustBeSuperuser({ isSuperuser, username }: Viewer, what: string): void {
  if (!isSuperuser) throw new AppError("FORBIDDEN", `Only superusers may ${what}, and "${username}" is none.`);
}

import { AppError } from "../errors.ts";
import type { Viewer } from "./authenticate.ts";

/**
 * Throws unless the user is staff or a superuser, who may change the server as a whole.
 * @param what the act, for the sentence.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustAdminister({ isStaff, isSuperuser, username }: Viewer, what: string): void {
  if (!isStaff && !isSuperuser) throw new AppError("FORBIDDEN", `Only staff may ${what}, and "${username}" is not.`);
}

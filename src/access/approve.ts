import { AppError } from "../errors.ts";
import { mustAdminister } from "./administer.ts";
import type { Viewer } from "./authenticate.ts";

/** A group whose users may decide on something. */
interface Approvers {
  name: string;
  userIds: ReadonlySet<string>;
}

/**
 * Throws unless the user may decide on a request: a user of its group or, without a group, staff and superusers. Requesters may not decide on their own.
 * @param requesterId null for a user who is deleted.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustApprove(viewer: Viewer, requesterId: string | null, approvers?: Approvers): void {
  if (!approvers) mustAdminister(viewer, "decide on what others ask for");
  else if (!approvers.userIds.has(viewer.id))
    throw new AppError("FORBIDDEN", `Only users of the group "${approvers.name}" may decide on this stage.`);
  if (viewer.id === requesterId) throw new AppError("FORBIDDEN", "This is your own request: another user has to decide on it.");
}

/**
 * Throws unless the user may comment on a request: its requester, its approvers, staff and superusers.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustTakePart(viewer: Viewer, requesterId: string | null, approvers?: Approvers): void {
  if (viewer.id === requesterId || approvers?.userIds.has(viewer.id)) return;
  mustAdminister(viewer, "comment on what others ask for");
}

/** Throws unless the user may withdraw a request: its requester, staff and superusers. @throws {@link AppError} FORBIDDEN. */
export function mustTakeBack(viewer: Viewer, requesterId: string | null): void {
  if (viewer.id !== requesterId) mustAdminister(viewer, "take back what others ask for");
}

/**
 * Throws for a change that removes a job's need for an approval, unless the user is staff or a superuser.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustKeepApproval(viewer: Viewer, before: boolean, after: boolean): void {
  if (before && !after) mustAdminister(viewer, "have a job be run without an approval");
}

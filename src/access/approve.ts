import { AppError } from "../errors.ts";
import { mustAdminister } from "./administer.ts";
import type { Viewer } from "./authenticate.ts";

/**
 * Lets through who may decide on what somebody asks for: staff and superusers, but for who asks.
 * @param requesterId null for somebody who is deleted.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustApprove(viewer: Viewer, requesterId: string | null): void {
  mustAdminister(viewer, "decide on what others ask for");
  if (viewer.id === requesterId)
    throw new AppError("FORBIDDEN", "You asked for this yourself: somebody else has to decide on it.");
}

/** Lets through who may take a request back: who asks, and staff and superusers. @throws {@link AppError} FORBIDDEN. */
export function mustTakeBack(viewer: Viewer, requesterId: string | null): void {
  if (viewer.id !== requesterId) mustAdminister(viewer, "take back what others ask for");
}

/**
 * Lets through who may have a job be run without the approval that it asked for: staff and superusers.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustKeepApproval(viewer: Viewer, before: boolean, after: boolean): void {
  if (before && !after) mustAdminister(viewer, "have a job be run without an approval");
}

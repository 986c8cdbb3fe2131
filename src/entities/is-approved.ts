import type { ScheduledJob } from "./models/scheduled-job.ts";

/** States of a schedule that waits for an approval, or was not approved. */
const UNAPPROVED: ReadonlySet<string> = new Set(["PENDING", "DENIED", "CANCELED"]);

/** Returns false for a schedule that waits for an approval, or was denied or withdrawn. */
export function isApproved({ state }: Pick<ScheduledJob, "state">): boolean {
  return !UNAPPROVED.has(state);
}

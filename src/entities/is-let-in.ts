import type { ScheduledJob } from "./models/scheduled-job.ts";

/** The states of a schedule that was not let in. */
const NOT_LET_IN: ReadonlySet<string> = new Set(["PENDING", "DENIED", "CANCELED"]);

/** Returns whether a schedule waits for no approval, and was refused none. */
export function isLetIn({ state }: Pick<ScheduledJob, "state">): boolean {
  return !NOT_LET_IN.has(state);
}

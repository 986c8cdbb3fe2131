import type { ObjectChange } from "../../entities/index.ts";
import type { EnqueueDeps } from "./enqueue.ts";

/** Needs of all that changes schedules, or lets their runs in. */
export interface FireDeps extends EnqueueDeps {
  /** Called with the changes, after the commit. */
  changed(changes: readonly ObjectChange[]): Promise<void>;
}

/** A schedule that was changed, and its changes as the log has them. */
export interface ScheduleChange {
  id: string;
  changes: readonly ObjectChange[];
}

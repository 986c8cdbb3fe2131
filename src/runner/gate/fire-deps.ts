import type { ObjectChange } from "../../entities/index.ts";
import type { EnqueueDeps } from "./enqueue.ts";

/** Needs of all that changes schedules, or lets their runs in. */
export interface FireDeps extends EnqueueDeps {
  /** To be told of what has changed. */
  changed(changes: readonly ObjectChange[]): Promise<void>;
}

/** A schedule that was changed, and its changes as the log has them. */
export interface ScheduleChange {
  id: string;
  changes: readonly ObjectChange[];
}

import type { ScheduledJob } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";

/** Rules of ScheduledJob. */
export const scheduledJobRules = {
  mayDelete({ state }: ScheduledJob): ErrorDetail[] {
    if (state !== "PENDING") return [];
    return [{ field: "id", message: "It waits for an approval: take it back with cancel_scheduled_job, or deny it, first." }];
  },
};

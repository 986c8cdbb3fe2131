import { ApprovalWorkflow, type ScheduledJob } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";

/** Rules of ScheduledJob. */
export const scheduledJobRules = {
  async mayDelete({ id, name, state }: ScheduledJob, unit: Unit): Promise<ErrorDetail[]> {
    if (state === "PENDING")
      return [
        { field: "id", message: "The schedule waits for an approval: withdraw it with cancel_scheduled_job, or deny it, first." },
      ];
    for (const workflow of await unit.hold(ApprovalWorkflow, { objectUnderReviewObjectId: id })) {
      unit.because(workflow, `deleted with the schedule "${name}"`);
      unit.delete(workflow);
    }
    return [];
  },
};

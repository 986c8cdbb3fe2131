import { type Job, JobButton, JobHook, ScheduledJob } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { tagsMayBeOn } from "./tag.ts";

/** Class paths of the jobs that come with a server, this one or Nautobot. */
const SYSTEM_JOBS = /^(jobgraph|nautobot)\./;

/** Rules of Job, as in Nautobot's `Job.clean`. */
export const jobRules = {
  async check(job: Job): Promise<ErrorDetail[]> {
    const details: ErrorDetail[] = [];
    const report = (holds: boolean, field: string, message: string) => {
      if (!holds) details.push({ field: `data.${field}`, message });
    };
    if (job.approvalRequired && job.hasSensitiveVariables) {
      const message = "A job with sensitive variables cannot need an approval, since its inputs are not kept.";
      // The caller cannot change a value of the source: such a job cannot run, and `runnable` says so.
      report(!job.approvalRequiredOverride, "approval_required", message);
      report(!job.hasSensitiveVariablesOverride, "has_sensitive_variables", message);
    }
    report(job.softTimeLimit >= 0, "soft_time_limit", "A time limit is 0 or more.");
    report(job.timeLimit >= 0, "time_limit", "A time limit is 0 or more.");
    report(job.name.trim() !== "", "name", "This field cannot be blank.");
    report(job.grouping.trim() !== "", "grouping", "This field cannot be blank.");
    return [...details, ...(await tagsMayBeOn(job, "extras.job"))];
  },

  async mayDelete(job: Job, unit: Unit): Promise<ErrorDetail[]> {
    if (SYSTEM_JOBS.test(job.moduleName))
      return [{ field: "id", message: "This job comes with the server and cannot be deleted." }];
    if (job.installed)
      return [{ field: "id", message: "The source of the job is installed: remove it first, or the job would be back at once." }];
    for (const model of [JobHook, JobButton])
      for (const object of await unit.hold<JobButton | JobHook>(model as never, { job })) {
        unit.because(object, `deleted with the job "${job.name}"`);
        unit.delete(object);
      }
    // They stay without their job, and that is a change of theirs.
    for (const schedule of await unit.hold(ScheduledJob, { jobModel: job }))
      unit.because(schedule, `the job "${job.name}" was deleted`);
    return [];
  },
};

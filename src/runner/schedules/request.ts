import type { ScheduledJob } from "../../entities/index.ts";
import { AppError, fieldError } from "../../errors.ts";
import type { RunRequest } from "../gate/admit.ts";
import type { LaunchedJob } from "../catalog/find-job.ts";
import type { ScheduleKwargs } from "../gate/schedule-kwargs.ts";
import { sensitiveVariables } from "../secrets/sensitive-inputs.ts";

/** A run that a schedule asks for, as the gate wants it. @throws {@link AppError} NOT_FOUND when its job is deleted. */
export function requestOf({ id, task, jobModel, kwargs, celeryKwargs, jobQueue, user }: ScheduledJob): RunRequest {
  if (!jobModel) throw new AppError("NOT_FOUND", `The job ${task} is deleted.`);
  const { dryrun, console_log, ignore_singleton_lock } = (celeryKwargs ?? {}) as ScheduleKwargs;
  return {
    job: { id: jobModel.id },
    data: kwargs ?? {},
    dryRun: dryrun,
    consoleLog: console_log,
    ignoreSingletonLock: ignore_singleton_lock,
    jobQueue: jobQueue?.name,
    userId: user?.id ?? null,
    scheduledJobId: id,
  };
}

/** @throws {@link AppError} INVALID_SCHEDULE for a job with sensitive inputs: they are not kept, and so cannot wait for their time. */
export function refuseSensitive(job: LaunchedJob): void {
  const { name, hasSensitiveVariables } = job;
  const sensitive = sensitiveVariables(job);
  if (!hasSensitiveVariables && sensitive.length === 0) return;
  const which = sensitive.length > 0 ? `the sensitive variables ${sensitive.join(", ")}` : "sensitive variables";
  const message = `The job "${name}" has ${which}, which are not kept until its time comes: it cannot be scheduled.`;
  throw fieldError("INVALID_SCHEDULE", "job_model", message);
}

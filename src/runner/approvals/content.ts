import { hash } from "node:crypto";
import type { ScheduledJob } from "../../entities/index.ts";
import { canonical } from "../gate/idempotency.ts";
import { isDry } from "../runs/new-run.ts";
import type { ScheduleKwargs } from "../gate/schedule-kwargs.ts";

/**
 * Returns the fingerprint of everything that an approval covers: job, version of the source, inputs, options, times and user. A value that the request leaves
 * to its job counts as the job has it.
 * @param schedule with its job loaded.
 * @param version null for a source that is gone.
 */
export function contentOf(schedule: ScheduledJob, version: string | null): string {
  const { task, jobModel, kwargs, args, celeryKwargs, jobQueue, user, catchUp } = schedule;
  const { interval, crontab, startTime, timeZone, oneOff, expires } = schedule;
  const content = {
    version,
    task,
    job: jobModel?.id ?? null,
    args,
    kwargs,
    how: celeryKwargs,
    queue: (jobQueue ?? jobModel?.defaultJobQueue)?.id ?? null,
    dryRun: jobModel && isDry(jobModel, (celeryKwargs as ScheduleKwargs | null)?.dryrun),
    limits: jobModel && [jobModel.softTimeLimit, jobModel.timeLimit],
    user: user?.id ?? null,
    when: { interval, crontab, startTime: startTime.toISOString(), timeZone, oneOff, expires: expires?.toISOString(), catchUp },
  };
  return hash("sha256", canonical(content));
}

/** Returns the fingerprint of the same while it is only asked for: it never passes for that of an approval. */
export function requestedContentOf(schedule: ScheduledJob, version: string | null): string {
  return hash("sha256", `asked for: ${contentOf(schedule, version)}`);
}

import type { RunWishes } from "../runs/new-run.ts";
import type { SensitiveKwargs } from "../secrets/sensitive-inputs.ts";

/** Options of each run of a schedule, as its `celery_kwargs` keep them. An absent option is the job's own default. */
export interface ScheduleKwargs extends SensitiveKwargs {
  dryrun?: boolean;
  console_log?: boolean;
  ignore_singleton_lock?: boolean;
}

/** Returns the options of a request, as a schedule keeps them. */
export function kwargsOf({ dryRun, consoleLog, ignoreSingletonLock }: Partial<RunWishes>): ScheduleKwargs {
  return {
    ...(dryRun !== undefined && { dryrun: dryRun }),
    ...(consoleLog !== undefined && { console_log: consoleLog }),
    ...(ignoreSingletonLock !== undefined && { ignore_singleton_lock: ignoreSingletonLock }),
  };
}

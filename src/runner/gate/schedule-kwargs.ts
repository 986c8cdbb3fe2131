import type { RunWishes } from "../runs/new-run.ts";
import type { SensitiveKwargs } from "../secrets/sensitive-inputs.ts";

/** How each run of a schedule is asked for, as its `celery_kwargs` keep it; what is absent is the job's own default. */
export interface ScheduleKwargs extends SensitiveKwargs {
  dryrun?: boolean;
  console_log?: boolean;
  ignore_singleton_lock?: boolean;
}

/** How a request asks for its runs, as a schedule keeps it. */
export function kwargsOf({ dryRun, consoleLog, ignoreSingletonLock }: Partial<RunWishes>): ScheduleKwargs {
  return {
    ...(dryRun !== undefined && { dryrun: dryRun }),
    ...(consoleLog !== undefined && { console_log: consoleLog }),
    ...(ignoreSingletonLock !== undefined && { ignore_singleton_lock: ignoreSingletonLock }),
  };
}

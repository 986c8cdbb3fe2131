import { MAX_TIMER_MS } from "../messaging/clock.ts";
import { ownLine } from "../sandbox/own-line.ts";
import type { SaidLine, TimeLimits } from "../sandbox/sandbox.ts";

/** Limits of a run as its `celery_kwargs` keep them, in seconds. */
interface TimeLimitKwargs {
  soft_time_limit: number;
  time_limit: number;
}

/** Limits of a new run of a job, whose own are in seconds, 0 for the server's. */
export function timeLimitKwargs(job: { softTimeLimit: number; timeLimit: number }, server: TimeLimits): TimeLimitKwargs {
  return {
    soft_time_limit: job.softTimeLimit || server.softMs / 1000,
    time_limit: job.timeLimit || server.hardMs / 1000,
  };
}

/** Limits that a run's `celery_kwargs` name, and the server's for those they do not. */
export function readTimeLimits(kwargs: Partial<TimeLimitKwargs>, server: TimeLimits): TimeLimits {
  const ms = (seconds: number | undefined, fallback: number) =>
    seconds ? Math.min(Math.max(1, Math.round(seconds * 1000)), MAX_TIMER_MS) : fallback;
  return { softMs: ms(kwargs.soft_time_limit, server.softMs), hardMs: ms(kwargs.time_limit, server.hardMs) };
}

/** Returns a warning for the log of a run whose soft limit can never fire; otherwise undefined. */
export function softLimitWarning({ softMs, hardMs }: TimeLimits): SaidLine | undefined {
  if (softMs < hardMs) return undefined;
  const [soft, hard] = [softMs / 1000, hardMs / 1000];
  const message = `The time limit of ${hard} s comes no later than the soft time limit of ${soft} s: the job will be ended without being told to stop first.`;
  return ownLine("WARNING", message, Date.now(), "initialization");
}

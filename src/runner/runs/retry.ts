import { readFailure } from "../../entities/failure.ts";
import type { Job } from "../../entities/index.ts";
import type { RunOptions } from "./run-options.ts";

/** Retry options of a run, as its `celery_kwargs` keep them; empty for a run without retries. */
export type RetryKwargs = Partial<Pick<RunOptions, "max_retries" | "retry_backoff">>;

/** Each wait is so many times as long as the one before. */
const FACTOR = 2;
/** The longest wait between two attempts. */
const MAX_WAIT_MS = 24 * 3_600_000;

/** Returns the retry options of a job's new run. */
export function retryKwargs({ retryLimit, retryBackoff }: Pick<Job, "retryBackoff" | "retryLimit">): RetryKwargs {
  return retryLimit ? { max_retries: retryLimit, retry_backoff: retryBackoff ?? 0 } : {};
}

/** Returns whether another attempt follows this one. */
export function retriesLeft({ max_retries = 0 }: RetryKwargs, attempt: number | null): boolean {
  return (attempt ?? 1) <= max_retries;
}

/** Returns the time of the next attempt, in milliseconds since the epoch. */
export function nextAttemptAt({ retry_backoff = 0 }: RetryKwargs, attempt: number | null, now: number): number {
  const wait = Math.round(retry_backoff * 1000 * FACTOR ** ((attempt ?? 1) - 1));
  // An attempt without a number is followed at once.
  return now + Math.min(MAX_WAIT_MS, wait || 0);
}

/** Returns the line of the log before a further attempt. `result` of the run says why the last attempt failed. */
export function attemptBegins(attempt: number, { max_retries = 0 }: RetryKwargs, result: unknown): string {
  const { type, message } = readFailure(result);
  const why = [type, message].filter(Boolean).join(": ");
  return `Attempt ${attempt} of ${max_retries + 1} begins. Attempt ${attempt - 1} failed: ${why}`;
}

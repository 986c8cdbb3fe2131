import type { Logger } from "pino";
import { isPassing } from "../../entities/faults.ts";
import { logFailure } from "./log-failure.ts";

/**
 * Does a loop's work for one row, so that a row that is odd stops it for no other.
 * @returns the error with which the work failed, which is in the log; undefined when it is done.
 */
export type Apart = (id: string, work: () => Promise<unknown>) => Promise<unknown>;

/**
 * Makes the {@link Apart} of a loop. A failure that does not pass by itself is logged once for as long as the row has it, however often the loop comes by.
 * @param kind of its rows, as the log names their ids.
 * @param message says which work could not be done.
 */
export function keepApart(log: Logger, kind: "job" | "job_hook" | "job_result" | "scheduled_job", message: string): Apart {
  const known = new Map<string, string>();
  return async (id, work) => {
    try {
      await work();
      known.delete(id);
      return undefined;
    } catch (error) {
      const words = String(error);
      if (isPassing(error) || known.get(id) !== words) logFailure(log, error, message, { [kind]: id });
      if (!isPassing(error)) known.set(id, words);
      return error;
    }
  };
}

/** Throws the first error that passes by itself: the loop is to be tried again soon. Others wait until it looks again anyway. */
export function throwPassing(errors: Iterable<unknown>): void {
  for (const error of errors) if (isPassing(error)) throw error;
}

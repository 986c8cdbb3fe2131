import { ConnectionError, RefusedError, refusalOf } from "./errors.ts";
import { FollowLogDocument, type FollowLogSubscription, RunStateDocument, type RunStateQuery } from "./generated.ts";
import { createRetry, type RetryOptions } from "./retry.ts";
import { type FinishedRun, isFinished, type LogLine } from "./run.ts";
import type { Operation } from "./endpoint.ts";
import type { Transport } from "./transport.ts";

/** Options of following a run. */
export interface FollowOptions {
  /** Leave out lines up to this `sequence`; 0 when absent. */
  after?: number | undefined;
  /** Called with each line once, in order. An error that it throws ends the following, and the call rejects with it. */
  onLine?: ((line: LogLine) => void) | undefined;
  /** Told of each cut, and after how many milliseconds it is tried again. */
  onRetry?: RetryOptions["onRetry"];
  /** Ends the following, not the run; the call rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/** Dependencies of following. */
interface Means {
  transport: Transport;
  /** Asks once, and not for ever. */
  ask(operation: Operation, signal: AbortSignal | undefined): Promise<unknown>;
  retry: Omit<RetryOptions, "onRetry">;
}

/** Error codes that may pass. LIMIT_EXCEEDED is among them: the server still counts cut connections for a while. */
const PASSING = ["INTERNAL_SERVER_ERROR", "LIMIT_EXCEEDED"];

/** Gives each line after the cursor once, over any number of cuts. Resolves to the finished run. */
export async function follow(
  { transport, ask, retry: pace }: Means,
  jobResultId: string,
  { after = 0, onLine, onRetry, signal }: FollowOptions,
): Promise<FinishedRun> {
  const retry = createRetry({ ...pace, onRetry }, PASSING);
  let cursor = after;
  for (;;) {
    signal?.throwIfAborted();
    const variables = { job_result_id: jobResultId, after_sequence: cursor };
    try {
      await transport(
        { query: String(FollowLogDocument), variables },
        ({ data, errors }) => {
          if (errors) throw refusalOf(errors);
          for (const line of (data as FollowLogSubscription).job_log_entries) {
            if (line.sequence <= cursor) continue;
            cursor = line.sequence;
            onLine?.(line);
          }
          retry.worked();
        },
        signal,
      );
      const { job_result } = (await ask(
        { query: String(RunStateDocument), variables: { id: jobResultId } },
        signal,
      )) as RunStateQuery;
      if (!job_result) throw new RefusedError("NOT_FOUND", `There is no job result with id "${jobResultId}".`);
      if (isFinished(job_result)) return job_result;
      throw new ConnectionError("The log ended before its run.");
    } catch (error) {
      await retry.failed(error, signal);
    }
  }
}

import type { Logger } from "pino";
import type { Database } from "../entities/database.ts";
import type { Broker } from "./broker.ts";
import { type CanceledRow, describeCancel } from "./cancel.ts";
import { JobCanceled } from "./define-job.ts";
import { watch } from "./watch.ts";

/** What stops one run that a worker has. */
export interface RunStop {
  /** Aborted when the job is to be told, with what it is told. */
  readonly tell: AbortSignal;
  /** Aborted when its grace is over: the run is ended whatever the job does. */
  readonly end: AbortSignal;
  /** The run has ended by itself. */
  close(): void;
}

/** What stops the runs of a worker: somebody cancels one, or the server is stopped. */
export interface RunStops {
  /** From before the claim, so that no cancel falls in between. */
  open(jobResultId: string): RunStop;
  /** Tells every job, and ends them soon; also those whose grace after a cancel is longer. */
  shutDown(reason: Error): void;
  close(): Promise<void>;
}

/** How long a job may take to end by itself once it was told that the server stops. */
export const SHUTDOWN_ABORT_MS = 500;
/** A lost bell is made good by looking again after this long. */
const SAFETY_MS = 5000;

interface Stoppable {
  tell: AbortController;
  end: AbortController;
  timers: NodeJS.Timeout[];
}

/** Looks into the rows of the worker's runs when the bell of cancels rings. */
export function createRunStops(deps: { database: Database; broker: Broker; cancelGraceMs: number; log: Logger }): RunStops {
  const { database, broker, cancelGraceMs, log } = deps;
  const runs = new Map<string, Stoppable>();
  let shutdown: Error | undefined;

  function stop({ tell, end, timers }: Stoppable, reason: Error, graceMs: number): void {
    tell.abort(reason);
    timers.push(setTimeout(() => end.abort(reason), graceMs));
  }

  async function look(): Promise<void> {
    const ids = [...runs].filter(([, { tell }]) => !tell.signal.aborted).map(([id]) => id);
    if (ids.length === 0) return;
    const canceled = (await database.read(
      database.rows
        .selectFrom("job_result")
        .select(["id", "canceled_by_user_name", "cancel_reason"])
        .where("id", "in", ids)
        .where("date_canceled", "is not", null)
        .compile(),
    )) as unknown as (CanceledRow & { id: string })[];
    for (const row of canceled) {
      const run = runs.get(row.id);
      if (run && !run.tell.signal.aborted) stop(run, new JobCanceled(describeCancel(row)), cancelGraceMs);
    }
  }

  const lookSafely = () => look().catch((error: unknown) => log.error({ err: error }, "cancels could not be read"));
  const watching = watch({
    bells: [(ring) => broker.listen("cancels", ring)],
    look: () => lookSafely().then(() => true),
    safetyMs: SAFETY_MS,
  });

  return {
    open(jobResultId) {
      const run: Stoppable = { tell: new AbortController(), end: new AbortController(), timers: [] };
      runs.set(jobResultId, run);
      if (shutdown) stop(run, shutdown, SHUTDOWN_ABORT_MS);
      return {
        tell: run.tell.signal,
        end: run.end.signal,
        close() {
          runs.delete(jobResultId);
          for (const timer of run.timers) clearTimeout(timer);
        },
      };
    },
    shutDown(reason) {
      shutdown = reason;
      for (const run of runs.values()) stop(run, reason, SHUTDOWN_ABORT_MS);
    },
    async close() {
      await watching.close();
    },
  };
}

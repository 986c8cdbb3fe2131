import type { Logger } from "pino";
import type { Database } from "../../entities/database.ts";
import { RunLost } from "../outputs/row-writer.ts";
import type { Broker } from "../messaging/broker.ts";
import { describeCancel } from "../runs/cancel.ts";
import { JobCanceled } from "../../sdk/define-job.ts";
import { logFailure } from "../messaging/log-failure.ts";
import { watch } from "../messaging/watch.ts";

/** Signals that stop one run of a worker. */
export interface RunStop {
  /** Aborted when the job is to be told to stop, with the reason. */
  readonly tell: AbortSignal;
  /** Aborted when its grace is over: the run is ended in any state of its job. */
  readonly end: AbortSignal;
  /** Says for which attempt the run was claimed: once another has the run, its job is ended. */
  claimed(attempt: number): void;
  /** The run has ended by itself. */
  close(): void;
}

/** Stops the runs of a worker: after a cancel, when another worker has taken one over, or when the server stops. */
export interface RunStops {
  /** From before the claim, so that no cancel falls in between. */
  open(jobResultId: string): RunStop;
  /** Tells whether a run is under way here. */
  has(jobResultId: string): boolean;
  /** Tells every job, and ends them soon; also those whose grace after a cancel is longer. */
  shutDown(reason: Error): void;
  close(): Promise<void>;
}

/** Time that a job has to end by itself when the server stops. */
export const SHUTDOWN_ABORT_MS = 500;
/** After a lost notification, the next look comes after this long. */
const SAFETY_MS = 5000;

interface Stoppable {
  tell: AbortController;
  end: AbortController;
  timers: NodeJS.Timeout[];
  /** Undefined before the claim. */
  attempt: number | undefined;
}

/** Looks into the rows of the worker's runs after each notification of a cancel. */
export function createRunStops(deps: {
  database: Database;
  broker: Broker;
  cancelGraceMs: number;
  workerId: string;
  log: Logger;
}): RunStops {
  const { database, broker, cancelGraceMs, workerId, log } = deps;
  const runs = new Map<string, Stoppable>();
  let shutdown: Error | undefined;

  function stop({ tell, end, timers }: Stoppable, reason: Error, graceMs: number): void {
    tell.abort(reason);
    timers.push(setTimeout(() => end.abort(reason), graceMs));
  }

  async function look(): Promise<void> {
    const ids = [...runs].filter(([, { end }]) => !end.signal.aborted).map(([id]) => id);
    if (ids.length === 0) return;
    // Before the question: a claim that comes meanwhile is not in its answer.
    const claims = new Map(ids.map((id) => [id, runs.get(id)!.attempt]));
    const found = await database.read(
      database.rows
        .selectFrom("job_result")
        .select(["id", "status", "worker_id", "attempt", "date_canceled", "canceled_by_user_name", "cancel_reason"])
        .where("id", "in", ids)
        .compile(),
    );
    const rows = new Map(found.map((row) => [row.id, row]));
    for (const [id, attempt] of claims) {
      const run = runs.get(id);
      const row = rows.get(id);
      if (!run || run.attempt !== attempt) continue;
      if (attempt !== undefined && !(row?.status === "STARTED" && row.worker_id === workerId && row.attempt === attempt))
        stop(run, new RunLost(id), 0);
      else if (row && row.date_canceled !== null && !run.tell.signal.aborted)
        stop(run, new JobCanceled(describeCancel(row)), cancelGraceMs);
    }
  }

  const lookSafely = () => look().catch((error: unknown) => logFailure(log, error, "cancels could not be read"));
  const watching = watch({
    notifications: [(notify) => broker.listen("cancels", notify)],
    look: () => lookSafely().then(() => true),
    safetyMs: SAFETY_MS,
  });

  return {
    open(jobResultId) {
      const run: Stoppable = { tell: new AbortController(), end: new AbortController(), timers: [], attempt: undefined };
      runs.set(jobResultId, run);
      if (shutdown) stop(run, shutdown, SHUTDOWN_ABORT_MS);
      return {
        tell: run.tell.signal,
        end: run.end.signal,
        claimed: (attempt) => void (run.attempt = attempt),
        close() {
          runs.delete(jobResultId);
          for (const timer of run.timers) clearTimeout(timer);
        },
      };
    },
    has: (jobResultId) => runs.has(jobResultId),
    shutDown(reason) {
      shutdown = reason;
      for (const run of runs.values()) stop(run, reason, SHUTDOWN_ABORT_MS);
    },
    async close() {
      await watching.close();
    },
  };
}

import type { Logger } from "pino";
import { sql } from "kysely";
import type { Hold } from "../../entities/database.ts";
import { lastSequence } from "../../entities/sequences.ts";
import { failed } from "../sandbox/failure.ts";
import { ownLine } from "../sandbox/own-line.ts";
import type { SaidLine } from "../sandbox/sandbox.ts";
import type { RowWriter } from "../outputs/row-writer.ts";
import { readRunOptions } from "../runs/run-options.ts";
import { settle, type SettleDeps } from "../runs/settle.ts";
import { keepApart, throwPassing } from "../messaging/apart.ts";
import { logFailure } from "../messaging/log-failure.ts";
import { watch, type Watch } from "../messaging/watch.ts";

/** Dependencies of {@link openReaper}. */
export interface ReaperDeps extends SettleDeps {
  logWriter: RowWriter<SaidLine>;
  /** Id of this server's worker. It takes over the runs of dead workers, so that their further output is dropped. */
  workerId: string;
  /** Milliseconds without a sign of life after which a worker is dead. */
  leaseMs: number;
  /** Time between two looks, in milliseconds; a few of them make a lease. */
  lookMs: number;
  /** Tells whether a run is under way in this process. */
  isRunning(jobResultId: string): boolean;
  /** Hears that runs were settled: others may have room now, and some are to be tried again. */
  onSettled(): void;
  log: Logger;
}

/** A sign of life, and when it was seen first, by this process's own monotonic clock. */
interface Seen {
  sign: string | undefined;
  sinceMs: number;
}

/** Beats of a worker, as text: a database may hold numbers that JavaScript has not. */
const BEATS = sql<string>`cast(beats as text)`.as("beats");

/** A look that is so many times later than it should be may have missed signs of life. */
const LATE = 2;

/**
 * Settles the runs of workers that are dead: those whose `beats` do not grow for a lease while this process looks. Nothing else is compared, no clock of
 * another machine and no host name; while the database is away, or this process is asleep, nobody is found dead. A run that this worker holds and does not
 * run is lost as well.
 */
export function openReaper(deps: ReaperDeps): Watch {
  const { database, workerId, leaseMs, lookMs, log } = deps;
  const seen = new Map<string, Seen>();
  const apart = keepApart(log, "job_result", "a lost run could not be settled");
  let lastMs = performance.now();

  /** Tells whether something has been the same for a lease. */
  function isStale(key: string, sign: string | undefined, nowMs: number): boolean {
    const known = seen.get(key);
    if (known && known.sign === sign) return nowMs - known.sinceMs >= leaseMs;
    seen.set(key, { sign, sinceMs: nowMs });
    return false;
  }

  async function look(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - lastMs > lookMs * LATE) seen.clear();
    lastMs = nowMs;
    const workers = await database.rows.selectFrom("worker").select(["id", BEATS]).where("id", "!=", workerId).execute();
    const runs = await database.rows
      .selectFrom("job_result")
      .select(["id", "worker_id"])
      .where("status", "=", "STARTED")
      .execute();
    const beats = new Map<string | null, string | undefined>(workers.map((worker) => [worker.id, worker.beats]));
    // A run may have a worker that is gone already, or, from before workers had ids, none.
    for (const { worker_id } of runs) if (worker_id !== workerId && !beats.has(worker_id)) beats.set(worker_id, undefined);
    const keys = new Set<string>();
    for (const [id, sign] of beats) {
      const key = `worker ${id}`;
      keys.add(key);
      if (isStale(key, sign, nowMs)) await reap(id, sign);
    }
    for (const { id, worker_id } of runs) {
      if (worker_id !== workerId || deps.isRunning(id)) continue;
      const key = `run ${id}`;
      keys.add(key);
      if (isStale(key, "", nowMs)) await settleApart(id);
    }
    for (const key of seen.keys()) if (!keys.has(key)) seen.delete(key);
  }

  /** Takes the runs of a dead worker over, unless it has come to life since, and settles them. */
  async function reap(id: string | null, beats: string | undefined): Promise<void> {
    if (beats !== undefined) {
      const isSame = sql<boolean>`cast(beats as text) = ${beats}`;
      const dead = database.rows.deleteFrom("worker").where("id", "=", id).where(isSame).returning("id");
      if (!(await dead.executeTakeFirst())) return;
    }
    const taken = await database.rows
      .updateTable("job_result")
      .set({ worker_id: workerId })
      .where("status", "=", "STARTED")
      .where("worker_id", id === null ? "is" : "=", id)
      .returning("id")
      .execute();
    log.warn({ worker: id, runs: taken.length }, "a worker gives no sign of life: its runs are settled");
    for (const run of taken) await settleApart(run.id);
  }

  /** Settles a lost run; one that this cannot be done for is looked at again, as are all that this worker holds and does not run. */
  const settleApart = async (id: string) => throwPassing([await apart(id, () => settleLost(deps, id))]);

  return watch({
    notifications: [],
    safetyMs: lookMs,
    async look() {
      await look().catch((error: unknown) => {
        seen.clear();
        logFailure(log, error, "other workers could not be looked after");
      });
      return true;
    },
  });
}

const MESSAGE = "The worker was lost while the job ran: its server ended without a stop, or gave no sign of life.";
const LOST = failed("WorkerLost", MESSAGE);

/** Settles a run that this worker holds and nobody runs, unless it has ended meanwhile. */
async function settleLost(deps: ReaperDeps, id: string): Promise<void> {
  const { database, logWriter, workerId, clock, recorder, log } = deps;
  const statement = database.rows
    .selectFrom("job_result")
    .select(["attempt", "celery_kwargs"])
    .where("id", "=", id)
    .where("status", "=", "STARTED")
    .where(sql<boolean>`worker_id = ${workerId}`);
  const run = await recorder.record(() => statement.executeTakeFirst());
  if (!run) return;
  const hold: Hold = { job_result_id: id, worker_id: workerId, attempt: run.attempt };
  const last = await recorder.record(() => lastSequence(database.rows, "job_log_entry", id));
  const append = logWriter.open(hold, last);
  // The run ends also where its line cannot be stored.
  await append([ownLine("CRITICAL", MESSAGE, clock.now())]).catch((error: unknown) =>
    log.error({ err: error, job_result: id }, "the last line of a lost run could not be stored"),
  );
  const options = readRunOptions(database, run.celery_kwargs) ?? {};
  await settle(deps, { hold, options, append }, LOST, "REAPED");
  deps.onSettled();
}

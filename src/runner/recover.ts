import { sql } from "kysely";
import { lastSequence, type LogWriter } from "./log-writer.ts";
import type { RetryKwargs } from "./retry.ts";
import { ownLine, settle, type SettleDeps } from "./settle.ts";

/** What {@link recover} needs. */
export interface RecoverDeps extends SettleDeps {
  logWriter: LogWriter;
  /** Whose runs are lost if they are still STARTED. */
  workerName: string;
}

/**
 * What a worker that is gone left behind: its running runs are failed, and runs that still wait are sent off again. Those that wait for a slot are let in
 * by whoever looks after retries: see `retries.ts`.
 */
export async function recover(deps: RecoverDeps): Promise<void> {
  const { database, broker } = deps;
  const lost = (await database.rows
    .selectFrom("job_result")
    .select(["id", "attempt", "celery_kwargs"])
    .where("status", "=", "STARTED")
    .where("worker", "=", deps.workerName)
    .execute()) as LostRun[];
  for (const run of lost) await settleLost(deps, run);
  const waiting = await database.rows
    .selectFrom("job_result")
    .select(["id", "celery_kwargs"])
    .where("status", "=", "PENDING")
    .where(sql<boolean>`waits_for_slot is not true`)
    .where(sql<boolean>`awaits_approval is not true`)
    .orderBy("date_created")
    .orderBy("id")
    .execute();
  for (const run of waiting) {
    const { queue } = database.readJson(run.celery_kwargs) as { queue: string };
    await broker.enqueue({ id: run.id, queue });
  }
}

interface LostRun {
  id: string;
  attempt: number | null;
  celery_kwargs: unknown;
}

const MESSAGE = "The worker was lost while the job ran: the server ended without stopping it first.";

async function settleLost(deps: RecoverDeps, { id, attempt, celery_kwargs }: LostRun): Promise<void> {
  const { database, logWriter, clock } = deps;
  const lines = logWriter.open(id, await lastSequence(database, "job_log_entry", id));
  await lines.append([ownLine("CRITICAL", MESSAGE, clock)]);
  const options = (database.readJson(celery_kwargs) ?? {}) as RetryKwargs;
  const outcome = { kind: "failure", excType: "WorkerLost", excMessage: MESSAGE, traceback: `WorkerLost: ${MESSAGE}` } as const;
  await settle(deps, { id, attempt, options, append: lines.append }, outcome, "REAPED");
}

import { LockMode } from "@mikro-orm/core";
import type { SqlEntityManager } from "@mikro-orm/sql";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { OPEN_STATUSES } from "../../entities/choices.ts";
import { type Database, statementsOf } from "../../entities/database.ts";
import type { Tables } from "../../entities/tables.ts";
import { Job } from "../../entities/index.ts";
import { AppError, counted } from "../../errors.ts";
import { type Apart, throwPassing } from "../messaging/apart.ts";
import type { Broker } from "../messaging/broker.ts";
import type { LaunchedJob } from "../catalog/find-job.ts";
import { queueOf } from "./run-options.ts";

/*
 * A run of a job with `max_concurrent` has a slot from its admission to its end, attempts and the waits between them included. `waits_for_slot` of its row is
 * the only record: true while it waits, false while it has a slot, null without a limit. A slot is given under a lock on the job's row, so that no two are
 * given at once.
 */

/** Condition of a run that is let in once a slot is free. */
const WAITS_FOR_SLOT = sql<boolean>`(status = 'PENDING' and waits_for_slot is true)`;

/** Returns whether a further run of a job may find no slot. */
export function hasLimit({ isSingleton, maxConcurrent }: LaunchedJob, ignoreSingletonLock = false): boolean {
  return maxConcurrent !== null || (isSingleton && !ignoreSingletonLock);
}

/**
 * Looks for room for one more run of a job, within the transaction that will write it.
 * @returns `waits_for_slot` of the new run.
 * @throws {@link AppError} JOB_ALREADY_RUNNING that names a run which stands in the way.
 */
export async function findRoom(em: SqlEntityManager, job: LaunchedJob, ignoreSingletonLock = false): Promise<boolean | null> {
  if (!hasLimit(job, ignoreSingletonLock)) return null;
  const { id } = job;
  await em.findOne(Job, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  const { first, slots, waiting } = await countOpen(statementsOf(em), id);
  if (job.isSingleton && !ignoreSingletonLock && first)
    refuse(`Only one run of the job "${job.name}" may be under way, and the run ${first} is.`);
  if (job.maxConcurrent === null) return null;
  if (slots < job.maxConcurrent && waiting === 0) return false;
  if (job.onLimit === "REJECT")
    refuse(
      `At most ${counted(job.maxConcurrent, "run")} of the job "${job.name}" may be under way, and there is no room for another; the oldest is ${first}.`,
    );
  return true;
}

function refuse(message: string): never {
  throw new AppError("JOB_ALREADY_RUNNING", message);
}

/** Lets in, oldest first, as many of a job's waiting runs as there is room for; those of a job that is deleted, all. */
export async function releaseWaiting(
  { database, broker }: { database: Database; broker: Broker },
  jobId: string | null,
): Promise<void> {
  const released = await database.transaction(async (em) => {
    const job = jobId === null ? null : await em.findOne(Job, { id: jobId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const rows = statementsOf(em);
    let room = Infinity;
    if (job && job.maxConcurrent !== null) room = job.maxConcurrent - (await countOpen(rows, job.id)).slots;
    const runs: { id: string; celery_kwargs: unknown }[] = [];
    while (runs.length < room) {
      const { rows: next } = await sql<{ id: string }>`${underWay(jobId)} select id from under_way where waits is true
        order by date_created, id limit ${Math.min(room - runs.length, BATCH)}`.execute(rows);
      if (next.length === 0) break;
      for (const { id } of next) {
        const [freed] = await rows
          .updateTable("job_result")
          .set({ waits_for_slot: sql.lit(false) })
          .where("id", "=", id)
          // A cancel may come first.
          .where(WAITS_FOR_SLOT)
          .returning(["id", "celery_kwargs"])
          .execute();
        if (freed) runs.push(freed);
      }
    }
    return runs;
  });
  for (const { id, celery_kwargs } of released) await broker.enqueue({ id, queue: queueOf(database, celery_kwargs) });
}

/** {@link releaseWaiting} for every job of which a run waits. @param apart keeps the jobs apart. */
export async function releaseAllWaiting(deps: { database: Database; broker: Broker }, apart: Apart): Promise<void> {
  const jobs = await deps.database.rows
    .selectFrom("job_result")
    .select("job_model_id")
    .distinct()
    .where(WAITS_FOR_SLOT)
    .execute();
  const errors: unknown[] = [];
  for (const { job_model_id: id } of jobs) errors.push(await apart(String(id), () => releaseWaiting(deps, id)));
  throwPassing(errors);
}

/** Runs that are looked up at a time. */
const BATCH = 100;

/**
 * Returns a table `under_way` of a job's runs that have not ended; without a job, of those whose job is deleted. The statuses are looked up first, without the
 * planner's choice: few runs of all jobs are under way, and a job may have any number that have ended.
 */
function underWay(jobId: string | null): RawBuilder<unknown> {
  return sql`with open as materialized (
      select id, job_model_id, waits_for_slot as waits, date_created, date_canceled from job_result
      where status in (${sql.join(OPEN_STATUSES)}) and awaits_approval is not true
    ), under_way as (select * from open where ${jobId === null ? sql`job_model_id is null` : sql`job_model_id = ${jobId}`})`;
}

interface Open {
  /** Id of the oldest. */
  first: string | null;
  /** Runs that have a slot, or need none. */
  slots: number;
  waiting: number;
}

async function countOpen(rows: Kysely<Tables>, jobId: string): Promise<Open> {
  const { rows: found } = await sql<{ first: string | null; open: number | string; waiting: number | string }>`${underWay(jobId)}
    select (select id from under_way order by date_created, id limit 1) as first,
      count(*) as open, count(*) filter (where waits is true) as waiting from under_way`.execute(rows);
  const { first, open, waiting } = found[0]!;
  return { first, slots: Number(open) - Number(waiting), waiting: Number(waiting) };
}

/** Runs of a job, oldest first, that nobody has canceled yet, without the newest of so many. */
export async function findOldest(database: Database, jobId: string, without: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`${underWay(jobId)} select id from under_way where date_canceled is null
    order by date_created desc, id desc limit ${Number.MAX_SAFE_INTEGER} offset ${without}`.execute(database.rows);
  return rows.map(({ id }) => id).toReversed();
}

import { LockMode } from "@mikro-orm/core";
import type { SqlEntityManager } from "@mikro-orm/sql";
import { type Kysely, sql } from "kysely";
import { OPEN_STATUSES } from "../entities/choices.ts";
import type { Database, Tables } from "../entities/database.ts";
import { Job } from "../entities/index.ts";
import { AppError } from "../errors.ts";
import type { Broker } from "./broker.ts";

/*
 * A run of a job with `max_concurrent` has a slot from when it is let in until it has ended, attempts and the waits between them included.
 * `waits_for_slot` of its row is the only record: true while it waits, false while it has one, null where there is no limit. Whoever gives a
 * slot holds the job's row, so that no two do so at once.
 */

/** Statements of one transaction. */
export const statementsOf = (em: SqlEntityManager) => em.getKysely() as unknown as Kysely<Tables>;

/**
 * Looks for room for one more run of a job, within the transaction that will write it.
 * @returns `waits_for_slot` of the new run.
 * @throws {@link AppError} JOB_ALREADY_RUNNING that names a run which stands in the way.
 */
export async function findRoom(em: SqlEntityManager, job: Job, ignoreSingletonLock = false): Promise<boolean | null> {
  const { id } = job;
  const isSingleton = job.isSingleton && !ignoreSingletonLock;
  if (!isSingleton && job.maxConcurrent === null) return null;
  await em.findOne(Job, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  // What this transaction has launched before counts too.
  await em.flush();
  const { first, slots, waiting } = await countOpen(statementsOf(em), id);
  if (isSingleton && first) refuse(`Only one run of the job "${job.name}" may be under way, and the run ${first} is.`);
  if (job.maxConcurrent === null) return null;
  if (slots < job.maxConcurrent && waiting === 0) return false;
  if (job.onLimit === "REJECT")
    refuse(
      `At most ${job.maxConcurrent} runs of the job "${job.name}" may be under way, and so many are; the oldest is ${first}.`,
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
      const [next] = (await rows
        .selectFrom("job_result")
        .select("id")
        .where("status", "=", "PENDING")
        .where(sql<boolean>`waits_for_slot is true`)
        .where("job_model_id", job ? "=" : "is", job?.id ?? null)
        .orderBy("date_created")
        .orderBy("id")
        .limit(1)
        .execute()) as { id: string }[];
      if (!next) break;
      // Whoever cancels it meanwhile is faster.
      const letIn = await rows
        .updateTable("job_result")
        .set({ waits_for_slot: sql`false` })
        .where("id", "=", next.id)
        .where("status", "=", "PENDING")
        .where(sql<boolean>`waits_for_slot is true`)
        .returning(["id", "celery_kwargs"])
        .execute();
      runs.push(...(letIn as typeof runs));
    }
    return runs;
  });
  for (const { id, celery_kwargs } of released) {
    const { queue } = database.readJson(celery_kwargs) as { queue: string };
    await broker.enqueue({ id, queue });
  }
}

/** {@link releaseWaiting} for every job of which a run waits. */
export async function releaseAllWaiting(deps: { database: Database; broker: Broker }): Promise<void> {
  const jobs = (await deps.database.rows
    .selectFrom("job_result")
    .select("job_model_id")
    .distinct()
    .where("status", "=", "PENDING")
    .where(sql<boolean>`waits_for_slot is true`)
    .execute()) as { job_model_id: string | null }[];
  for (const job of jobs) await releaseWaiting(deps, job.job_model_id);
}

/**
 * A job's runs that are still to end. The statuses are looked up first, whatever the planner thinks: few runs of all jobs are under way, and a
 * job may have any number that have ended.
 */
async function countOpen(rows: Kysely<Tables>, jobId: string): Promise<{ first: string | null; slots: number; waiting: number }> {
  const { rows: found } = await sql<{ id: string; waits: boolean | number | null }>`
    with under_way as materialized (
      select id, job_model_id, waits_for_slot as waits, date_created from job_result where status in (${sql.join(OPEN_STATUSES)})
    )
    select id, waits from under_way where job_model_id = ${jobId} order by date_created, id`.execute(rows);
  const waiting = found.filter(({ waits }) => waits).length;
  return { first: found[0]?.id ?? null, slots: found.length - waiting, waiting };
}

import type { SqlEntityManager } from "@mikro-orm/sql";
import { sql } from "kysely";
import { statementsOf } from "../entities/database.ts";
import { type NewRun, storeRuns } from "./new-run.ts";

/** The run of a schedule that was recorded when it was asked for; undefined for none. */
export async function awaitingRun(em: SqlEntityManager, scheduledJobId: string): Promise<string | undefined> {
  const row = await statementsOf(em)
    .selectFrom("job_result")
    .select("id")
    .where("scheduled_job_id", "=", scheduledJobId)
    .where("status", "=", "PENDING")
    .where(sql<boolean>`awaits_approval is true`)
    .executeTakeFirst();
  return row?.id as string | undefined;
}

/** Stores a run of a schedule, in the place of the one that was recorded when it was asked for, if there is one. */
export async function storeAwaited(em: SqlEntityManager, scheduledJobId: string, run: NewRun): Promise<void> {
  const id = await awaitingRun(em, scheduledJobId);
  if (id === undefined) return storeRuns(em, [run]);
  const { id: _, date_created: __, _custom_field_data: ___, ...columns } = run.row;
  // The key is of who asked; another who has changed the request may have the same one.
  const key = sql`case when user_id = ${run.row.user_id} then idempotency_key end`;
  await statementsOf(em)
    .updateTable("job_result")
    .set({ ...columns, idempotency_key: key, awaits_approval: null })
    .where("id", "=", id)
    .execute();
  run.row.id = id;
}

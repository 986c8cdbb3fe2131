import { type RawBuilder, type Selectable, sql } from "kysely";
import type { Database } from "../../entities/database.ts";
import type { Tables } from "../../entities/tables.ts";

/** Condition of a run that a worker may claim: it is `PENDING`, and waits neither for a slot nor for an approval. */
export const MAY_BE_CLAIMED: RawBuilder<boolean> = sql`(status = 'PENDING' and waits_for_slot is not true and awaits_approval is not true)`;

/** Columns of a run that the claim returns. The result says why the attempt before failed. */
const CLAIMED = [
  "id",
  "name",
  "task_name",
  "user_id",
  "task_kwargs",
  "sensitive_kwargs",
  "celery_kwargs",
  "job_model_id",
  "waits_for_slot",
  "result",
] as const;

/** A run as the claim returns it. */
export type ClaimedRun = Pick<Selectable<Tables["job_result"]>, (typeof CLAIMED)[number]> & {
  attempt: number;
  /** Null when there is no such user any more. */
  username: string | null;
};

/** The worker that claims a run. */
export interface Claimer {
  /** Id of the worker's row. */
  workerId: string;
  /** Name of the worker, for people. */
  name: string;
  now: Date;
}

/**
 * Claims a run: of two workers, one finds it no longer `PENDING`. A run that is the worker's already was claimed by a statement whose answer was lost: no
 * two deliveries of a run are handled at once.
 * @returns undefined for a run that the worker may not have.
 */
export async function claim(
  { rows }: Pick<Database, "rows">,
  id: string,
  { workerId, name, now }: Claimer,
): Promise<ClaimedRun | undefined> {
  return rows
    .updateTable("job_result")
    .set({
      status: "STARTED",
      date_started: sql<string>`coalesce(date_started, ${now.toISOString()})`,
      // No number of the column follows its greatest.
      attempt: sql<number>`case when status = 'PENDING' and attempt is distinct from 2147483647
        then coalesce(attempt, 0) + 1 else attempt end`,
      worker: name,
      worker_id: workerId,
    })
    .where("id", "=", id)
    .where(sql<boolean>`(${MAY_BE_CLAIMED} or status = 'STARTED' and worker_id = ${workerId})`)
    .returning((eb) => [
      ...CLAIMED,
      eb.ref("attempt").$notNull().as("attempt"),
      sql<string | null>`(select username from ${sql.table("user")} where ${sql.ref("user.id")} = job_result.user_id)`.as(
        "username",
      ),
    ])
    .executeTakeFirst();
}

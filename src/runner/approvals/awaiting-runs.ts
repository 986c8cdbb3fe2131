import type { SqlEntityManager } from "@mikro-orm/sql";
import { sql } from "kysely";
import { statementsOf } from "../../entities/database.ts";
import { type NewRun, storeRuns } from "../runs/new-run.ts";
import type { Vault } from "../secrets/vault.ts";

/** The run of a schedule that was recorded when it was asked for. */
export interface AwaitingRun {
  id: string;
  /** Its sensitive inputs, sealed for it; null for none. */
  sensitiveKwargs: string | null;
}

/** The run of a schedule that was recorded when it was asked for; undefined for none. */
export async function awaitingRun(em: SqlEntityManager, scheduledJobId: string): Promise<AwaitingRun | undefined> {
  const row = await statementsOf(em)
    .selectFrom("job_result")
    .select(["id", "sensitive_kwargs"])
    .where("scheduled_job_id", "=", scheduledJobId)
    .where("status", "=", "PENDING")
    .where(sql<boolean>`awaits_approval is true`)
    .executeTakeFirst();
  return row && { id: row.id, sensitiveKwargs: row.sensitive_kwargs };
}

/** The inputs of a run that nobody may read. @throws {@link SensitiveInputsLost} */
export function openAwaited(vault: Vault, run: AwaitingRun | undefined): Record<string, unknown> {
  return run && run.sensitiveKwargs !== null ? (vault.open(run.sensitiveKwargs, run.id) as Record<string, unknown>) : {};
}

/** Stores a run of a schedule; one that was recorded when it was asked for takes its place, and has its id. */
export async function storeAwaited(em: SqlEntityManager, awaited: AwaitingRun | undefined, run: NewRun): Promise<void> {
  if (!awaited) return storeRuns(em, [run]);
  const { id: _, date_created: __, _custom_field_data: ___, ...columns } = run.row;
  // The key belongs to the requester. Another user who has changed the request may have used the same key.
  const key = sql<string | null>`case when user_id = ${run.row.user_id} then idempotency_key end`;
  await statementsOf(em)
    .updateTable("job_result")
    .set({ sensitive_kwargs: null, ...columns, idempotency_key: key, awaits_approval: null })
    .where("id", "=", awaited.id)
    .execute();
  run.row.id = awaited.id;
}

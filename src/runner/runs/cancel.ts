import type { SqlEntityManager } from "@mikro-orm/sql";
import { sql } from "kysely";
import { lacks, mayOn, type Rights } from "../../access/rights.ts";
import { NOBODY } from "../../entities/new-id.ts";
import { FINAL_STATUSES, type JobResultStatus } from "../../entities/choices.ts";
import { type Database, statementsOf } from "../../entities/database.ts";
import { JobResult } from "../../entities/index.ts";
import { newId } from "../../entities/new-id.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { lastSequence } from "../../entities/sequences.ts";
import { AppError } from "../../errors.ts";
import type { Broker } from "../messaging/broker.ts";
import type { Clock } from "../messaging/clock.ts";
import { failureColumns } from "./failure-columns.ts";
import { ownLine } from "../sandbox/own-line.ts";
import { releaseWaiting } from "./slots.ts";

/*
 * A cancel is a fact of the run's row: `date_canceled`. A run without a worker is REVOKED in the same moment. A run with one stays STARTED until the worker,
 * after a notification, has ended it. It is settled as REVOKED, with any outcome: see `settle.ts`.
 */

/** A request to cancel a run. */
export interface CancelRequest {
  id: string;
  /** Empty for none. */
  reason: string;
  by: Canceler;
}

/** The user who cancels a run. */
export interface Canceler {
  /** Null for the server itself. */
  userId: string | null;
  username: string;
  rights: Rights;
}

/** Dependencies of a cancel. */
export interface CancelDeps {
  database: Database;
  broker: Broker;
  clock: Clock;
}

/** Columns of a run's row that name the user who canceled it, and the reason. */
export interface CanceledRow {
  canceled_by_user_name: string;
  cancel_reason: string | null;
}

/** Returns `Canceled by ada: wrong site`, for the job and the log. */
export function describeCancel({ canceled_by_user_name: name, cancel_reason: reason }: CanceledRow): string {
  const by = name === "" ? "Canceled" : `Canceled by ${name}`;
  return reason ? `${by}: ${reason}` : `${by}.`;
}

/** Columns of a run that ended because it was canceled. */
export function revoked(row: CanceledRow, now: string) {
  return {
    status: "REVOKED" as const,
    date_done: now,
    date_next_attempt: null,
    awaits_approval: null,
    sensitive_kwargs: null,
    ...failureColumns({ excType: "JobCanceled", excMessage: describeCancel(row), traceback: null }),
  };
}

/**
 * Cancels a run; one that is canceled already stays as it is.
 * @throws {@link AppError} NOT_FOUND, FORBIDDEN; NOT_CANCELABLE for a run that has ended by itself.
 */
export async function cancel(deps: CancelDeps, given: CancelRequest): Promise<void> {
  const { database } = deps;
  const request = { ...given, id: uuidOf(given.id) ?? NOBODY };
  while (await mayOn(database, given.by.rights, "view", JobResult, request.id)) {
    const row = await database.rows
      .selectFrom("job_result")
      .select(["status", "date_canceled", "awaits_approval", "scheduled_job_id"])
      .where("id", "=", request.id)
      .executeTakeFirst();
    if (!row) break;
    if (!(await mayOn(database, given.by.rights, "cancel", JobResult, request.id))) throw lacks("cancel", JobResult);
    if (row.status === "REVOKED" || row.date_canceled !== null) return;
    if (FINAL_STATUSES.includes(row.status))
      throw new AppError("NOT_CANCELABLE", `The run ${request.id} has ended already: its status is ${row.status}.`);
    if (row.awaits_approval) await mustNotBeAsked(deps, row);
    // Between the two statements it may have been started, or have ended: then it is looked at again.
    if (row.status === "STARTED" ? await askWorker(deps, request) : await revoke(deps, request)) return;
  }
  throw new AppError("NOT_FOUND", `There is no run with id "${given.id}".`);
}

interface CancelableRow {
  status: JobResultStatus;
  date_canceled: unknown;
  awaits_approval: unknown;
  scheduled_job_id: string | null;
}

/** A request is withdrawn with its schedule, by users who may do so. @throws {@link AppError} NOT_CANCELABLE for its run. */
async function mustNotBeAsked({ database }: CancelDeps, { scheduled_job_id: id }: CancelableRow): Promise<void> {
  const waiting = await database.rows
    .selectFrom("scheduled_job")
    .select("id")
    .where("id", "=", id)
    .where("state", "=", "PENDING")
    .executeTakeFirst();
  if (!waiting) return;
  const message = `The run waits for the approval of the schedule ${id}: withdraw that with cancel_scheduled_job.`;
  throw new AppError("NOT_CANCELABLE", message);
}

const intent = ({ by, reason }: CancelRequest, now: string) => ({
  date_canceled: now,
  canceled_by_id: by.userId,
  canceled_by_user_name: by.username,
  cancel_reason: reason === "" ? null : reason,
});

const nowOf = (clock: Clock) => new Date(clock.now()).toISOString();

/** Notes in the row of a run that a worker has that it is to end. */
async function askWorker({ database, broker, clock }: CancelDeps, request: CancelRequest): Promise<boolean> {
  const asked = await database.rows
    .updateTable("job_result")
    .set(intent(request, nowOf(clock)))
    .where("id", "=", request.id)
    .where("status", "=", "STARTED")
    .where("date_canceled", "is", null)
    .returning("id")
    .executeTakeFirst();
  if (!asked) return false;
  broker.notify("cancels");
  broker.notify(`result:${request.id}`);
  return true;
}

/** Ends a run that no worker has. */
async function revoke(deps: CancelDeps, request: CancelRequest): Promise<boolean> {
  const ended = await deps.database.transaction((em) => revokeWithin(em, deps.clock, request));
  if (!ended) return false;
  tellRevoked(deps, request.id);
  // It had a slot, and somebody may wait for it.
  if (ended.waits_for_slot !== null && !ended.waits_for_slot) await releaseWaiting(deps, ended.job_model_id);
  return true;
}

/** Notifies of a revoked run, once the transaction is committed. */
export function tellRevoked({ broker }: Pick<CancelDeps, "broker">, id: string): void {
  broker.notify(`result:${id}`);
  broker.notify(`lines:${id}`);
}

/**
 * Ends a run that no worker has, with its last line, within a transaction: a claim that comes later finds it no longer PENDING.
 * @returns undefined when a worker has it, or when it has ended.
 */
export async function revokeWithin(
  em: SqlEntityManager,
  clock: Clock,
  request: CancelRequest,
): Promise<{ job_model_id: string | null; waits_for_slot: unknown } | undefined> {
  const nowMs = clock.now();
  const now = new Date(nowMs).toISOString();
  const columns = intent(request, now);
  const rows = statementsOf(em);
  const row = await rows
    .updateTable("job_result")
    .set({
      ...columns,
      ...revoked(columns, now),
      cancel_type: "ABANDONED",
      warning_log_count: sql<number>`coalesce(warning_log_count, 0) + 1`,
    })
    .where("id", "=", request.id)
    .where("status", "in", ["PENDING", "RECEIVED", "RETRY"])
    .returning(["job_model_id", "waits_for_slot"])
    .executeTakeFirst();
  if (!row) return undefined;
  const sequence = (await lastSequence(rows, "job_log_entry", request.id)) + 1;
  const line = ownLine("WARNING", describeCancel(columns), nowMs);
  await rows
    .insertInto("job_log_entry")
    .values({ ...line, id: newId(), job_result_id: request.id, sequence })
    .execute();
  return row;
}

import { sql } from "kysely";
import type { JobResultCancelType } from "../entities/choices.ts";
import type { Database } from "../entities/database.ts";
import type { Broker } from "./broker.ts";
import { type CanceledRow, describeCancel, revoked } from "./cancel.ts";
import type { Clock } from "./clock.ts";
import { nextAttemptAt, retriesLeft, type RetryKwargs } from "./retry.ts";
import type { Outcome, SaidLine } from "./sandbox.ts";

/** An attempt of a run that has ended. */
export interface EndedAttempt {
  id: string;
  /** Whose outcome it is: a late one of an earlier attempt is not taken. Null for a run from before attempts were counted. */
  attempt: number | null;
  options: RetryKwargs;
  /** Stores lines after those of the attempt. */
  append(lines: readonly SaidLine[]): Promise<void>;
}

/** What {@link settle} needs. */
export interface SettleDeps {
  database: Database;
  broker: Broker;
  clock: Clock;
}

/**
 * Writes what came of an attempt, once its last line is stored: the run has ended, or it waits for its next attempt. A run that somebody wanted
 * to end before is REVOKED, whatever its job made of it. One statement decides which of the two was first.
 * @param cancelType how the run came to its end if it was canceled.
 * @returns the status that was written; undefined when the run is no longer this attempt's.
 */
export async function settle(
  { database, broker, clock }: SettleDeps,
  run: EndedAttempt,
  outcome: Outcome,
  cancelType: JobResultCancelType,
): Promise<string | undefined> {
  const write = async (columns: { status: string } & Record<string, unknown>, isCanceled: boolean) => {
    const written = await database.rows
      .updateTable("job_result")
      .set(columns)
      .where("id", "=", run.id)
      .where("status", "=", "STARTED")
      .where("attempt", run.attempt === null ? "is" : "=", run.attempt)
      .where("date_canceled", isCanceled ? "is not" : "is", null)
      .returning("id")
      .executeTakeFirst();
    if (!written) return undefined;
    broker.notify(`result:${run.id}`);
    broker.notify(`lines:${run.id}`);
    return columns.status;
  };
  const status = await write(columnsOf(run, outcome, clock.now()), false);
  if (status) return status;
  const canceled = (await database.rows
    .selectFrom("job_result")
    .select(["canceled_by_user_name", "cancel_reason"])
    .where("id", "=", run.id)
    .where("status", "=", "STARTED")
    .where(sql<boolean>`date_canceled is not null`)
    .executeTakeFirst()) as CanceledRow | undefined;
  if (!canceled) return undefined;
  await run.append([ownLine("WARNING", describeCancel(canceled), clock)]);
  return write({ ...revoked(canceled, new Date(clock.now()).toISOString()), cancel_type: cancelType }, true);
}

/** A line that the server says in the log of a run. */
export function ownLine(level: SaidLine["level"], message: string, clock: Clock): SaidLine {
  return { level, grouping: "main", message, created: clock.now(), object: "", url: "" };
}

function columnsOf({ attempt, options }: EndedAttempt, outcome: Outcome, now: number) {
  const date_done = new Date(now).toISOString();
  const ended = { date_done, sensitive_kwargs: null };
  if (outcome.kind === "success") return { ...ended, status: "SUCCESS", result: JSON.stringify(outcome.result), traceback: null };
  const { excType, excMessage, traceback } = outcome;
  const why = { result: JSON.stringify({ exc_type: excType, exc_message: excMessage }), traceback };
  return retriesLeft(options, attempt)
    ? { ...why, status: "RETRY", date_next_attempt: new Date(nextAttemptAt(options, attempt, now)).toISOString() }
    : { ...why, ...ended, status: "FAILURE" };
}

import { sql, type Updateable } from "kysely";
import type { JobResultCancelType, JobResultStatus } from "../../entities/choices.ts";
import type { Database, Hold } from "../../entities/database.ts";
import type { Tables } from "../../entities/tables.ts";
import { cutText } from "../../cut-text.ts";
import type { Broker } from "../messaging/broker.ts";
import { describeCancel, revoked } from "./cancel.ts";
import type { Clock } from "../messaging/clock.ts";
import { failed } from "../sandbox/failure.ts";
import { failureColumns } from "./failure-columns.ts";
import type { Recorder } from "../outputs/recorder.ts";
import type { Append } from "../outputs/row-writer.ts";
import { nextAttemptAt, retriesLeft, type RetryKwargs } from "./retry.ts";
import { ownLine } from "../sandbox/own-line.ts";
import type { Outcome, SaidLine } from "../sandbox/sandbox.ts";

/** An attempt of a run that has ended. */
export interface EndedAttempt {
  /** The claim that the outcome belongs to. A late outcome of an earlier attempt, or of a worker that lost the run, is rejected. */
  hold: Hold;
  options: RetryKwargs;
  /** Stores lines after those of the attempt. */
  append: Append<SaidLine>;
}

/** Dependencies of {@link settle}. */
export interface SettleDeps {
  database: Database;
  broker: Broker;
  clock: Clock;
  recorder: Recorder;
}

/**
 * Writes the outcome of an attempt, once its last line is stored: the run has ended, or it waits for its next attempt. A run that was canceled before is
 * REVOKED, with any outcome. One statement decides which of the two was first. While the database is away it is tried again; an outcome that no database can
 * store fails the run.
 * @param cancelType the way in which the run ended, if it was canceled.
 * @returns the status that was written; undefined when the run was no longer held, or was settled by a statement whose answer was lost.
 */
export async function settle(
  deps: SettleDeps,
  run: EndedAttempt,
  outcome: Outcome,
  cancelType: JobResultCancelType,
): Promise<JobResultStatus | undefined> {
  try {
    return await settleOnce(deps, run, outcome, cancelType);
  } catch (error) {
    return settleOnce(deps, run, unstorable(error as Error), cancelType);
  }
}

function unstorable({ name, message }: Error): Outcome {
  const reason = `What came of the run could not be recorded: ${name}: ${message}`;
  return failed("OutcomeNotRecorded", cutText(reason.toWellFormed(), MAX_REASON));
}

/** Characters of the reason why an outcome could not be recorded. */
const MAX_REASON = 1000;

/** Columns of a run whose attempt has ended. */
type Settled = Updateable<Tables["job_result"]> & { status: JobResultStatus };

async function settleOnce(
  { database, broker, clock, recorder }: SettleDeps,
  run: EndedAttempt,
  outcome: Outcome,
  cancelType: JobResultCancelType,
): Promise<JobResultStatus | undefined> {
  const { job_result_id: id, worker_id, attempt } = run.hold;
  const write = async (columns: Settled, isCanceled: boolean) => {
    const statement = database.rows
      .updateTable("job_result")
      .set(columns)
      .where("id", "=", id)
      .where("status", "=", "STARTED")
      .where("worker_id", "=", worker_id)
      .where("attempt", attempt === null ? "is" : "=", attempt)
      .where("date_canceled", isCanceled ? "is not" : "is", null)
      .returning("id");
    if (!(await recorder.record(() => statement.executeTakeFirst()))) return undefined;
    broker.notify(`result:${id}`);
    broker.notify(`lines:${id}`);
    return columns.status;
  };
  const status = await write(columnsOf(run, outcome, clock.now()), false);
  if (status) return status;
  const question = database.rows
    .selectFrom("job_result")
    .select(["canceled_by_user_name", "cancel_reason"])
    .where("id", "=", id)
    .where("status", "=", "STARTED")
    .where("worker_id", "=", worker_id)
    .where(sql<boolean>`date_canceled is not null`);
  const canceled = await recorder.record(() => question.executeTakeFirst());
  if (!canceled) return undefined;
  await run.append([ownLine("WARNING", describeCancel(canceled), clock.now())]);
  return write({ ...revoked(canceled, new Date(clock.now()).toISOString()), cancel_type: cancelType }, true);
}

function columnsOf({ hold: { attempt }, options }: EndedAttempt, outcome: Outcome, now: number): Settled {
  const date_done = new Date(now).toISOString();
  const ended = { date_done, sensitive_kwargs: null };
  if (outcome.kind === "success") return { ...ended, status: "SUCCESS", result: JSON.stringify(outcome.result), traceback: null };
  const why = failureColumns(outcome);
  return retriesLeft(options, attempt)
    ? { ...why, status: "RETRY", date_next_attempt: new Date(nextAttemptAt(options, attempt, now)).toISOString() }
    : { ...why, ...ended, status: "FAILURE" };
}

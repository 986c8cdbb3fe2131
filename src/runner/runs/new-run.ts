import type { SqlEntityManager } from "@mikro-orm/sql";
import { type Insertable, sql } from "kysely";
import type { JobResultStatus } from "../../entities/choices.ts";
import { statementsOf } from "../../entities/database.ts";
import { COUNT_COLUMNS } from "../../entities/log-counts.ts";
import { newId } from "../../entities/new-id.ts";
import type { Tables } from "../../entities/tables.ts";
import { AppError } from "../../errors.ts";
import type { Clock } from "../messaging/clock.ts";
import type { Receiver } from "../../sdk/define-job.ts";
import { failed } from "../sandbox/failure.ts";
import { failureColumns } from "./failure-columns.ts";
import { classPathOf, type LaunchedJob } from "../catalog/find-job.ts";
import { retryKwargs } from "./retry.ts";
import type { TimeLimits } from "../sandbox/sandbox.ts";
import { sealInputs } from "../secrets/sensitive-inputs.ts";
import { findRoom } from "./slots.ts";
import { timeLimitKwargs } from "./time-limits.ts";
import type { Vault } from "../secrets/vault.ts";

/** The wishes of a request for a run. */
export interface RunWishes {
  data: Record<string, unknown>;
  /** The job's own default when absent. */
  dryRun?: boolean | undefined;
  /** True to keep printed texts; the job's default when absent. */
  consoleLog?: boolean | undefined;
  /** True to run a singleton although another run is under way. */
  ignoreSingletonLock?: boolean | undefined;
  /** Id of the run that this one repeats. */
  rerunOf?: string | undefined;
  /** Id of the schedule that asks. */
  scheduledJobId?: string | undefined;
  /** The time of it that the run is for; absent for one by hand. */
  scheduledFor?: Date | undefined;
  userId: string | null;
  /** Approval of the run, for a job that needs one. */
  approval?: Approval | undefined;
  /** Trigger of the run, if not a user. Only a receiver of this kind runs for it. */
  via?: Receiver | undefined;
}

/** A run that is to be made. */
export interface Launch extends RunWishes {
  job: LaunchedJob;
  /** Name of the queue that the run waits in. */
  queue: string;
}

/** An approval of a run, for one version of its job's source. */
export interface Approval {
  sourceVersion: string;
  /** Approvals in their order; each stage has at least one. */
  given: readonly { userName: string; date: Date; comment: string; stage: string | null }[];
}

/** Returns whether a run is a dry run. */
export function isDry(job: LaunchedJob, dryRun: boolean | undefined): boolean {
  return dryRun ?? (job.supportsDryrun && job.dryrunDefault);
}

/** Columns of a run that is to be stored. */
export type RunColumns = Insertable<Tables["job_result"]>;

/** A run that is not stored yet. */
export interface NewRun {
  queue: string;
  /** True when the run waits for a slot. */
  waits: boolean;
  /** Its row. A run whose status is final is only recorded. */
  row: RunColumns & { id: string; status: JobResultStatus; job_model_id: string | null; user_id: string | null };
}

/** Columns that every new run has the same in. */
const INITIAL = {
  _custom_field_data: "{}",
  status: "PENDING",
  task_args: "[]",
  canceled_by_user_name: "",
  ...Object.fromEntries(COUNT_COLUMNS.map((name) => [name, 0])),
} as const satisfies RunColumns;

/**
 * Makes a run: PENDING, unless `columns` say otherwise. Of a job with limits, within the transaction that stores it.
 * @throws {@link AppError} JOB_ALREADY_RUNNING when the job's runs under way leave no room.
 */
export async function newRun(
  { clock, timeLimits, vault }: { clock: Clock; timeLimits: TimeLimits; vault: Vault },
  em: SqlEntityManager,
  launch: Launch,
  columns: RunColumns = {},
): Promise<NewRun> {
  const { job, queue } = launch;
  const waits = columns.status === undefined ? await findRoom(em, job, launch.ignoreSingletonLock) : null;
  const { id = newId(), ...rest } = columns;
  // The inputs of a receiver come from the server, and are no secret.
  const { taskKwargs, sensitiveKwargs, options } = launch.via
    ? { taskKwargs: launch.data, sensitiveKwargs: null, options: {} }
    : sealInputs(vault, job, id, launch.data);
  const row = {
    ...INITIAL,
    id,
    job_model_id: job.id,
    name: job.name,
    task_name: classPathOf(job),
    user_id: launch.userId,
    date_created: new Date(clock.now()).toISOString(),
    task_kwargs: JSON.stringify(taskKwargs),
    sensitive_kwargs: sensitiveKwargs,
    celery_kwargs: JSON.stringify({
      queue,
      dryrun: isDry(job, launch.dryRun),
      console_log: launch.consoleLog ?? job.consoleLogDefault,
      ...timeLimitKwargs(job, timeLimits),
      ...retryKwargs(job),
      ...options,
      ...(launch.approval && { source_version: launch.approval.sourceVersion }),
    }),
    waits_for_slot: waits === null ? null : sql.lit(waits),
    rerun_of_id: launch.rerunOf ?? null,
    ...scheduleColumns(launch),
    ...approvalColumns(launch),
    ...rest,
  };
  return { queue, waits: waits ?? false, row };
}

/** Returns the columns of a run that name its schedule and its tick. */
export function scheduleColumns({ scheduledJobId, scheduledFor }: RunWishes) {
  return { scheduled_job_id: scheduledJobId ?? null, scheduled_for: scheduledFor?.toISOString() ?? null };
}

/** Columns with the approvals of a run, which its `meta` keeps for the API. */
function approvalColumns({ approval }: RunWishes) {
  if (!approval) return {};
  const approvals = approval.given.map(({ userName: user_name, date, comment, stage }) => ({
    user_name,
    date: date.toISOString(),
    comment,
    ...(stage !== null && { stage }),
  }));
  return { meta: JSON.stringify({ approvals }) };
}

/** Returns the columns of a run that is only recorded: the reason why the gate rejected it. */
export function refused({ code, message }: AppError, clock: Clock) {
  return {
    status: "FAILURE" as const,
    date_done: new Date(clock.now()).toISOString(),
    ...failureColumns(failed(code, message)),
  };
}

/** Returns the gate's rejection, which is recorded with the run, so that nobody searches for it in vain. @throws anything else. */
export function asRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

/** Returns a run that is only recorded, of a job that may be deleted. `columns` name the job and the inputs. */
export function refusedRun(
  clock: Clock,
  refusal: AppError,
  columns: RunColumns & { job_model_id: string | null; user_id: string | null },
): NewRun {
  const row = {
    ...INITIAL,
    id: newId(),
    date_created: new Date(clock.now()).toISOString(),
    ...columns,
    ...refused(refusal, clock),
  };
  return { queue: "", waits: false, row };
}

/** Stores runs, in one statement. */
export async function storeRuns(em: SqlEntityManager, runs: readonly NewRun[]): Promise<void> {
  if (runs.length === 0) return;
  await statementsOf(em)
    .insertInto("job_result")
    .values(runs.map(({ row }) => row))
    .execute();
}

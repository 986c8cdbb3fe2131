import type { SqlEntityManager } from "@mikro-orm/sql";
import { LockMode } from "@mikro-orm/core";
import type { Database } from "../entities/database.ts";
import { Job, JobResult, User } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import { DEFAULT_QUEUE } from "../entities/job-queue.ts";
import { AppError, type ErrorDetail } from "../errors.ts";
import type { Broker } from "./broker.ts";
import type { Catalog } from "./catalog.ts";
import type { Receiver } from "./define-job.ts";
import { describeReference, jobCondition, type JobReference } from "./job-reference.ts";
import { resolveObjects } from "./object-variables.ts";
import type { Sandbox, TimeLimits } from "./sandbox.ts";
import { timeLimitKwargs } from "./time-limits.ts";

/** A request to run a job. */
export interface RunRequest {
  job: JobReference;
  data: Record<string, unknown>;
  /** The job's own default when absent. */
  dryRun?: boolean | undefined;
  /** Whether the run keeps its console output; the job's own default when absent. */
  consoleLog?: boolean | undefined;
  userId: string | null;
  /** What asks, if not a person: only a receiver of its kind is run for it. */
  via?: Receiver | undefined;
}

/** What {@link enqueue} needs. */
export interface EnqueueDeps {
  database: Database;
  broker: Broker;
  catalog: Catalog;
  sandbox: Sandbox;
  /** Of jobs that name none. */
  timeLimits: TimeLimits;
}

/**
 * The one gate that every launch passes: checks the request, writes a PENDING run, and sends it off. The row is the promise: a delivery
 * that is lost is made again from it.
 * @returns the id of the JobResult.
 * @throws {@link AppError} NOT_FOUND, JOB_NOT_INSTALLED, JOB_NOT_ENABLED, JOB_ALREADY_RUNNING, FORBIDDEN or BAD_USER_INPUT.
 */
export async function enqueue(deps: EnqueueDeps, request: RunRequest): Promise<string> {
  const job = await admit(deps, request);
  const { data, details } = await resolveObjects(deps.database, job.variablesSchema, request.data);
  refuseInputs(job, details);
  const run = await deps.database.transaction((em) => record(em, job, { ...request, data }, deps.timeLimits));
  await send(deps.broker, run);
  return run.id;
}

/** The job that a request is for, if it may be run with these inputs. @throws as {@link enqueue}. */
export async function admit({ database, catalog, sandbox }: EnqueueDeps, request: RunRequest): Promise<Job> {
  const em = database.fork();
  const job = await em.findOne(Job, jobCondition(request.job), { populate: ["defaultJobQueue"] });
  if (!job) throw new AppError("NOT_FOUND", `There is no job with ${describeReference(request.job)}.`);
  const classPath = classPathOf(job);
  const source = catalog.source(classPath);
  if (!job.installed || !source)
    throw new AppError("JOB_NOT_INSTALLED", `The source of the job "${job.name}" (${classPath}) is not installed.`);
  if (!job.enabled) throw new AppError("JOB_NOT_ENABLED", `The job "${job.name}" is not enabled.`);
  if (job.approvalRequired) throw new AppError("FORBIDDEN", `A run of the job "${job.name}" needs an approval first.`);
  if (source.receiver !== request.via) {
    const kind = source.receiver ? `is run by job ${source.receiver}s only` : `is no job ${request.via} receiver`;
    throw new AppError("BAD_USER_INPUT", `The job "${job.name}" ${kind}.`);
  }
  if (request.dryRun && !job.supportsDryrun) {
    throw new AppError("BAD_USER_INPUT", `The job "${job.name}" does not support dry runs.`, [
      { field: "dryrun", message: "This job does not support dry runs." },
    ]);
  }
  // What sets off a receiver is the server's own, and nothing that the job could refuse.
  if (request.via) return job;
  const wrong = await sandbox.validate(source, request.data).catch((error: Error) => {
    throw new AppError("JOB_NOT_INSTALLED", `The code of the job "${job.name}" does not load: ${error.message}`);
  });
  refuseInputs(job, wrong);
  return job;
}

/** @throws {@link AppError} BAD_USER_INPUT if anything is wrong with the inputs. */
function refuseInputs(job: Job, wrong: readonly ErrorDetail[]): void {
  if (wrong.length === 0) return;
  const details = wrong.map(({ field, message }) => ({ field: field === "" ? "data" : `data.${field}`, message }));
  const sentence = details.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new AppError("BAD_USER_INPUT", `The inputs of the job "${job.name}" are not valid. ${sentence}`, details);
}

/**
 * Writes a PENDING run of a job that was admitted, within a transaction.
 * @throws {@link AppError} JOB_ALREADY_RUNNING for a singleton of which a run is under way.
 */
export async function record(
  em: SqlEntityManager,
  job: Job,
  request: RunRequest,
  timeLimits: TimeLimits,
  values: Partial<JobResult> = {},
): Promise<JobResult> {
  if (job.isSingleton && values.status === undefined) await refuseSecond(em, job);
  const run = em.create(
    JobResult,
    {
      id: newId(),
      jobModel: em.getReference(Job, job.id),
      name: job.name,
      taskName: classPathOf(job),
      user: request.userId === null ? null : em.getReference(User, request.userId),
      taskKwargs: request.data,
      celeryKwargs: {
        queue: job.defaultJobQueue?.name ?? DEFAULT_QUEUE,
        dryrun: request.dryRun ?? (job.supportsDryrun && job.dryrunDefault),
        console_log: request.consoleLog ?? job.consoleLogDefault,
        ...timeLimitKwargs(job, timeLimits),
      },
      ...values,
    },
    { partial: true },
  );
  return run;
}

/** Sends a run to the workers of its queue, once its row is there for them to find. */
export async function send(broker: Broker, run: JobResult): Promise<void> {
  await broker.enqueue({ id: run.id, queue: run.celeryKwargs!["queue"] as string });
}

/** Holds the job's row, so that of two launches at once the later one sees the run of the earlier. */
async function refuseSecond(em: SqlEntityManager, job: Job): Promise<void> {
  await em.findOne(Job, { id: job.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  const first = await em.findOne(JobResult, { jobModel: job.id, status: ["PENDING", "RECEIVED", "STARTED", "RETRY"] });
  if (first)
    throw new AppError(
      "JOB_ALREADY_RUNNING",
      `Only one run of the job "${job.name}" may be under way, and the run ${first.id} is.`,
    );
}

function classPathOf({ moduleName, jobClassName }: Job): string {
  return `${moduleName}.${jobClassName}`;
}

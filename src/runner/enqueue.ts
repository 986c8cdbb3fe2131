import type { SqlEntityManager } from "@mikro-orm/sql";
import { UniqueConstraintViolationException } from "@mikro-orm/core";
import { Job, JobResult, User } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import { DEFAULT_QUEUE } from "../entities/job-queue.ts";
import { AppError, type ErrorDetail } from "../errors.ts";
import { cancel, type CancelDeps } from "./cancel.ts";
import type { Catalog } from "./catalog.ts";
import type { Receiver } from "./define-job.ts";
import { canonical, checkKey, findKeyed, freeKey, type KeyedRequest } from "./idempotency.ts";
import { describeReference, jobCondition, type JobReference } from "./job-reference.ts";
import { resolveObjects } from "./object-variables.ts";
import { retryKwargs } from "./retry.ts";
import type { Sandbox, TimeLimits } from "./sandbox.ts";
import { sealInputs, secretsOf, withoutSecrets } from "./sensitive-inputs.ts";
import { findOldest, findRoom } from "./slots.ts";
import { timeLimitKwargs } from "./time-limits.ts";
import type { Vault } from "./vault.ts";

/** A request to run a job. */
export interface RunRequest {
  job: JobReference;
  data: Record<string, unknown>;
  /** The job's own default when absent. */
  dryRun?: boolean | undefined;
  /** Whether the run keeps its console output; the job's own default when absent. */
  consoleLog?: boolean | undefined;
  /** One of the job's queues, by name or id; its default when absent. */
  jobQueue?: string | undefined;
  /** Whether a singleton is run although a run of it is under way. */
  ignoreSingletonLock?: boolean | undefined;
  /** The same request of the same user under the same key is the same run. */
  idempotencyKey?: string | undefined;
  /** Id of the run that this one repeats. */
  rerunOf?: string | undefined;
  userId: string | null;
  /** What asks, if not a person: only a receiver of its kind is run for it. */
  via?: Receiver | undefined;
}

/** What {@link enqueue} needs. */
export interface EnqueueDeps extends CancelDeps {
  catalog: Catalog;
  sandbox: Sandbox;
  /** Of jobs that name none. */
  timeLimits: TimeLimits;
  /** How long an idempotency key stands for its run. */
  idempotencyTtlMs: number;
  vault: Vault;
}

/** A job that was admitted, with the name of the queue that its run waits in. */
export interface Admitted {
  job: Job;
  queue: string;
}

/**
 * The one gate that every launch passes: checks the request, writes a PENDING run, and sends it off. The row is the promise: a delivery
 * that is lost is made again from it.
 * @returns the id of the JobResult.
 * @throws {@link AppError} NOT_FOUND, JOB_NOT_INSTALLED, JOB_NOT_ENABLED, JOB_ALREADY_RUNNING, FORBIDDEN, BAD_USER_INPUT, or CONFLICT for an
 * idempotency key that stands for something else.
 */
export async function enqueue(deps: EnqueueDeps, request: RunRequest): Promise<string> {
  const keyed = await keyedRequest(deps, request);
  const known = keyed && (await findKeyed(deps.database, keyed));
  if (known !== undefined) return known;
  try {
    const admitted = await admit(deps, request);
    const { data, details } = await resolveObjects(deps.database, admitted.job.variablesSchema, request.data);
    refuseInputs(admitted.job, details, request.data);
    const run = await deps.database.transaction(async (em) => {
      if (keyed) await freeKey(em, keyed);
      const key = keyed && { idempotencyKey: keyed.key, idempotencyHash: keyed.hash };
      return record(deps, em, admitted, { ...request, data }, key);
    });
    await send(deps, run);
    return run.id;
  } catch (error) {
    // The same request, a moment earlier, may be what stands in the way.
    const isTaken = error instanceof UniqueConstraintViolationException || error instanceof AppError;
    const first = keyed && isTaken ? await findKeyed(deps.database, keyed) : undefined;
    if (first === undefined) throw error;
    return first;
  }
}

/** What is asked for under a key; undefined for a request without one. */
async function keyedRequest(
  { database, clock, idempotencyTtlMs, vault }: EnqueueDeps,
  request: RunRequest,
): Promise<KeyedRequest | undefined> {
  const { idempotencyKey: key, userId, job, data, dryRun, consoleLog, jobQueue, ignoreSingletonLock = false } = request;
  if (key === undefined || userId === null) return undefined;
  checkKey(key);
  const { id } = await findJob(database.fork(), job);
  const hash = vault.digest(canonical({ job: id, data, dryRun, consoleLog, jobQueue, ignoreSingletonLock }));
  return { key, userId, hash, since: new Date(clock.now() - idempotencyTtlMs) };
}

async function findJob(em: SqlEntityManager, reference: JobReference): Promise<Job> {
  const job = await em.findOne(Job, jobCondition(reference), { populate: ["defaultJobQueue"] });
  if (!job) throw new AppError("NOT_FOUND", `There is no job with ${describeReference(reference)}.`);
  return job;
}

/** The job that a request is for, if it may be run so. @throws as {@link enqueue}. */
export async function admit({ database, catalog, sandbox }: EnqueueDeps, request: RunRequest): Promise<Admitted> {
  const em = database.fork();
  const job = await findJob(em, request.job);
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
  const queue = await queueOf(em, job, request.jobQueue);
  // What sets off a receiver is the server's own, and nothing that the job could refuse.
  if (request.via) return { job, queue };
  const wrong = await sandbox.validate(source, request.data, secretsOf(job, request.data)).catch((error: Error) => {
    throw new AppError("JOB_NOT_INSTALLED", `The code of the job "${job.name}" does not load: ${error.message}`);
  });
  refuseInputs(job, wrong, request.data);
  return { job, queue };
}

/** Name of the queue that a run waits in. @throws {@link AppError} BAD_USER_INPUT for one that the job may not use. */
async function queueOf(em: SqlEntityManager, job: Job, asked: string | undefined): Promise<string> {
  if (asked === undefined) return job.defaultJobQueue?.name ?? DEFAULT_QUEUE;
  await em.populate(job, ["jobQueues"]);
  const queues = job.jobQueues.getItems();
  const queue = queues.find(({ id, name }) => name === asked || id === asked);
  if (queue) return queue.name;
  const names = queues.map(({ name }) => JSON.stringify(name)).join(", ");
  const message = `The job "${job.name}" may not use the queue ${JSON.stringify(asked)}: its queues are ${names}.`;
  throw new AppError("BAD_USER_INPUT", message, [{ field: "job_queue", message }]);
}

/** @throws {@link AppError} BAD_USER_INPUT if anything is wrong with the inputs. */
function refuseInputs(job: Job, wrong: readonly ErrorDetail[], data: Record<string, unknown>): void {
  if (wrong.length === 0) return;
  const details = withoutSecrets(secretsOf(job, data), wrong).map(({ field, message }) => ({
    field: field === "" ? "data" : `data.${field}`,
    message,
  }));
  const sentence = details.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new AppError("BAD_USER_INPUT", `The inputs of the job "${job.name}" are not valid. ${sentence}`, details);
}

/**
 * Writes a run of a job that was admitted, within a transaction: PENDING, unless `values` say otherwise.
 * @throws {@link AppError} JOB_ALREADY_RUNNING when the job's runs under way leave no room.
 */
export async function record(
  { clock, timeLimits, vault }: Pick<EnqueueDeps, "clock" | "timeLimits" | "vault">,
  em: SqlEntityManager,
  { job, queue }: Admitted,
  request: RunRequest,
  values: Partial<JobResult> = {},
): Promise<JobResult> {
  const waitsForSlot = values.status === undefined ? await findRoom(em, job, request.ignoreSingletonLock) : null;
  const id = newId();
  // What sets off a receiver is the server's own, and no secret.
  const { taskKwargs, sensitiveKwargs, options } = sealInputs(vault, job, id, request.via ? {} : request.data);
  return em.create(
    JobResult,
    {
      id,
      jobModel: em.getReference(Job, job.id),
      name: job.name,
      taskName: classPathOf(job),
      user: request.userId === null ? null : em.getReference(User, request.userId),
      dateCreated: new Date(clock.now()),
      taskKwargs: request.via ? request.data : taskKwargs,
      sensitiveKwargs,
      celeryKwargs: {
        queue,
        dryrun: request.dryRun ?? (job.supportsDryrun && job.dryrunDefault),
        console_log: request.consoleLog ?? job.consoleLogDefault,
        ...timeLimitKwargs(job, timeLimits),
        ...retryKwargs(job),
        ...options,
      },
      waitsForSlot,
      ...(request.rerunOf !== undefined && { rerunOf: em.getReference(JobResult, request.rerunOf) }),
      ...values,
    },
    { partial: true },
  );
}

/**
 * Sends a run to the workers of its queue, once its row is there for them to find. One that waits for others is sent when they have ended, one that
 * was refused never: that it is there is all there is to tell.
 */
export async function send(deps: CancelDeps, run: JobResult): Promise<void> {
  deps.broker.notify(`result:${run.id}`);
  if (run.status !== "PENDING") return;
  if (run.waitsForSlot) await replaceOldest(deps, run);
  else await deps.broker.enqueue({ id: run.id, queue: run.celeryKwargs!["queue"] as string });
}

/** Where the newest runs of a job take the place of its oldest: cancels all but as many as may be under way. */
async function replaceOldest(deps: CancelDeps, run: JobResult): Promise<void> {
  const em = deps.database.fork();
  const job = await em.findOne(Job, { id: run.jobModel!.id });
  if (job?.onLimit !== "REPLACE") return;
  const user = run.user && (await em.findOne(User, { id: run.user.id }));
  const by = { userId: user?.id ?? null, username: user?.username ?? "" };
  for (const id of await findOldest(deps.database, job.id, job.maxConcurrent!)) {
    await cancel(deps, { id, by, reason: `replaced by the run ${run.id}` }).catch((error: unknown) => {
      // One that has ended by itself meanwhile has made room as well.
      if (!(error instanceof AppError)) throw error;
    });
  }
}

function classPathOf({ moduleName, jobClassName }: Job): string {
  return `${moduleName}.${jobClassName}`;
}

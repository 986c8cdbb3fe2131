import type { SqlEntityManager } from "@mikro-orm/sql";
import { Job, User } from "../../entities/index.ts";
import { AppError, type ErrorDetail, Faults } from "../../errors.ts";
import { needsApproval } from "./approval-need.ts";
import { cancel, type CancelDeps } from "../runs/cancel.ts";
import type { Catalog, InstalledSource } from "../catalog/catalog.ts";
import { classPathOf, findJob, type LaunchedJob } from "../catalog/find-job.ts";
import { canonical, checkKey, findKeyed, freeKey, type KeyedRequest } from "./idempotency.ts";
import type { JobReference } from "../catalog/job-reference.ts";
import { type Admitted, newRun, type NewRun, type RunWishes, storeRuns } from "../runs/new-run.ts";
import { resolveObjects } from "./object-variables.ts";
import type { Sandbox, TimeLimits } from "../sandbox/sandbox.ts";
import { redactDetails, secretsOf } from "../secrets/sensitive-inputs.ts";
import { findOldest, hasLimit } from "../runs/slots.ts";
import type { Vault } from "../secrets/vault.ts";

/** A request to run a job. */
export interface RunRequest extends RunWishes {
  job: JobReference;
  /** One of the job's queues, by name or id; its default when absent. */
  jobQueue?: string | undefined;
  /** The same request of the same user under the same key is the same run. */
  idempotencyKey?: string | undefined;
}

/** A request that may be launched. */
export interface Prepared {
  admitted: Admitted;
  data: Record<string, unknown>;
}

/** Dependencies of {@link enqueue}. */
export interface EnqueueDeps extends CancelDeps {
  catalog: Catalog;
  sandbox: Sandbox;
  /** Of jobs that name none. */
  timeLimits: TimeLimits;
  /** How long an idempotency key stands for its run. */
  idempotencyTtlMs: number;
  vault: Vault;
}

/** Columns by which a run is found again under its idempotency key; undefined for a run without one. */
export type KeyColumns = Readonly<Record<"idempotency_hash" | "idempotency_key", string>> | undefined;

/** Turns a run that needs an approval into a request. @returns the id of the JobResult. */
export type RequestApproval = (prepared: Prepared, key: KeyColumns) => Promise<string>;

/**
 * The one gate that every launch passes: checks the request, writes a PENDING run, and sends it off. The row is the promise: a delivery
 * that is lost is made again from it.
 * @param requestApproval takes a request that needs an approval; without it, such a request is rejected.
 * @returns the id of the JobResult.
 * @throws {@link AppError} NOT_FOUND, JOB_NOT_INSTALLED, JOB_NOT_ENABLED, JOB_ALREADY_RUNNING, FORBIDDEN, BAD_USER_INPUT, or CONFLICT for an
 * idempotency key that stands for something else.
 */
export async function enqueue(deps: EnqueueDeps, request: RunRequest, requestApproval?: RequestApproval): Promise<string> {
  const { database } = deps;
  const keyed = await keyedRequest(deps, request);
  const known = keyed && (await findKeyed(database, keyed));
  if (known !== undefined) return known;
  try {
    const prepared = await review(deps, request);
    const { admitted, data } = prepared;
    const isNeeded = await needsApproval(database, admitted, request);
    if (isNeeded && !requestApproval) throw mustBeApproved(admitted.job);
    if (keyed) await freeKey(database, keyed);
    const key = keyed && { idempotency_key: keyed.key, idempotency_hash: keyed.hash };
    if (isNeeded) return await requestApproval!(prepared, key);
    const store = async (em: SqlEntityManager) => {
      const made = await newRun(deps, em, admitted, { ...request, data }, key);
      await storeRuns(em, [made]);
      return made;
    };
    const isLimited = hasLimit(admitted.job, request.ignoreSingletonLock);
    const run = await (isLimited ? database.transaction(store) : store(database.fork()));
    await send(deps, run);
    return run.row.id;
  } catch (error) {
    // The same request, a moment earlier, may be what stands in the way.
    const first = keyed && (await findKeyed(database, keyed));
    if (first === undefined) throw error;
    return first;
  }
}

/**
 * The job that a request is for, and its inputs with ids in the place of what named objects; whether it needs an approval is another question.
 * @throws as {@link enqueue}.
 */
export async function review(deps: EnqueueDeps, request: RunRequest): Promise<Prepared> {
  const faults = new Faults();
  const admitted = await check(deps, request, faults);
  const { job } = admitted;
  const resolved = await faults.try(async () => {
    const { data, details } = await resolveObjects(deps.database, job.variablesSchema, request.data);
    refuseInputs(job, details.length > 0 ? redactDetails(secretsOf(job, request.data), details) : []);
    return data;
  });
  faults.refuse();
  return { admitted, data: resolved! };
}

/** Returns a request's key and fingerprint; undefined without a key. */
async function keyedRequest(
  { database, clock, idempotencyTtlMs, vault }: EnqueueDeps,
  request: RunRequest,
): Promise<KeyedRequest | undefined> {
  const { idempotencyKey: key, userId, job, data, dryRun, consoleLog, jobQueue, ignoreSingletonLock = false } = request;
  if (key === undefined || userId === null) return undefined;
  checkKey(key);
  const found = await findJob(database, job);
  const hash = vault.digest(canonical({ job: found.job.id, data, dryRun, consoleLog, jobQueue, ignoreSingletonLock }));
  return { key, userId, hash, since: new Date(clock.now() - idempotencyTtlMs) };
}

/** The job that a request is for, if it may be run so. @throws as {@link enqueue}. */
export async function admit(deps: EnqueueDeps, request: RunRequest): Promise<Admitted> {
  const faults = new Faults();
  const admitted = await check(deps, request, faults);
  faults.refuse();
  if (await needsApproval(deps.database, admitted, request)) throw mustBeApproved(admitted.job);
  return admitted;
}

const mustBeApproved = ({ name }: LaunchedJob) =>
  new AppError("FORBIDDEN", `A run of the job "${name}" needs an approval first.`);

/** Returns the error for a job whose file did not load when it was last read. */
export function doesNotLoad(job: string, error: string): AppError {
  const message = `The code of the job "${job}" does not load: ${error} (Correct it, and read it again with refresh_jobs.)`;
  return new AppError("JOB_NOT_INSTALLED", message);
}

/** @param faults collects what is wrong with fields of the request. */
async function check(deps: EnqueueDeps, request: RunRequest, faults: Faults): Promise<Admitted> {
  const { database, catalog, sandbox } = deps;
  const { job, queue: ownQueue } = await findJob(database, request.job);
  const classPath = classPathOf(job);
  const loadError = catalog.loadError(classPath);
  if (loadError !== undefined) throw doesNotLoad(job.name, loadError);
  const source = catalog.source(classPath);
  if (!job.installed || !source)
    throw new AppError("JOB_NOT_INSTALLED", `The source of the job "${job.name}" (${classPath}) is not installed.`);
  if (!job.enabled) throw new AppError("JOB_NOT_ENABLED", `The job "${job.name}" is not enabled.`);
  if (source.receiver !== request.via) {
    const kind = source.receiver ? `is run by job ${source.receiver}s only` : `is no job ${request.via} receiver`;
    throw new AppError("BAD_USER_INPUT", `The job "${job.name}" ${kind}.`);
  }
  await faults.try(() => refuseDryRun(job, request));
  const queue = request.jobQueue === undefined ? ownQueue : await faults.try(() => queueOf(deps, job, request.jobQueue!));
  // What sets off a receiver is the server's own, and nothing that the job could refuse. Without inputs there is nothing to validate.
  if (!request.via && !isNothing(source, request.data)) {
    const wrong = await sandbox.validate(source, request.data, secretsOf(job, request.data)).catch((error: Error) => {
      throw new AppError("JOB_NOT_INSTALLED", `The code of the job "${job.name}" does not load: ${error.message}`);
    });
    await faults.try(() => refuseInputs(job, wrong));
  }
  return { job, queue: queue ?? ownQueue };
}

function refuseDryRun(job: LaunchedJob, { dryRun }: RunRequest): void {
  if (!dryRun || job.supportsDryrun) return;
  throw new AppError("BAD_USER_INPUT", `The job "${job.name}" does not support dry runs.`, [
    { field: "dryrun", message: "This job does not support dry runs." },
  ]);
}

/** Returns whether a job takes no inputs and is given none. */
function isNothing({ variablesSchema }: InstalledSource, data: Record<string, unknown>): boolean {
  return Object.keys(data).length === 0 && Object.keys(variablesSchema["properties"] ?? {}).length === 0;
}

/** Name of the queue that was asked for, by name or id. @throws {@link AppError} BAD_USER_INPUT for one that the job may not use. */
async function queueOf({ database }: EnqueueDeps, job: LaunchedJob, asked: string): Promise<string> {
  const queues = (await database.read(
    database.rows
      .selectFrom("job_queue_assignment")
      .innerJoin("job_queue", "job_queue.id", "job_queue_assignment.job_queue_id")
      .select(["job_queue.id", "job_queue.name"])
      .where("job_queue_assignment.job_id", "=", job.id)
      .orderBy("job_queue.name")
      .compile(),
  )) as { id: string; name: string }[];
  const queue = queues.find(({ id, name }) => name === asked || id === asked);
  if (queue) return queue.name;
  const names = queues.map(({ name }) => JSON.stringify(name)).join(", ");
  const message = `The job "${job.name}" may not use the queue ${JSON.stringify(asked)}: its queues are ${names}.`;
  throw new AppError("BAD_USER_INPUT", message, [{ field: "job_queue", message }]);
}

/** @throws {@link AppError} BAD_USER_INPUT if anything is wrong with the inputs. */
function refuseInputs(job: LaunchedJob, wrong: readonly ErrorDetail[]): void {
  if (wrong.length === 0) return;
  const details = wrong.map(({ field, message }) => ({ field: field === "" ? "data" : `data.${field}`, message }));
  const sentence = details.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new AppError("BAD_USER_INPUT", `The inputs of the job "${job.name}" are not valid. ${sentence}`, details);
}

/**
 * Sends a run to the workers of its queue, once its row is there for them to find. One that waits for others is sent when they have ended, one that
 * was rejected never: that it is there is all there is to tell.
 */
export async function send(deps: CancelDeps, run: NewRun): Promise<void> {
  deps.broker.notify(`result:${run.row.id}`);
  if (run.row.status !== "PENDING") return;
  if (run.waits) await replaceOldest(deps, run);
  else await deps.broker.enqueue({ id: run.row.id, queue: run.queue });
}

/** Cancels the oldest runs of a job with `REPLACE`, so that as many remain as may be under way. */
async function replaceOldest(deps: CancelDeps, { row }: NewRun): Promise<void> {
  const em = deps.database.fork();
  const job = await em.findOne(Job, { id: row.job_model_id! });
  if (job?.onLimit !== "REPLACE") return;
  const user = row.user_id === null ? null : await em.findOne(User, { id: row.user_id });
  const by = { userId: user?.id ?? null, username: user?.username ?? "" };
  for (const id of await findOldest(deps.database, job.id, job.maxConcurrent!)) {
    await cancel(deps, { id, by, reason: `replaced by the run ${row.id}` }).catch((error: unknown) => {
      // One that has ended by itself meanwhile has made room as well.
      if (!(error instanceof AppError)) throw error;
    });
  }
}

import { lacks, mayOn, mayOnWhich, rightName, type Rights } from "../../access/rights.ts";
import { rightsOfUser } from "../../access/user-rights.ts";
import type { Database } from "../../entities/database.ts";
import { Job, JobQueue } from "../../entities/index.ts";
import { AppError, type ErrorDetail, Faults, fieldError } from "../../errors.ts";
import { needApproval } from "./approval-need.ts";
import type { Catalog, InstalledSource } from "../catalog/catalog.ts";
import { classPathOf, findJob, type LaunchedJob } from "../catalog/find-job.ts";
import { describeReference, type JobReference } from "../catalog/job-reference.ts";
import type { Launch, RunWishes } from "../runs/new-run.ts";
import { resolveObjects } from "./object-variables.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { redactDetails, secretsOf } from "../secrets/sensitive-inputs.ts";

/** A request to run a job. */
export interface RunRequest extends RunWishes {
  job: JobReference;
  /** The job's queue for the run, by name or id; its default when absent. */
  jobQueue?: string | undefined;
  /** Idempotency key. Equal requests of a user with the same key are one run. */
  idempotencyKey?: string | undefined;
}

/** A request whose job is found. Its queue is the job's default until {@link admit} has looked for the one that was asked for. */
export type FoundRequest = Launch &
  Pick<RunRequest, "idempotencyKey" | "jobQueue"> & {
    /** Rights of the user as whom the job is run. */
    rights: Rights;
  };

/** Dependencies of {@link admit}. */
export interface AdmitDeps {
  database: Database;
  catalog: Catalog;
  sandbox: Sandbox;
}

/** The gate's answer to a request that it does not reject. */
export interface Admission {
  /** The run, with its queue, and with ids in the place of the names of objects. */
  launch: FoundRequest;
  /** True for a run that has to wait for an approval. False for a tick: `fire` asks for its schedule. */
  needsApproval: boolean;
}

/**
 * Finds the job of a request, and the rights of its user. A job that the user may not view is not found.
 * @throws {@link AppError} NOT_FOUND, BAD_USER_INPUT; FORBIDDEN for a user who is not active.
 */
export async function findRequested({ database }: Pick<AdmitDeps, "database">, request: RunRequest): Promise<FoundRequest> {
  const rights = await rightsOfUser(database, request.userId);
  const found = await findJob(database, request.job);
  const isSeen = isOfServer(request) || (await mayOn(database, rights, "view", Job, found?.job.id ?? ""));
  if (!found || !isSeen) throw new AppError("NOT_FOUND", `There is no job with ${describeReference(request.job)}.`);
  return { ...request, ...found, rights };
}

/** Tells whether the server asks for a run by itself, as a user whom nobody waits with: a hidden job is no secret to it. */
const isOfServer = ({ via, scheduledFor }: RunWishes) => via === "hook" || scheduledFor !== undefined;

/** Throws unless the user of a request may run its job. @throws {@link AppError} FORBIDDEN that names the right. */
async function mustRun({ database }: Pick<AdmitDeps, "database">, request: FoundRequest): Promise<void> {
  const { job, rights } = request;
  if (isOfServer(request) && !(await mayOn(database, rights, "view", Job, job.id))) throw mayNotAct("view", job.name);
  if (await mayOn(database, rights, "run", Job, job.id)) return;
  throw isOfServer(request) ? mayNotAct("run", job.name) : lacks("run", Job);
}

function mayNotAct(action: "run" | "view", name: string): AppError {
  const message = `The user of the run lacks the permission ${rightName(action, Job)} for the job "${name}".`;
  return new AppError("FORBIDDEN", message);
}

/**
 * Returns a request whose `dryrun` among the inputs asks for a dry run, as Nautobot's clients have it: of a job that supports one, has no variable of
 * that name, and is not asked otherwise.
 */
export function withDryRun(request: FoundRequest): FoundRequest {
  const { dryrun, ...data } = request.data;
  if (typeof dryrun !== "boolean" || request.dryRun !== undefined) return request;
  const { supportsDryrun, variablesSchema } = request.job;
  return supportsDryrun && !Object.hasOwn(variablesOf({ variablesSchema }), "dryrun")
    ? { ...request, data, dryRun: dryrun }
    : request;
}

const variablesOf = ({ variablesSchema }: Pick<InstalledSource, "variablesSchema">): object =>
  variablesSchema["properties"] ?? {};

/**
 * Admits a request, or rejects it with all errors of its fields. Its user must have the right to run the job: there is no other way to start one.
 * @throws {@link AppError} FORBIDDEN, JOB_NOT_INSTALLED, JOB_NOT_ENABLED, BAD_USER_INPUT.
 */
export async function admit(deps: AdmitDeps, request: FoundRequest): Promise<Admission> {
  const { database, sandbox } = deps;
  const { job, rights } = request;
  await mustRun(deps, request);
  const source = sourceOf(deps, request);
  const faults = new Faults();
  await faults.try(() => refuseDryRun(job, request));
  const queue =
    request.jobQueue === undefined ? request.queue : await faults.try(() => queueOf(deps, request, request.jobQueue!));
  // The inputs of a receiver come from the server, and the job cannot reject them. Without inputs there is nothing to validate.
  if (!request.via && !isNothing(source, request.data)) {
    const wrong = await sandbox.validate(source, request.data, secretsOf(job, request.data)).catch((error: Error) => {
      throw new AppError(
        "JOB_NOT_INSTALLED",
        `The code of the job "${job.name}" does not load: ${withoutFolders(error.message)}`,
      );
    });
    await faults.try(() => refuseInputs(job, wrong));
  }
  const resolved = await faults.try(async () => {
    const { data, details } = await resolveObjects(database, rights, job.variablesSchema, request.data);
    refuseInputs(job, details.length > 0 ? redactDetails(secretsOf(job, request.data), details) : []);
    return data;
  });
  faults.refuse();
  const launch = { ...request, queue: queue!, data: resolved! };
  const needsApproval = request.scheduledFor === undefined && (await needApproval(database, [launch]))[0]!;
  return { launch, needsApproval };
}

/** Returns the error for a run that nobody can be asked to approve. */
export function mustBeApproved({ name }: LaunchedJob): AppError {
  return new AppError("FORBIDDEN", `A run of the job "${name}" needs an approval first.`);
}

/** Returns the error for a job whose file did not load when it was last read. */
export function doesNotLoad(job: string, error: string): AppError {
  const message = `The code of the job "${job}" does not load: ${error} (Correct it, and read it again with refresh_jobs.)`;
  return new AppError("JOB_NOT_INSTALLED", message);
}

/** Returns the source of a job that may be run so. @throws as {@link admit}. */
/** Returns a message with the names of files, and without the folders that they are in. */
const withoutFolders = (message: string) => message.replaceAll(/(?:file:\/\/)?\/[^\s'"]*\//g, "");

function sourceOf({ catalog }: AdmitDeps, { job, via }: FoundRequest): InstalledSource {
  const classPath = classPathOf(job);
  const loadError = catalog.loadError(classPath);
  if (loadError !== undefined) throw doesNotLoad(job.name, loadError);
  const source = catalog.source(classPath);
  if (!job.installed || !source)
    throw new AppError("JOB_NOT_INSTALLED", `The source of the job "${job.name}" (${classPath}) is not installed.`);
  if (!job.enabled) throw new AppError("JOB_NOT_ENABLED", `The job "${job.name}" is not enabled.`);
  if (source.receiver === via) return source;
  const kind = source.receiver ? `is run by job ${source.receiver}s only` : `is no job ${via} receiver`;
  throw new AppError("BAD_USER_INPUT", `The job "${job.name}" ${kind}.`);
}

function refuseDryRun(job: LaunchedJob, { dryRun }: FoundRequest): void {
  if (!dryRun || job.supportsDryrun) return;
  throw new AppError("BAD_USER_INPUT", `The job "${job.name}" does not support dry runs.`, [
    { field: "dryrun", message: "This job does not support dry runs." },
  ]);
}

/** Returns whether a job takes no inputs and is given none. */
function isNothing(source: InstalledSource, data: Record<string, unknown>): boolean {
  return Object.keys(data).length === 0 && Object.keys(variablesOf(source)).length === 0;
}

/** Name of the queue that was asked for, by name or id. @throws {@link AppError} BAD_USER_INPUT for one that the job may not use, or the user not view. */
async function queueOf({ database }: AdmitDeps, { job, rights }: FoundRequest, asked: string): Promise<string> {
  const assigned = (await database.read(
    database.rows
      .selectFrom("job_queue_assignment")
      .innerJoin("job_queue", "job_queue.id", "job_queue_assignment.job_queue_id")
      .select(["job_queue.id", "job_queue.name"])
      .where("job_queue_assignment.job_id", "=", job.id)
      .orderBy("job_queue.name")
      .compile(),
  )) as { id: string; name: string }[];
  const ids = assigned.map(({ id }) => id);
  const visible = await mayOnWhich(database, rights, "view", JobQueue, ids);
  const queues = assigned.filter(({ id }) => visible.has(id));
  const queue = queues.find(({ id, name }) => name === asked || id === asked);
  if (queue) return queue.name;
  const names = queues.map(({ name }) => JSON.stringify(name)).join(", ");
  const others = names === "" ? "you may view none of its queues" : `its queues are ${names}`;
  const message = `The job "${job.name}" may not use the queue ${JSON.stringify(asked)}: ${others}.`;
  throw fieldError("BAD_USER_INPUT", "job_queue", message);
}

/** @throws {@link AppError} BAD_USER_INPUT if anything is wrong with the inputs. */
function refuseInputs(job: LaunchedJob, wrong: readonly ErrorDetail[]): void {
  if (wrong.length === 0) return;
  const details = wrong.map(({ field, message }) => ({ field: field === "" ? "data" : `data.${field}`, message }));
  const sentence = details.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new AppError("BAD_USER_INPUT", `The inputs of the job "${job.name}" are not valid. ${sentence}`, details);
}

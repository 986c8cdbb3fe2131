import { Job, JobResult, User } from "../entities/index.ts";
import type { Database } from "../entities/database.ts";
import { DEFAULT_QUEUE } from "../entities/job-queue.ts";
import { isUuid } from "../entities/scalars.ts";
import { AppError } from "../errors.ts";
import type { Broker } from "./broker.ts";
import type { Catalog } from "./catalog.ts";
import type { Sandbox } from "./sandbox.ts";

/** Which job: exactly one of the three. */
export interface JobReference {
  id?: string | undefined;
  /** `module_name.job_class_name`. */
  classPath?: string | undefined;
  name?: string | undefined;
}

/** A request to run a job. */
export interface RunRequest {
  job: JobReference;
  data: Record<string, unknown>;
  /** The job's own default when absent. */
  dryRun?: boolean | undefined;
  userId: string;
}

/** What {@link enqueue} needs. */
export interface EnqueueDeps {
  database: Database;
  broker: Broker;
  catalog: Catalog;
  sandbox: Sandbox;
}

/**
 * The one gate that every launch passes: checks the request, writes a PENDING run, and sends it off. The row is the promise: a delivery
 * that is lost is made again from it.
 * @returns the id of the JobResult.
 * @throws {@link AppError} NOT_FOUND, JOB_NOT_INSTALLED, JOB_NOT_ENABLED, FORBIDDEN or BAD_USER_INPUT.
 */
export async function enqueue({ database, broker, catalog, sandbox }: EnqueueDeps, request: RunRequest): Promise<string> {
  const em = database.fork();
  const job = await em.findOne(Job, jobCondition(request.job), { populate: ["defaultJobQueue"] });
  if (!job) throw new AppError("NOT_FOUND", `There is no job with ${describeReference(request.job)}.`);
  const classPath = `${job.moduleName}.${job.jobClassName}`;
  const source = catalog.source(classPath);
  if (!job.installed || !source)
    throw new AppError("JOB_NOT_INSTALLED", `The source of the job "${job.name}" (${classPath}) is not installed.`);
  if (!job.enabled) throw new AppError("JOB_NOT_ENABLED", `The job "${job.name}" is not enabled.`);
  if (job.approvalRequired) throw new AppError("FORBIDDEN", `A run of the job "${job.name}" needs an approval first.`);
  if (request.dryRun && !job.supportsDryrun) {
    throw new AppError("BAD_USER_INPUT", `The job "${job.name}" does not support dry runs.`, [
      { field: "dryrun", message: "This job does not support dry runs." },
    ]);
  }
  const wrong = await sandbox.validate(source, request.data).catch((error: Error) => {
    throw new AppError("JOB_NOT_INSTALLED", `The code of the job "${job.name}" does not load: ${error.message}`);
  });
  if (wrong.length > 0) {
    const details = wrong.map(({ field, message }) => ({ field: field === "" ? "data" : `data.${field}`, message }));
    const sentence = details.map(({ field, message }) => `${field}: ${message}`).join("; ");
    throw new AppError("BAD_USER_INPUT", `The inputs of the job "${job.name}" are not valid. ${sentence}`, details);
  }

  const queue = job.defaultJobQueue?.name ?? DEFAULT_QUEUE;
  const run = em.create(
    JobResult,
    {
      jobModel: job,
      name: job.name,
      taskName: classPath,
      user: em.getReference(User, request.userId),
      taskKwargs: request.data,
      celeryKwargs: { queue, dryrun: request.dryRun ?? (job.supportsDryrun && job.dryrunDefault) },
    },
    { partial: true },
  );
  await em.flush();
  await broker.enqueue({ id: run.id, queue });
  return run.id;
}

/** @throws {@link AppError} BAD_USER_INPUT unless exactly one way to name the job is used. */
export function jobCondition({
  id,
  classPath,
  name,
}: JobReference): Partial<Pick<Job, "id" | "jobClassName" | "moduleName" | "name">> {
  if ([id, classPath, name].filter((value) => value !== undefined).length !== 1) {
    const message = "Give exactly one of id, class_path and name.";
    throw new AppError(
      "BAD_USER_INPUT",
      message,
      ["id", "class_path", "name"].map((field) => ({ field, message })),
    );
  }
  if (id !== undefined) return { id: isUuid(id) ? id : "00000000-0000-0000-0000-000000000000" };
  if (name !== undefined) return { name };
  const dot = classPath!.lastIndexOf(".");
  return { moduleName: classPath!.slice(0, Math.max(0, dot)), jobClassName: classPath!.slice(dot + 1) };
}

/** `class_path "hello_jobs.HelloJobs"`, for messages. */
export function describeReference({ id, classPath, name }: JobReference): string {
  return id !== undefined ? `id "${id}"` : classPath !== undefined ? `class_path "${classPath}"` : `name "${name}"`;
}

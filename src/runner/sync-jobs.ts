import { followSource, put, type Unit } from "../changes/index.ts";
import type { JobOnLimit } from "../entities/choices.ts";
import { Job, JobButton, JobHook, JobQueue, ScheduledJob } from "../entities/index.ts";
import { DEFAULT_QUEUE } from "../entities/job-queue.ts";
import type { JobSource } from "../entities/job.ts";
import type { JobDescription } from "./sandbox.ts";

/** A job that a file holds. */
export interface FoundJob extends JobDescription {
  file: string;
  /** SHA-256 of its text. */
  version: string | undefined;
  /** Dotted path of the file below `JOBS_ROOT`. */
  moduleName: string;
}

/** Brings Job rows in step with what was found: overridden fields stay, jobs that are gone stay with `installed` false, and nothing runs them. */
export async function syncJobs(unit: Unit, found: readonly FoundJob[]): Promise<void> {
  unit.followSources();
  await ensureQueues(unit, found);
  const jobs = await unit.hold(Job, {});
  const known = new Map(jobs.map((job) => [`${job.moduleName}.${job.jobClassName}`, job]));
  await leaveNames(unit, found, known);
  const present = new Set<Job>();
  for (const one of found) {
    const { moduleName, exportName, meta, variablesSchema } = one;
    const job = known.get(classPathOf(one)) ?? newJob(unit, moduleName, exportName, meta.enabled);
    present.add(job);
    const values: Partial<Job> = {
      source: sourceOf(moduleName, meta),
      installed: true,
      isJobHookReceiver: meta.receiver === "hook",
      isJobButtonReceiver: meta.receiver === "button",
      readOnly: meta.readOnly ?? false,
      supportsDryrun: meta.supportsDryrun ?? false,
      ...limitsOf(meta),
      variablesSchema,
    };
    for (const [property, value] of Object.entries(values)) put(job, property, value);
    await followSource(unit, job);
  }
  for (const job of jobs) if (job.installed && !present.has(job)) await uninstall(unit, job);
}

const classPathOf = ({ moduleName, exportName }: FoundJob) => `${moduleName}.${exportName}`;

/** Jobs may take each other's names: they leave theirs before anyone takes one, since no two rows may have the same even for a moment. */
async function leaveNames({ em }: Unit, found: readonly FoundJob[], known: ReadonlyMap<string, Job>): Promise<void> {
  for (const one of found) {
    const job = known.get(classPathOf(one));
    if (job && !job.nameOverride && !standsFor(job.name, one.meta.name)) job.name = job.id;
  }
  await em.flush();
}

/** Whether a job's name is the one of its source, or that one with a number. */
function standsFor(name: string, sourceName: string): boolean {
  const [, start] = /^(.*) \(\d+\)$/s.exec(name) ?? [];
  return name === sourceName || (start !== undefined && sourceName.startsWith(start));
}

function newJob(unit: Unit, moduleName: string, jobClassName: string, enabled = false): Job {
  return unit.create(Job, { moduleName, jobClassName, enabled });
}

function limitsOf({ maxConcurrent, onLimit = "reject", retry }: FoundJob["meta"]) {
  return {
    maxConcurrent: maxConcurrent ?? null,
    onLimit: maxConcurrent === undefined ? null : (onLimit.toUpperCase() as JobOnLimit),
    retryLimit: retry?.limit ? retry.limit : null,
    retryBackoff: retry?.limit ? retry.backoff : null,
  };
}

function sourceOf(moduleName: string, meta: FoundJob["meta"]): JobSource {
  const jobQueues = meta.taskQueues?.length ? [...new Set(meta.taskQueues)] : [DEFAULT_QUEUE];
  return {
    grouping: meta.grouping ?? moduleName,
    name: meta.name,
    description: meta.description ?? "",
    approvalRequired: meta.approvalRequired ?? false,
    consoleLogDefault: meta.consoleLogDefault ?? false,
    dryrunDefault: meta.dryrunDefault ?? false,
    hidden: meta.hidden ?? false,
    softTimeLimit: meta.softTimeLimit ?? 0,
    timeLimit: meta.timeLimit ?? 0,
    hasSensitiveVariables: meta.hasSensitiveVariables ?? false,
    isSingleton: meta.isSingleton ?? false,
    jobQueues,
    defaultJobQueue: jobQueues[0]!,
  };
}

/** A job whose source is gone cannot be run: what would run it is switched off. */
async function uninstall(unit: Unit, job: Job): Promise<void> {
  job.installed = false;
  for (const object of [
    ...(await unit.hold(JobHook, { job, enabled: true })),
    ...(await unit.hold(JobButton, { job, enabled: true })),
    ...(await unit.hold(ScheduledJob, { jobModel: job, enabled: true })),
  ]) {
    object.enabled = false;
    if (object instanceof ScheduledJob) object.nextRunAt = null;
    unit.because(object, `the job "${job.name}" was uninstalled`);
  }
}

async function ensureQueues(unit: Unit, found: readonly FoundJob[]): Promise<void> {
  const known = new Set((await unit.em.findAll(JobQueue)).map((queue) => queue.name));
  const named = new Set([DEFAULT_QUEUE, ...found.flatMap(({ meta }) => meta.taskQueues ?? [])]);
  for (const name of named) if (!known.has(name)) unit.create(JobQueue, { name });
  await unit.em.flush();
}

import { followSource, put, type Unit } from "../../changes/index.ts";
import type { JobOnLimit } from "../../entities/choices.ts";
import { Job, JobButton, JobHook, JobQueue, ScheduledJob } from "../../entities/index.ts";
import { DEFAULT_QUEUE } from "../../entities/models/job-queue.ts";
import type { JobSource } from "../../entities/models/job.ts";
import { isApproved } from "../../entities/is-approved.ts";
import { firstTime } from "../../entities/times/schedule.ts";
import type { JobDescription } from "../sandbox/sandbox.ts";

/** A job that a file holds. */
export interface FoundJob extends JobDescription {
  file: string;
  /** SHA-256 of its text. */
  version: string | undefined;
  /** Dotted path of the file below `JOBS_ROOT`. */
  moduleName: string;
}

/** A job that stays as it was: its file does not load now. */
export interface KeptJob {
  moduleName: string;
  classPath: string;
}

/**
 * Brings Job rows in step with the found jobs. Overridden fields stay, and so do jobs of a file that does not load, with the reason. Jobs that are gone stay
 * with `installed` false, and nothing runs them until they are back.
 * @param broken errors of files that do not load, by module name.
 * @returns the installed jobs of these.
 */
export async function syncJobs(
  unit: Unit,
  found: readonly FoundJob[],
  broken: ReadonlyMap<string, string>,
  now: Date,
): Promise<KeptJob[]> {
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
    const returns = !job.installed;
    const values: Partial<Job> = {
      source: sourceOf(moduleName, meta),
      installed: true,
      loadError: null,
      isJobHookReceiver: meta.receiver === "hook",
      isJobButtonReceiver: meta.receiver === "button",
      readOnly: meta.readOnly ?? false,
      supportsDryrun: meta.supportsDryrun ?? false,
      ...limitsOf(meta),
    };
    for (const [property, value] of Object.entries(values)) put(job, property, value);
    // The same variables in another order are a change.
    if (JSON.stringify(job.variablesSchema) !== JSON.stringify(variablesSchema)) job.variablesSchema = variablesSchema;
    await followSource(unit, job);
    if (returns) await switchOn(unit, job, now);
  }
  const others = jobs.filter((job) => !present.has(job));
  for (const job of others) job.loadError = broken.get(job.moduleName) ?? null;
  for (const job of others) if (job.installed && job.loadError === null) await uninstall(unit, job);
  return others
    .filter(({ installed }) => installed)
    .map(({ moduleName, jobClassName }) => ({ moduleName, classPath: classPathOf({ moduleName, exportName: jobClassName }) }));
}

/** Names a job's code. */
export const classPathOf = ({ moduleName, exportName }: Pick<FoundJob, "exportName" | "moduleName">) =>
  `${moduleName}.${exportName}`;

/** Jobs may take each other's names: they leave theirs before anyone takes one, since no two rows may have the same even for a moment. */
async function leaveNames({ em }: Unit, found: readonly FoundJob[], known: ReadonlyMap<string, Job>): Promise<void> {
  for (const one of found) {
    const job = known.get(classPathOf(one));
    if (job && !job.nameOverride && !standsFor(job.name, one.meta.name)) job.name = job.id;
  }
  await em.flush();
}

/** Returns whether a job's name is that of its source, or that name with a number. */
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

/** Marks a job without a source as not installed. Switches off the objects that would run it, and remembers them. */
async function uninstall(unit: Unit, job: Job): Promise<void> {
  job.installed = false;
  for (const object of await holdSetters(unit, job, { enabled: true })) {
    object.enabled = false;
    object.offWithJob = true;
    if (object instanceof ScheduledJob) object.nextRunAt = null;
    unit.because(object, `the job "${job.name}" was uninstalled`);
  }
}

/** Switches on the objects that were switched off with their job, as far as a user could enable them now. */
async function switchOn(unit: Unit, job: Job, now: Date): Promise<void> {
  for (const object of await holdSetters(unit, job, { offWithJob: true })) {
    object.offWithJob = null;
    if (object instanceof JobHook) object.enabled = job.isJobHookReceiver;
    else if (object instanceof JobButton) object.enabled = job.isJobButtonReceiver;
    else {
      object.nextRunAt = isApproved(object) ? firstTime(object, now) : null;
      object.enabled = object.nextRunAt !== null || !isApproved(object);
    }
    if (object.enabled) unit.because(object, `the job "${job.name}" was installed again`);
  }
}

/** Holds the objects that run a job without a user. */
async function holdSetters(unit: Unit, job: Job, where: object): Promise<(JobButton | JobHook | ScheduledJob)[]> {
  return [
    ...(await unit.hold(JobHook, { job, ...where })),
    ...(await unit.hold(JobButton, { job, ...where })),
    ...(await unit.hold(ScheduledJob, { jobModel: job, ...where })),
  ];
}

async function ensureQueues(unit: Unit, found: readonly FoundJob[]): Promise<void> {
  const known = new Set((await unit.em.findAll(JobQueue)).map((queue) => queue.name));
  const named = new Set([DEFAULT_QUEUE, ...found.flatMap(({ meta }) => meta.taskQueues ?? [])]);
  for (const name of named) if (!known.has(name)) unit.create(JobQueue, { name });
  await unit.em.flush();
}

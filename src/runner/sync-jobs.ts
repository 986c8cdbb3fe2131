import type { SqlEntityManager } from "@mikro-orm/sql";
import type { Database } from "../entities/database.ts";
import { Job, JobQueue, JobQueueAssignment } from "../entities/index.ts";
import { DEFAULT_QUEUE } from "../entities/job-queue.ts";
import type { JobDescription } from "./sandbox.ts";

/** A job that a file holds. */
export interface FoundJob extends JobDescription {
  file: string;
  /** Dotted path of the file below `JOBS_ROOT`. */
  moduleName: string;
}

/** Brings Job rows in step with what was found: overridden fields stay, jobs that are gone stay with `installed` false. One transaction. */
export async function syncJobs(database: Database, found: readonly FoundJob[]): Promise<void> {
  await database.fork().transactional(async (em) => {
    const queues = await ensureQueues(em, found);
    const jobs: Job[] = await em.findAll(Job, { populate: ["jobQueueAssignments"] });
    const known = new Map(jobs.map((job) => [`${job.moduleName}.${job.jobClassName}`, job]));
    const names = new Map(jobs.map((job) => [job.name, job]));
    const present = new Set<Job>();
    for (const source of found) {
      const job = known.get(`${source.moduleName}.${source.exportName}`) ?? newJob(em, source);
      present.add(job);
      em.assign(job, metadata(job, source, names));
      names.set(job.name, job);
      assignQueues(em, job, source, queues);
    }
    for (const job of jobs) if (!present.has(job)) job.installed = false;
  });
}

function newJob(em: SqlEntityManager, { moduleName, exportName, meta }: FoundJob): Job {
  return em.create(Job, { moduleName, jobClassName: exportName, enabled: meta.enabled ?? false }, { partial: true });
}

/** What the source says of every field that is not overridden. */
function metadata(job: Job, { moduleName, meta, variablesSchema }: FoundJob, names: ReadonlyMap<string, Job>): Partial<Job> {
  const source = {
    grouping: meta.grouping ?? moduleName,
    name: freeName(job, meta.name, names),
    description: meta.description ?? "",
    approvalRequired: meta.approvalRequired ?? false,
    consoleLogDefault: meta.consoleLogDefault ?? false,
    dryrunDefault: meta.dryrunDefault ?? false,
    hasSensitiveVariables: meta.hasSensitiveVariables ?? false,
    hidden: meta.hidden ?? false,
    isSingleton: meta.isSingleton ?? false,
    softTimeLimit: meta.softTimeLimit ?? 0,
    timeLimit: meta.timeLimit ?? 0,
  };
  const followed = Object.entries(source).filter(([field]) => !job[`${field}Override` as keyof Job]);
  return {
    ...Object.fromEntries(followed),
    installed: true,
    readOnly: meta.readOnly ?? false,
    supportsDryrun: meta.supportsDryrun ?? false,
    variablesSchema,
  };
}

/** Names are unique: a second job of a name gets a number, as in Nautobot. */
function freeName(job: Job, name: string, names: ReadonlyMap<string, Job>): string {
  const isFree = (candidate: string) => (names.get(candidate) ?? job) === job;
  let candidate = name;
  for (let n = 2; !isFree(candidate); n++) candidate = `${name} (${n})`;
  return candidate;
}

async function ensureQueues(em: SqlEntityManager, found: readonly FoundJob[]): Promise<Map<string, JobQueue>> {
  const queues = new Map((await em.findAll(JobQueue)).map((queue) => [queue.name, queue]));
  for (const name of [DEFAULT_QUEUE, ...found.flatMap(({ meta }) => meta.taskQueues ?? [])]) {
    if (!queues.has(name)) queues.set(name, em.create(JobQueue, { name }, { partial: true }));
  }
  return queues;
}

function assignQueues(em: SqlEntityManager, job: Job, { meta }: FoundJob, queues: ReadonlyMap<string, JobQueue>): void {
  const wanted = (meta.taskQueues?.length ? meta.taskQueues : [DEFAULT_QUEUE]).map((name) => queues.get(name)!);
  if (!job.defaultJobQueueOverride) job.defaultJobQueue = wanted[0]!;
  if (job.jobQueuesOverride) return;
  const assigned = job.jobQueueAssignments.getItems();
  for (const assignment of assigned) if (!wanted.includes(assignment.jobQueue)) em.remove(assignment);
  for (const jobQueue of new Set(wanted)) {
    if (!assigned.some((assignment) => assignment.jobQueue === jobQueue))
      em.create(JobQueueAssignment, { job, jobQueue }, { partial: true });
  }
}

import type { SqlEntityManager } from "@mikro-orm/sql";
import { JobQueueType } from "../../entities/choices.ts";
import type { Database } from "../../entities/database.ts";
import { Job, JobQueue, JobQueueAssignment, JobResult, User } from "../../entities/index.ts";
import { DEFAULT_QUEUE } from "../../entities/models/job-queue.ts";
import { JOB_SKETCHES, type JobSketch } from "./job-sketches.ts";

/** A stored job, with the values that its runs need. */
export interface SeededJob {
  id: string;
  name: string;
  classPath: string;
  sketch: JobSketch;
  queues: readonly string[];
}

/** Objects that runs refer to. */
export interface Catalog {
  jobs: readonly SeededJob[];
  userIds: readonly string[];
}

/** Tells a made-up job from a real one, whose module is a file below `JOBS_ROOT`. */
const PREFIX = "seed_";

const QUEUES: Record<string, { description: string; queueType: JobQueueType }> = {
  [DEFAULT_QUEUE]: { description: "Whatever names no other queue.", queueType: JobQueueType.CELERY },
  campus: { description: "Workers that reach the management network of the campus.", queueType: JobQueueType.CELERY },
  datacenter: { description: "Pods inside the data center's management zone.", queueType: JobQueueType.KUBERNETES },
};

const USERS = [
  ["Ada", "Bakker"],
  ["Grace", "Okafor"],
  ["Linus", "Meyer"],
  ["Mei", "Tanaka"],
] as const;

/** Stores jobs, their queues, and people, in place of the jobs and runs of an earlier seed. */
export async function storeCatalog(database: Database, count: number): Promise<Catalog> {
  return database.fork().transactional(async (em) => {
    await removeEarlier(em);
    const queues = await ensureQueues(em);
    const users = await ensureUsers(em);
    const taken = new Set((await em.findAll(Job)).map(({ name }) => name));
    const jobs = Array.from({ length: count }, (_, index) => createJob(em, index, taken, queues));
    await em.flush();
    return { jobs: jobs.map(({ job, ...rest }) => ({ id: job.id, ...rest })), userIds: users.map(({ id }) => id) };
  });
}

async function removeEarlier(em: SqlEntityManager): Promise<void> {
  const alike = await em.find(Job, { moduleName: { $like: `${PREFIX}%` } });
  // For LIKE, `_` is any character.
  const ids = alike.filter(({ moduleName }) => moduleName.startsWith(PREFIX)).map(({ id }) => id);
  await em.nativeDelete(JobResult, { jobModel: { $in: ids } });
  await em.nativeDelete(Job, { id: { $in: ids } });
  em.clear();
}

async function ensureQueues(em: SqlEntityManager): Promise<Map<string, JobQueue>> {
  const queues = new Map((await em.findAll(JobQueue)).map((queue) => [queue.name, queue]));
  for (const [name, about] of Object.entries(QUEUES)) {
    if (!queues.has(name)) queues.set(name, em.create(JobQueue, { name, ...about }, { partial: true }));
  }
  return queues;
}

async function ensureUsers(em: SqlEntityManager): Promise<User[]> {
  const users: User[] = [];
  for (const [firstName, lastName] of USERS) {
    const username = firstName.toLowerCase();
    const email = `${username}@example.com`;
    users.push(
      (await em.findOne(User, { username })) ?? em.create(User, { username, firstName, lastName, email }, { partial: true }),
    );
  }
  return users;
}

function createJob(em: SqlEntityManager, index: number, taken: Set<string>, queues: ReadonlyMap<string, JobQueue>) {
  const sketch = JOB_SKETCHES[index % JOB_SKETCHES.length]!;
  const round = 1 + Math.floor(index / JOB_SKETCHES.length);
  const moduleName = `${PREFIX}${sketch.grouping.toLowerCase()}${round > 1 ? `_${round}` : ""}`;
  const jobClassName = sketch.name.replaceAll(" ", "");
  const name = freeName(sketch.name, taken);
  const allowed = [DEFAULT_QUEUE, ...(sketch.queues ?? [])];
  const job = em.create(
    Job,
    {
      moduleName,
      jobClassName,
      name,
      grouping: sketch.grouping,
      description: sketch.description,
      // Nothing below JOBS_ROOT stands behind it: the server would say so at its next start.
      installed: false,
      enabled: !sketch.disabled,
      hidden: sketch.hidden ?? false,
      readOnly: sketch.readOnly ?? false,
      supportsDryrun: !sketch.readOnly,
      defaultJobQueue: queues.get(DEFAULT_QUEUE)!,
    },
    { partial: true },
  );
  for (const queue of allowed) em.create(JobQueueAssignment, { job, jobQueue: queues.get(queue)! }, { partial: true });
  return { job, name, classPath: `${moduleName}.${jobClassName}`, sketch, queues: allowed };
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted} (${n})`;
  taken.add(name);
  return name;
}

import type { SqlEntityManager } from "@mikro-orm/sql";
import { constrainedPaths, fulfils } from "../../entities/constraints.ts";
import { contentTypeLabel } from "../../entities/content-types.ts";
import type { Database } from "../../entities/database.ts";
import { ApprovalWorkflowDefinition, Job, JobQueue, ScheduledJob, User } from "../../entities/index.ts";
import { classPathOf, type LaunchedJob } from "../catalog/find-job.ts";
import { isDry, type Launch } from "../runs/new-run.ts";
import { kwargsOf, type ScheduleKwargs } from "./schedule-kwargs.ts";

/*
 * A run needs an approval if its job says so, or if an approval workflow is defined for its schedule. A run without a schedule counts as a schedule whose time
 * is now, so that nothing evades a definition.
 */

/** The definition that a schedule fits; of several the one with the highest weight. References of the schedule are loaded as far as they are asked about. */
export async function definitionFor(
  em: SqlEntityManager,
  schedule: ScheduledJob,
): Promise<ApprovalWorkflowDefinition | undefined> {
  return (await definitionsFor(em, [schedule]))[0];
}

async function definitionsFor(
  em: SqlEntityManager,
  schedules: readonly ScheduledJob[],
): Promise<(ApprovalWorkflowDefinition | undefined)[]> {
  const definitions: ApprovalWorkflowDefinition[] = await em.find(
    ApprovalWorkflowDefinition,
    { modelContentType: { label: contentTypeLabel(ScheduledJob) } },
    { orderBy: { weight: "desc" } },
  );
  if (definitions.length === 0) return schedules.map(() => undefined);
  const paths = definitions.flatMap(({ modelConstraints }) => constrainedPaths(ScheduledJob, modelConstraints ?? {}));
  const ofJobs = paths.flatMap((path) => (/^jobQueue\b/.test(path) ? [`jobModel.default${path.replace(/^j/, "J")}`] : []));
  await em.populate([...schedules], [...new Set([...paths, ...ofJobs])] as never);
  return schedules.map((schedule) => {
    const { jobQueue, jobModel } = schedule;
    // A value that the request leaves to its job counts as the job has it.
    const asked = Object.create(schedule, { jobQueue: { value: jobQueue ?? jobModel?.defaultJobQueue ?? null } }) as ScheduledJob;
    return definitions.find(({ modelConstraints }) => fulfils(ScheduledJob, asked, modelConstraints ?? {}));
  });
}

/** Returns whether the runs of a schedule need an approval, with its current content and job. @param schedule with its job loaded. */
export async function isInNeed(em: SqlEntityManager, schedule: ScheduledJob): Promise<boolean> {
  const { jobModel, celeryKwargs } = schedule;
  if (jobModel === null || isHarmless(jobModel, (celeryKwargs as ScheduleKwargs | null)?.dryrun)) return false;
  return jobModel.approvalRequired || (await definitionFor(em, schedule)) !== undefined;
}

/** A run that is to start at once, as far as its approval depends on it. */
type StartsNow = Pick<Launch, "consoleLog" | "dryRun" | "ignoreSingletonLock" | "job" | "queue" | "userId">;

/** Returns of each run that is to start at once whether it needs an approval. */
export async function needApproval(database: Database, launches: readonly StartsNow[]): Promise<boolean[]> {
  const needs = launches.map(({ job, dryRun }) => !isHarmless(job, dryRun) && job.approvalRequired);
  const open = launches.filter(({ job, dryRun }, n) => !needs[n] && !isHarmless(job, dryRun));
  if (open.length === 0 || !(await hasDefinitions(database))) return needs;
  const em = database.fork();
  const queues: JobQueue[] = await em.find(JobQueue, { name: open.map(({ queue }) => queue) });
  const schedules = open.map((launch) => scheduleOf(em, launch, queues));
  const found = await definitionsFor(em, schedules);
  const reviewed = new Set(open.filter((_, n) => found[n] !== undefined));
  return launches.map((launch, n) => needs[n]! || reviewed.has(launch));
}

/** Returns the schedule that a launch would be; never stored. */
function scheduleOf(em: SqlEntityManager, launch: StartsNow, queues: readonly JobQueue[]): ScheduledJob {
  const { job, queue, userId } = launch;
  const times = { interval: "IMMEDIATELY", oneOff: true, crontab: "", startTime: new Date(), timeZone: "UTC", catchUp: "ONE" };
  const values = {
    ...times,
    state: "ACTIVE",
    enabled: true,
    totalRunCount: 0,
    description: "",
    name: job.name,
    task: classPathOf(job),
    jobModel: em.getReference(Job, job.id),
    jobQueue: queues.find(({ name }) => name === queue) ?? null,
    user: userId === null ? null : em.getReference(User, userId),
    celeryKwargs: kwargsOf(launch),
  };
  return em.create(ScheduledJob, values as never, { partial: true, persist: false });
}

/** A run that changes nothing needs no approval. */
function isHarmless(job: LaunchedJob, dryRun: boolean | undefined): boolean {
  return job.supportsDryrun && isDry(job, dryRun);
}

async function hasDefinitions(database: Database): Promise<boolean> {
  const any = database.rows.selectFrom("approval_workflow_definition").select("id").limit(1);
  return (await database.read(any.compile())).length > 0;
}

import { type Action, lacks, mayOn, type Rights } from "../../access/rights.ts";
import { type Author, createObject, type Data, holdOne, transact, type Unit, updateObject } from "../../changes/index.ts";
import type { ScheduledJobCatchUp } from "../../entities/choices.ts";
import { Job, ScheduledJob, User } from "../../entities/index.ts";
import { isApproved } from "../../entities/is-approved.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { firstTime, nextTime } from "../../entities/times/schedule.ts";
import { AppError, Faults, fieldError } from "../../errors.ts";
import { admit, type FoundRequest, findRequested, type RunRequest, withDryRun } from "../gate/admit.ts";
import { isInNeed } from "../gate/approval-need.ts";
import { mustDecideOn, requestApproval, withdrawRequest } from "../approvals/approvals.ts";
import { awaitingRun, openAwaited } from "../approvals/awaiting-runs.ts";
import { enqueue } from "../gate/enqueue.ts";
import { classPathOf } from "../catalog/find-job.ts";
import type { FireDeps, ScheduleChange } from "../gate/fire-deps.ts";
import { fire, LATE_MS } from "./fire.ts";
import type { JobReference } from "../catalog/job-reference.ts";
import { type GivenTimes, planTimes, saysWhen } from "./plan-times.ts";
import { kwargsOf, type ScheduleKwargs } from "../gate/schedule-kwargs.ts";
import { refuseSensitive, requestOf } from "./request.ts";
import { sourceVersion } from "../gate/source-version.ts";

/** Wishes for a schedule. Absent fields keep their values, or take their defaults. */
export interface ScheduleWishes extends GivenTimes {
  name?: string | undefined;
  description?: string | undefined;
  enabled?: boolean | undefined;
  catchUp?: ScheduledJobCatchUp | undefined;
  job?: JobReference | undefined;
  /** The inputs of each run. */
  data?: Record<string, unknown> | undefined;
  dryRun?: boolean | undefined;
  consoleLog?: boolean | undefined;
  ignoreSingletonLock?: boolean | undefined;
  /** By name or id; null for the job's default. */
  jobQueue?: string | null | undefined;
}

/**
 * Creates a schedule of the author's, if its job may be run so. A schedule whose runs need an approval waits for it.
 * @throws {@link AppError} FORBIDDEN, INVALID_SCHEDULE, and errors of {@link admit}. Fields are those of the object, under `data`.
 */
export async function createSchedule(deps: FireDeps, author: Author, wishes: ScheduleWishes): Promise<ScheduleChange> {
  const now = new Date(deps.clock.now());
  const faults = new Faults();
  const plan = await faults.try(() => planned(() => planTimes(wishes, undefined, now)));
  const { enabled = true } = wishes;
  const content = await faults.try(() => contentOf(deps, wishes, author.userId), JOB_FIELD);
  const { value, changes } = await transact(deps.database, author, async (unit) => {
    const made = await faults.try(() =>
      createObject(unit, ScheduledJob, {
        ...plainOf(wishes),
        ...plan?.times,
        ...content,
        enabled,
        nextRunAt: enabled && plan ? plan.next : null,
        user: userOf(unit),
      }),
    );
    faults.refuse();
    const schedule = made!;
    if (await isInNeed(unit.em, schedule))
      await requestApproval(unit, schedule, await sourceVersion(deps.catalog, schedule.task), now);
    return schedule.id;
  });
  return { id: value, changes };
}

/**
 * Changes a schedule in place. Its next time is computed again only if times or `enabled` are given. A tick that is due in this moment is carried out first,
 * with the old content. Ticks that are still to be made up for are given up. An author who changes the content becomes the user of the runs. Where an approval
 * is needed, the changed schedule is a new request of the author's, and waits for one. Only its requester may change a request that is not approved.
 * @throws {@link AppError} NOT_FOUND, FORBIDDEN, CONFLICT, INVALID_SCHEDULE, and errors of {@link admit}.
 */
export async function updateSchedule(
  deps: FireDeps,
  author: Author,
  id: string,
  wishes: ScheduleWishes,
  unmodifiedSince?: Date,
): Promise<ScheduleChange> {
  for (;;) {
    const before = await find(deps, author.rights, id, "change");
    if (saysWhat(wishes) || saysWhen(wishes)) mayBeChanged(before);
    const faults = new Faults();
    const content = saysWhat(wishes) ? await faults.try(() => contentOf(deps, wishes, author.userId, before), JOB_FIELD) : {};
    const now = new Date(deps.clock.now());
    let isStale = false;
    let due: Date | null = null;
    const { changes } = await transact(deps.database, author, async (unit) => {
      const schedule = await holdOne(unit, ScheduledJob, { id: uuidOf(id) ?? [] }, `id "${id}"`, unmodifiedSince);
      if (!isApproved(schedule)) await mustBeRequester(unit, schedule);
      const when = await faults.try(() => whenOf(schedule, wishes, now));
      due = when ? justDue(schedule, now) : null;
      isStale = before.dateChanged.getTime() !== schedule.dateChanged.getTime();
      if (due || isStale) return;
      // Nobody may have another user run their content. A schedule whose user is deleted goes to the author of its next change.
      const takesOver = saysWhat(wishes) || !schedule.user;
      const owner = takesOver ? { user: userOf(unit) } : {};
      const data = { ...plainOf(wishes), ...content, ...when, ...owner };
      const isRequest = saysWhat(wishes) || saysWhen(wishes) || wishes.catchUp !== undefined || !schedule.user;
      const wasApproved = isApproved(schedule);
      // The gate has been asked already where the content changes.
      if (takesOver && !saysWhat(wishes)) await mustRun(unit, schedule);
      await faults.try(() => updateObject(unit, ScheduledJob, id, data));
      faults.refuse();
      await unit.em.populate(schedule, ["jobModel"]);
      if (isRequest && (saysWhen(wishes) || !hasEnded(schedule)) && (await isInNeed(unit.em, schedule))) {
        // The author of a change becomes the requester: nobody may approve content of their own.
        if (!takesOver) await mustRun(unit, schedule);
        await updateObject(unit, ScheduledJob, id, { user: userOf(unit) });
        await requestApproval(unit, schedule, await sourceVersion(deps.catalog, schedule.task), now);
        return;
      }
      if (saysWhat(wishes) || saysWhen(wishes)) await withdrawRequest(unit, schedule, now);
      if (!wasApproved) schedule.nextRunAt = isApproved(schedule) && schedule.enabled ? firstTime(schedule, now) : null;
    });
    if (due) await fire(deps, id, due);
    else if (!isStale) return { id, changes };
  }
}

/** Runs the job of a schedule by hand, as this user: the schedule's own times stay. @returns the id of the JobResult. */
export async function runScheduleNow(deps: FireDeps, { userId, rights }: Author, id: string): Promise<string> {
  const schedule = await find(deps, rights, id);
  if (!isApproved(schedule)) {
    const message = `The schedule "${schedule.name}" is ${schedule.state}: it cannot be run before it is approved.`;
    throw new AppError("FORBIDDEN", message);
  }
  if (await isInNeed(deps.database.fork(), schedule))
    throw new AppError(
      "FORBIDDEN",
      `The approval of the schedule "${schedule.name}" covers only its own times: it cannot be run now.`,
    );
  return enqueue(deps, await findRequested(deps, { ...requestOf(schedule), userId }));
}

/** Runs the job of a schedule that waits for an approval by hand, so that it changes nothing. @returns the id of the JobResult. */
export async function dryRunSchedule(deps: FireDeps, author: Author, id: string): Promise<string> {
  const { userId, rights } = author;
  const schedule = await find(deps, rights, id);
  await mustDecideOn(deps, author, schedule);
  const request = requestOf(schedule);
  const sensitive = openAwaited(deps.vault, await awaitingRun(deps.database.fork(), id));
  const data = { ...request.data, ...sensitive };
  return enqueue(deps, await findRequested(deps, { ...request, data, dryRun: true, userId }));
}

/** Finds a schedule that a user may view, and act on so. @throws {@link AppError} NOT_FOUND; FORBIDDEN that names the right. */
async function find({ database }: FireDeps, rights: Rights, id: string, action: Action = "view"): Promise<ScheduledJob> {
  const where = { id: uuidOf(id) ?? [] };
  const schedule =
    (await mayOn(database, rights, "view", ScheduledJob, id)) &&
    (await database.fork().findOne(ScheduledJob, where, { populate: ["jobModel", "jobQueue", "user"] }));
  if (!schedule) throw new AppError("NOT_FOUND", `There is no scheduled job with id "${id}".`);
  if (!(await mayOn(database, rights, action, ScheduledJob, schedule.id))) throw lacks(action, ScheduledJob);
  return schedule;
}

/** The author, as the user of a schedule: not named by a client, and so nothing that the author would have to see. */
function userOf({ author, em }: Unit): User | null {
  return author.userId === null ? null : em.getReference(User, author.userId);
}

/** Throws unless the author, who becomes the user of a schedule, may run its job. @throws {@link AppError} FORBIDDEN that names the right. */
async function mustRun(unit: Unit, { jobModel }: ScheduledJob): Promise<void> {
  if (jobModel && !(await unit.may("run", Job, [jobModel.id])).has(jobModel.id)) throw lacks("run", Job);
}

/** Sensitive inputs that wait with a run cannot serve another run. @throws {@link AppError} INVALID_SCHEDULE */
function mayBeChanged({ name, celeryKwargs }: ScheduledJob): void {
  const { sensitive_variables = [] } = (celeryKwargs ?? {}) as ScheduleKwargs;
  if (sensitive_variables.length === 0) return;
  const message = `The sensitive inputs of "${name}", ${sensitive_variables.join(", ")}, are kept for its one run only: withdraw it with cancel_scheduled_job, and create another request.`;
  throw fieldError("INVALID_SCHEDULE", "id", message);
}

/**
 * Throws unless the author is the requester: otherwise users would have their own wishes approved as somebody else's. The author of a change takes over a
 * request whose user is deleted.
 */
async function mustBeRequester({ em, author }: Unit, schedule: ScheduledJob): Promise<void> {
  await em.populate(schedule, ["user"]);
  const { name, user, state } = schedule;
  if (user === null || user.id === author.userId) return;
  const message = `"${name}" is ${state}, a request of ${user.username}, who alone may change it: create your own request.`;
  throw new AppError("FORBIDDEN", message);
}

function saysWhat({ job, data, dryRun, consoleLog, ignoreSingletonLock, jobQueue }: ScheduleWishes): boolean {
  return [job, data, dryRun, consoleLog, ignoreSingletonLock, jobQueue].some((value) => value !== undefined);
}

/** Returns the content of a schedule, once the gate has checked it; over the earlier content of an existing schedule. */
async function contentOf(deps: FireDeps, wishes: ScheduleWishes, userId: string | null, before?: ScheduledJob): Promise<Data> {
  const { job, data, dryRun, consoleLog, ignoreSingletonLock, jobQueue } = wishes;
  const old = before && (!job || before.jobModel) ? requestOf(before) : undefined;
  const reference = job ?? old?.job;
  if (!reference)
    throw new AppError("BAD_USER_INPUT", "Name the job in job_model.", [
      { field: "data.job_model", message: "Name the job in job_model." },
    ]);
  const queue = jobQueue === undefined ? old?.jobQueue : (jobQueue ?? undefined);
  const launch = await admitScheduled(deps, {
    job: reference,
    data: data ?? old?.data ?? {},
    dryRun: dryRun ?? old?.dryRun,
    consoleLog: consoleLog ?? old?.consoleLog,
    ignoreSingletonLock: ignoreSingletonLock ?? old?.ignoreSingletonLock,
    jobQueue: queue,
    userId,
  }).catch((error: unknown) => rethrow(error, fieldOfObject));
  return {
    jobModel: launch.job.id,
    task: classPathOf(launch.job),
    jobQueue: queue === undefined ? null : launch.queue,
    kwargs: launch.data,
    celeryKwargs: kwargsOf(launch),
  };
}

/** Asks the gate for the runs of a schedule. Whether they need an approval depends on the whole schedule: see `isInNeed`. */
async function admitScheduled(deps: FireDeps, request: RunRequest): Promise<FoundRequest> {
  const { launch } = await admit(deps, withDryRun(await findRequested(deps, request)));
  refuseSensitive(launch.job);
  return launch;
}

/** A refusal of the gate that names no field is one of the job. */
const JOB_FIELD = "data.job_model";

/** Returns the field of a schedule for a field of the gate. */
const fieldOfObject = (field: string) => (/^data(\.|$)/.test(field) ? `data.kwargs${field.slice(4)}` : `data.${field}`);

function plainOf({ name, description, catchUp }: ScheduleWishes): Data {
  return Object.fromEntries(Object.entries({ name, description, catchUp }).filter(([, value]) => value !== undefined));
}

/** Returns the changes of a schedule's times; undefined for none. */
function whenOf(schedule: ScheduledJob, wishes: ScheduleWishes, now: Date): Data | undefined {
  if (saysWhen(wishes)) {
    const { times, next } = planned(() => planTimes(wishes, schedule, now));
    // A schedule that had ended goes on.
    const goesOn = hasEnded(schedule);
    const said = wishes.enabled ?? (goesOn || undefined);
    const isOn = said ?? schedule.enabled;
    const enabled = said === undefined ? {} : { enabled: said };
    return { ...times, ...enabled, nextRunAt: isOn ? next : null, ...(goesOn && { state: "ACTIVE" }) };
  }
  if (wishes.enabled === undefined || (wishes.enabled && schedule.enabled)) return undefined;
  if (!wishes.enabled) return { enabled: false, nextRunAt: null };
  const next = schedule.state === "ERRORED" ? nextTime(schedule, now) : firstTime(schedule, now);
  if (next) return { enabled: true, nextRunAt: next };
  const message = "The schedule has no further times: give a new start_time, or other times.";
  throw fieldError("INVALID_SCHEDULE", "data.enabled", message);
}

const hasEnded = ({ state }: ScheduledJob) => state === "COMPLETED" || state === "ERRORED";

/** The time that a schedule was to be run at in this moment, and is still to be. */
function justDue({ enabled, state, nextRunAt }: ScheduledJob, now: Date): Date | null {
  const isDue = enabled && state === "ACTIVE" && nextRunAt && nextRunAt <= now && nextRunAt.getTime() >= now.getTime() - LATE_MS;
  return isDue ? nextRunAt : null;
}

function planned<T>(plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    return rethrow(error, (field) => `data.${field}`);
  }
}

/** Names fields as the caller knows them. */
function rethrow(error: unknown, nameOf: (field: string) => string): never {
  if (!(error instanceof AppError)) throw error;
  const details = error.details.map(({ field, message }) => ({ field: nameOf(field), message }));
  throw new AppError(error.code, error.message, details);
}

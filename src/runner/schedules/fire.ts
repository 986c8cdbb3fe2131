import type { SqlEntityManager } from "@mikro-orm/sql";
import { type Selectable, sql } from "kysely";
import { ALL_RIGHTS } from "../../access/rights.ts";
import { type Author, transact } from "../../changes/index.ts";
import { type Database, statementsOf } from "../../entities/database.ts";
import { ScheduledJob } from "../../entities/index.ts";
import { newId } from "../../entities/new-id.ts";
import type { Tables } from "../../entities/tables.ts";
import { nextTime } from "../../entities/times/schedule.ts";
import { AppError } from "../../errors.ts";
import { type AwaitingRun, awaitingRun, openAwaited, storeAwaited } from "../approvals/awaiting-runs.ts";
import { isInNeed } from "../gate/approval-need.ts";
import { approvalOf, requestApprovalAgain } from "../approvals/approvals.ts";
import { contentOf } from "../approvals/content.ts";
import { admit, doesNotLoad, findRequested } from "../gate/admit.ts";
import { send } from "../gate/enqueue.ts";
import type { FireDeps } from "../gate/fire-deps.ts";
import { type Approval, asRefusal, newRun, type NewRun, refusedRun, scheduleColumns } from "../runs/new-run.ts";
import { refuseSensitive, requestOf } from "./request.ts";
import { SensitiveInputsLost } from "../secrets/vault.ts";

/** A time that is older than this was missed: it is made up for as its schedule's `catch_up` says. */
export const LATE_MS = 60_000;

/**
 * Carries out a tick: one update moves the schedule on to its next time, unless another worker has, and the same transaction stores the run. So a tick has one
 * run, with any number of tries and crashes. If the gate rejects the run, the run is recorded as failed. Without an approval of exactly its content, where it
 * needs one, the schedule waits for one instead.
 */
export async function fire(deps: FireDeps, id: string, due: Date): Promise<void> {
  const { database, clock, broker } = deps;
  const reader = database.fork();
  const stored = await readStored(database, id);
  const schedule = await reader.findOne(
    ScheduledJob,
    { id, enabled: true, state: "ACTIVE" },
    { populate: ["jobModel.defaultJobQueue", "jobQueue", "user"] },
  );
  if (!stored || schedule?.nextRunAt?.getTime() !== due.getTime()) return;
  const approval = await approvalOf(deps, schedule);
  // The content of a file that does not load is unknown: its approval stands for when it loads again.
  const loadError = deps.catalog.loadError(schedule.task);
  if (!approval && loadError === undefined && (await isInNeed(reader, schedule)))
    return deps.changed(await requestApprovalAgain(deps, schedule, due));
  const now = new Date(clock.now());
  const isMissed = due.getTime() < now.getTime() - LATE_MS;
  const isLeftOut = isMissed && schedule.catchUp === "SKIP";
  const next = timeAfter(schedule, due, now);
  // Only its first run can have been recorded before.
  const awaited = schedule.totalRunCount === 0 ? await awaitingRun(reader, id) : undefined;
  const launch = isLeftOut ? undefined : await prepareLaunch(deps, schedule, due, approval, awaited, loadError);
  const work = async (em: SqlEntityManager): Promise<NewRun | "lost" | undefined> => {
    if (!(await claim(em, schedule, stored, next, now, isLeftOut))) return "lost";
    if (approval) await mustBeApproved(em, schedule, approval);
    const made = await launch?.(em);
    if (made) await storeAwaited(em, awaited, made);
    return made;
  };
  // People search the log for the end of a schedule, and not for each of its ticks.
  const atItsEnd = () =>
    transact(database, atEnd(), async (unit) => {
      await unit.hold(ScheduledJob, { id });
      return work(unit.em);
    });
  const launched = await (next ? database.transaction(work).then((value) => ({ value, changes: [] })) : atItsEnd()).catch(
    (error: unknown) => {
      if (error instanceof NotApproved) return undefined;
      throw error;
    },
  );
  if (!launched) return deps.changed(await requestApprovalAgain(deps, schedule, due));
  const { value: run, changes } = launched;
  await deps.changed(changes);
  if (run === "lost") return;
  broker.notify(`schedule:${id}`);
  if (run) await send(deps, run);
}

const atEnd = (): Author => ({
  userId: null,
  username: "",
  rights: ALL_RIGHTS,
  requestId: newId(),
  context: "ORM",
  detail: "there is no further time at which it runs",
});

/** A schedule was changed while its time was carried out. */
class NotApproved extends Error {}

/** Compares the schedule with the approved content, once nobody can change it any more. @throws NotApproved */
async function mustBeApproved(em: SqlEntityManager, { id, approvedContent }: ScheduledJob, approval: Approval): Promise<void> {
  const schedule = await em.findOneOrFail(ScheduledJob, { id }, { populate: ["jobModel", "jobQueue", "user"] });
  if (contentOf(schedule, approval.sourceVersion) !== approvedContent) throw new NotApproved();
}

/** The time after one that is due. */
function timeAfter(schedule: ScheduledJob, due: Date, now: Date): Date | null {
  const { catchUp } = schedule;
  // A schedule that is run once is over with its time.
  const over = { ...storedTimesOf(schedule), lastRunAt: now };
  if (catchUp === "ALL") return nextTime(over, due);
  // A tick that is skipped must be late; a tick that is made up for by one run need not be.
  const from = catchUp === "ONE" ? now.getTime() : now.getTime() - LATE_MS;
  return nextTime(over, new Date(Math.max(due.getTime(), from)));
}

/** Returns when a schedule is due, as its row has it. */
const storedTimesOf = ({ interval, crontab, startTime, timeZone, oneOff, expires }: ScheduledJob) => ({
  interval,
  crontab,
  startTime,
  timeZone,
  oneOff,
  expires,
});

/** Asks the gate. @returns a function that makes the run, within the transaction that stores it: a waiting or a rejected one. */
async function prepareLaunch(
  deps: FireDeps,
  schedule: ScheduledJob,
  due: Date,
  approval: Approval | undefined,
  awaited: AwaitingRun | undefined,
  loadError: string | undefined,
): Promise<(em: SqlEntityManager) => Promise<NewRun>> {
  const refuse = (refusal: AppError) => refusedRun(deps.clock, refusal, columnsOf(schedule, due));
  try {
    if (loadError !== undefined) throw doesNotLoad(schedule.jobModel?.name ?? schedule.name, loadError);
    const asked = requestOf(schedule);
    refuseUser(schedule);
    const request = await findRequested(deps, {
      ...asked,
      data: { ...asked.data, ...openAwaited(deps.vault, awaited) },
      scheduledFor: due,
      approval,
    });
    const { launch } = await admit(deps, request);
    // Those of a run that was recorded before wait with it.
    if (!awaited) refuseSensitive(launch.job);
    return (em) => newRun(deps, em, launch, { id: awaited?.id }).catch((error: unknown) => refuse(asRefusal(error)));
  } catch (error) {
    const run = refuse(error instanceof SensitiveInputsLost ? new AppError("BAD_USER_INPUT", error.message) : asRefusal(error));
    return async () => run;
  }
}

function refuseUser({ user }: ScheduledJob): void {
  if (user?.isActive) return;
  const message = user
    ? `The user ${user.username}, who asked for the schedule, is not active.`
    : "The user who asked for the schedule is deleted.";
  throw new AppError("FORBIDDEN", message);
}

function columnsOf({ id, name, task, jobModel, jobQueue, kwargs, celeryKwargs, user }: ScheduledJob, due: Date) {
  const queue = jobQueue?.name ?? jobModel?.defaultJobQueue?.name;
  return {
    job_model_id: jobModel?.id ?? null,
    name: jobModel?.name ?? name,
    task_name: task,
    user_id: user?.id ?? null,
    task_kwargs: JSON.stringify(kwargs ?? {}),
    celery_kwargs: JSON.stringify({ ...celeryKwargs, ...(queue !== undefined && { queue }) }),
    ...scheduleColumns({ data: {}, userId: null, scheduledJobId: id, scheduledFor: due }),
  };
}

/** Columns of a schedule as the database has them, whichever way it spells times. */
type Stored = Pick<Selectable<Tables["scheduled_job"]>, "date_changed" | "next_run_at">;

async function readStored(database: Database, id: string): Promise<Stored | undefined> {
  const statement = database.rows.selectFrom("scheduled_job").select(["date_changed", "next_run_at"]).where("id", "=", id);
  return (await database.read(statement.compile()))[0];
}

/** Moves a schedule on from a time that is due. @returns false when somebody else has, or when it has changed meanwhile. */
async function claim(
  em: SqlEntityManager,
  { id, oneOff }: ScheduledJob,
  stored: Stored,
  next: Date | null,
  now: Date,
  isLeftOut: boolean,
): Promise<boolean> {
  const counted = { last_run_at: now.toISOString(), total_run_count: sql<number>`total_run_count + 1` };
  const ended = { enabled: sql.lit(false), state: isLeftOut && oneOff ? "ERRORED" : "COMPLETED" } as const;
  const claimed = await statementsOf(em)
    .updateTable("scheduled_job")
    .set({ next_run_at: next?.toISOString() ?? null, ...(!isLeftOut && counted), ...(!next && ended) })
    .where("id", "=", id)
    .where("next_run_at", "=", stored.next_run_at)
    .where(sql<boolean>`enabled`)
    .where("state", "=", "ACTIVE")
    // The prepared run belongs to this content of the schedule. Changed content is carried out at the next look.
    .where("date_changed", "=", stored.date_changed)
    .returning("id")
    .execute();
  return claimed.length > 0;
}

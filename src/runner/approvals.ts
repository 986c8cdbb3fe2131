import { type Author, holdOne, transact, type Unit } from "../changes/index.ts";
import { ScheduledJob, User } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import { isUuid } from "../entities/scalars.ts";
import { firstTime } from "../entities/schedule.ts";
import { AppError } from "../errors.ts";
import { contentOf } from "./approved-content.ts";
import { revokeWithin, tellRevoked } from "./cancel.ts";
import type { EnqueueDeps } from "./enqueue.ts";
import type { FireDeps } from "./fire.ts";
import { type Approval, needsApproval } from "./new-run.ts";
import { awaitingRun } from "./awaiting-runs.ts";
import type { ScheduleKwargs } from "./schedule-request.ts";
import type { ScheduleChange } from "./schedules.ts";
import { fileVersion, sourceVersion } from "./source-version.ts";

/*
 * A schedule whose runs need an approval is PENDING until somebody decides. What is approved is kept as a fingerprint of all that will be run.
 * The claim of each of its times makes it anew: where it is another one, whatever changed it, the schedule is PENDING again.
 */

/** What somebody decides on a schedule that waits for an approval. */
export interface Decision {
  state: "ACTIVE" | "CANCELED" | "DENIED";
  comment: string;
  /** The `date_changed` that who decides has seen. */
  unmodifiedSince?: Date | undefined;
  /** Lets through who may decide so. */
  check(requesterId: string | null): void;
}

/** What a schedule is that waits for an approval, of a version of its job's source. */
export const asked = (version: string | null) =>
  ({ state: "PENDING", nextRunAt: null, sourceVersion: version, ...UNDECIDED }) as const;

/** What a schedule is that nobody has decided on. */
export const UNDECIDED = { decisionDate: null, decidedBy: null, decidedByUserName: "", decisionComment: "" } as const;

/** The states of a schedule that was not let in. */
const NOT_LET_IN: ReadonlySet<string> = new Set(["PENDING", "DENIED", "CANCELED"]);

export function isLetIn({ state }: Pick<ScheduledJob, "state">): boolean {
  return !NOT_LET_IN.has(state);
}

/**
 * Decides on a schedule that waits for an approval.
 * @throws {@link AppError} NOT_FOUND; CONFLICT for one that does not wait, or is not what was seen; INVALID_SCHEDULE where its time has passed
 * meanwhile; what `check` throws.
 */
export async function decide(deps: FireDeps, author: Author, id: string, decision: Decision): Promise<ScheduleChange> {
  const { database, clock } = deps;
  const found = isUuid(id) ? await database.fork().findOne(ScheduledJob, { id }) : null;
  if (!found) throw new AppError("NOT_FOUND", `There is no scheduled job with id "${id}".`);
  decision.check(found.user?.id ?? null);
  const version = decision.state === "ACTIVE" ? await sourceVersion(deps.catalog, found.task) : undefined;
  const { value, changes } = await transact(database, author, async (unit) => {
    const schedule = await holdOne(unit, ScheduledJob, { id }, `id "${id}"`, decision.unmodifiedSince);
    decision.check(schedule.user?.id ?? null);
    if (schedule.state !== "PENDING") {
      const message = `The schedule "${schedule.name}" is ${schedule.state}: only one that is PENDING waits for a decision.`;
      throw new AppError("CONFLICT", message);
    }
    if (version !== undefined && schedule.sourceVersion !== version) {
      schedule.sourceVersion = version;
      return "stale";
    }
    const now = new Date(clock.now());
    schedule.state = decision.state;
    if (version !== undefined) await letIn(unit, schedule, version, now);
    schedule.decisionDate = now;
    schedule.decidedBy = author.userId === null ? null : unit.em.getReference(User, author.userId);
    schedule.decidedByUserName = author.username;
    schedule.decisionComment = decision.comment;
    if (version !== undefined) return undefined;
    const run = await awaitingRun(unit.em, id);
    if (run !== undefined) await revokeWithin(unit.em, clock, { id: run, reason: reasonOf(decision), by: author });
    return run;
  });
  if (value !== undefined && value !== "stale") tellRevoked(deps, value);
  if (value !== "stale") return { id, changes };
  await deps.changed(changes);
  const message = "The source of the job has changed since it was asked for: look at it again, and approve it then.";
  throw new AppError("CONFLICT", message, [{ field: "source_version", message }]);
}

const reasonOf = ({ state, comment }: Decision) =>
  `${state === "DENIED" ? "it was not approved" : "it was taken back"}${comment === "" ? "" : `: ${comment}`}`;

async function letIn(unit: Unit, schedule: ScheduledJob, version: string, now: Date): Promise<void> {
  await unit.em.populate(schedule, ["jobModel"]);
  schedule.approvedContent = contentOf(schedule, version);
  const next = firstTime(schedule, now);
  if (!next) {
    const message = "Its time has passed: whoever asked for it has to give another one.";
    throw new AppError("INVALID_SCHEDULE", message, [{ field: "start_time", message }]);
  }
  schedule.nextRunAt = schedule.enabled ? next : null;
}

/** Whether somebody has to approve the runs of a schedule, as its job is now. */
export function isInNeed({ jobModel, celeryKwargs }: ScheduledJob): boolean {
  return jobModel !== null && needsApproval(jobModel, (celeryKwargs as ScheduleKwargs | null)?.dryrun);
}

/** The approval of a schedule, if it is still for what would be run. */
export async function approvalOf({ catalog }: EnqueueDeps, schedule: ScheduledJob): Promise<Approval | undefined> {
  const { approvedContent, task, decisionDate, decidedByUserName, decisionComment } = schedule;
  const source = catalog.source(task);
  if (approvedContent === null || !source) return undefined;
  const version = await fileVersion(source.file);
  if (version === undefined || contentOf(schedule, version) !== approvedContent) return undefined;
  return { userName: decidedByUserName, date: decisionDate!, comment: decisionComment, sourceVersion: version };
}

/** Has a schedule wait for an approval again, since what would be run is not what was approved. */
export async function askAgain({ database, catalog }: EnqueueDeps, { id, task }: ScheduledJob, due: Date) {
  const source = catalog.source(task);
  const version = source && (await fileVersion(source.file));
  const author: Author = {
    userId: null,
    username: "",
    requestId: newId(),
    context: "ORM",
    detail: "what would be run has not been approved, or is not what was approved",
  };
  const { changes } = await transact(database, author, async (unit) => {
    for (const schedule of await unit.hold(ScheduledJob, { id, nextRunAt: due, enabled: true, state: "ACTIVE" }))
      Object.assign(schedule, asked(version ?? schedule.sourceVersion), { approvedContent: null });
  });
  return changes;
}

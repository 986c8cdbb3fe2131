import { type Approvers, mustTakePart, type Part } from "../../access/approve.ts";
import { ALL_RIGHTS, mayOn } from "../../access/rights.ts";
import { type Author, holdOne, transact, type Unit } from "../../changes/index.ts";
import { ScheduledJob, User } from "../../entities/index.ts";
import { newId } from "../../entities/new-id.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { isApproved } from "../../entities/is-approved.ts";
import { firstTime } from "../../entities/times/schedule.ts";
import { AppError, fieldError } from "../../errors.ts";
import {
  type ActiveStage,
  activeStage,
  beginWorkflow,
  cancelWorkflow,
  endWorkflow,
  openWorkflow,
  respond,
  stageApprovals,
} from "./workflows.ts";
import { requestedContentOf, contentOf } from "./content.ts";
import { awaitingRun } from "./awaiting-runs.ts";
import { revokeWithin, tellRevoked } from "../runs/cancel.ts";
import type { EnqueueDeps } from "../gate/enqueue.ts";
import type { FireDeps, ScheduleChange } from "../gate/fire-deps.ts";
import type { Approval } from "../runs/new-run.ts";
import { fileVersion } from "../catalog/file-version.ts";
import { sourceVersion } from "../gate/source-version.ts";

/*
 * A schedule whose runs need an approval is PENDING until it is decided on: by a user with the right, or in the stages of its workflow. The approved content is
 * kept as a fingerprint. The claim of each tick computes the fingerprint again: if it differs, for any reason, the schedule is PENDING again.
 */

/** A comment on a schedule that waits for an approval. */
export interface Said {
  comment: string;
  /** Id of the stage that it is said of; absent for the one that is to be decided on. */
  stageId?: string | undefined;
}

/** A decision on a schedule that waits for an approval. */
export interface Decision extends Said {
  state: "APPROVED" | "CANCELED" | "DENIED";
  /** The `date_changed` that the user of the decision has seen. */
  unmodifiedSince?: Date | undefined;
}

/** A request, held, with how far its approval has come. */
interface Pending {
  schedule: ScheduledJob;
  active: ActiveStage | undefined;
}

/** Columns of a schedule without a decision. */
const UNDECIDED = { decisionDate: null, decidedBy: null, decidedByUserName: "", decisionComment: "" } as const;

/** Makes a schedule, held or new, wait for an approval of its present content. Earlier decisions on it, partial ones too, become void. */
export async function requestApproval(unit: Unit, schedule: ScheduledJob, version: string | null, now: Date): Promise<void> {
  await unit.em.populate(schedule, ["jobModel", "user"]);
  const approvedContent = requestedContentOf(schedule, version);
  Object.assign(schedule, { state: "PENDING", nextRunAt: null, sourceVersion: version, approvedContent, ...UNDECIDED });
  await beginWorkflow(unit, schedule, now);
}

/** Makes a schedule, held, one that nobody has to decide on. */
export async function withdrawRequest(unit: Unit, schedule: ScheduledJob, now: Date): Promise<void> {
  Object.assign(schedule, UNDECIDED, { sourceVersion: null, approvedContent: null });
  if (!isApproved(schedule)) schedule.state = "ACTIVE";
  await cancelWorkflow(unit, schedule, now);
}

/**
 * Decides on a schedule that waits for an approval, or on its active stage.
 * @throws {@link AppError} NOT_FOUND; FORBIDDEN for an author who may not; CONFLICT for a schedule that does not wait, or has changed since the user saw it; INVALID_SCHEDULE if its time has
 * passed meanwhile.
 */
export async function decide(deps: FireDeps, author: Author, id: string, decision: Decision): Promise<ScheduleChange> {
  const { database, clock, catalog } = deps;
  const { state, comment, unmodifiedSince } = decision;
  const { value, changes } = await transact(database, author, async (unit) => {
    const part = state === "CANCELED" ? "withdraw" : "decide";
    const { schedule, active } = await holdPending(unit, id, part, decision, unmodifiedSince);
    const now = new Date(clock.now());
    const version = state === "APPROVED" ? await sourceVersion(catalog, schedule.task) : null;
    const workflow = await openWorkflow(unit, schedule);
    if (version !== null) {
      await unit.em.populate(schedule, ["jobModel"]);
      if (schedule.approvedContent !== requestedContentOf(schedule, version)) {
        await requestApproval(unit, schedule, version, now);
        return "stale";
      }
    }
    if (workflow && active) {
      touch(schedule);
      if (!(await respond(unit, workflow, active, decision, now))) return undefined;
    } else if (workflow) await endWorkflow(unit, workflow, state, now);
    if (version !== null) activate(schedule, version, now);
    else schedule.state = state as "CANCELED" | "DENIED";
    schedule.decisionDate = now;
    schedule.decidedBy = author.userId === null ? null : unit.em.getReference(User, author.userId);
    schedule.decidedByUserName = author.username;
    schedule.decisionComment = comment;
    if (version !== null) return undefined;
    const run = await awaitingRun(unit.em, id);
    if (run) await revokeWithin(unit.em, clock, { id: run.id, reason: reasonOf(decision, active), by: author });
    return run?.id;
  });
  if (value === "stale") {
    await deps.changed(changes);
    const message = "The content has changed since the request: read it again, and approve it then.";
    throw fieldError("CONFLICT", "source_version", message);
  }
  if (value !== undefined) tellRevoked(deps, value);
  return { id, changes };
}

/** Stores a comment on the active stage. @throws {@link AppError} NOT_FOUND, FORBIDDEN, CONFLICT. */
export async function commentOn({ database, clock }: FireDeps, author: Author, id: string, said: Said): Promise<ScheduleChange> {
  const { changes } = await transact(database, author, async (unit) => {
    const { schedule, active } = await holdPending(unit, id, "comment", said);
    const workflow = await openWorkflow(unit, schedule);
    if (!workflow || !active)
      throw new AppError("CONFLICT", `The schedule "${schedule.name}" has no stages: write a note on it instead.`);
    touch(schedule);
    await respond(unit, workflow, active, { state: "COMMENT", comment: said.comment }, new Date(clock.now()));
  });
  return { id, changes };
}

/** Throws unless a user may decide on a schedule, or on its active stage. @throws {@link AppError} FORBIDDEN. */
export async function mustDecideOn(
  { database }: FireDeps,
  { userId, rights }: Pick<Author, "rights" | "userId">,
  schedule: ScheduledJob,
): Promise<void> {
  const approvers = approversIn(await activeStage(database.fork(), schedule));
  const mayApprove = await mayOn(database, rights, "approve", ScheduledJob, schedule.id);
  mustTakePart("decide", { userId, requesterId: schedule.user?.id ?? null, approvers, mayApprove });
}

const approversIn = (active: ActiveStage | undefined): Approvers | undefined =>
  active && {
    name: active.group?.name ?? "a group that is deleted",
    userIds: new Set(active.group?.users.getItems().map(({ id }) => id)),
  };

async function holdPending(unit: Unit, id: string, part: Part, { stageId }: Said, unmodifiedSince?: Date): Promise<Pending> {
  const schedule = await holdOne(unit, ScheduledJob, { id: uuidOf(id) ?? [] }, `id "${id}"`, unmodifiedSince);
  if (schedule.state !== "PENDING") {
    const message = `The schedule "${schedule.name}" is ${schedule.state}: only one that is PENDING waits for a decision.`;
    throw new AppError("CONFLICT", message);
  }
  const active = await activeStage(unit.em, schedule);
  const mayApprove = (await unit.may("approve", ScheduledJob, [schedule.id])).has(schedule.id);
  const requesterId = schedule.user?.id ?? null;
  mustTakePart(part, { userId: unit.author.userId, requesterId, approvers: approversIn(active), mayApprove });
  if (stageId !== undefined && uuidOf(stageId) !== active?.stage.id) {
    const message = "This stage is not active: read the schedule again.";
    throw fieldError("CONFLICT", "stage", message);
  }
  return { schedule, active };
}

/** A response changes the request, so that earlier readers have not seen its current state. */
function touch(schedule: ScheduledJob): void {
  schedule.dateChanged = new Date(schedule.dateChanged.getTime() + 1);
}

function reasonOf({ state, comment: said }: Decision, active: ActiveStage | undefined): string {
  const denial = active?.stage.approvalWorkflowStageDefinition?.denialMessage ?? "";
  const words = state === "DENIED" ? ["it was not approved", denial, said] : ["it was taken back", said];
  return words.filter((one) => one !== "").join(": ");
}

function activate(schedule: ScheduledJob, version: string, now: Date): void {
  schedule.state = "ACTIVE";
  schedule.approvedContent = contentOf(schedule, version);
  const next = firstTime(schedule, now);
  if (!next) {
    const message = "The time of the request has passed: its requester has to give another one.";
    throw fieldError("INVALID_SCHEDULE", "start_time", message);
  }
  schedule.nextRunAt = schedule.enabled ? next : null;
}

/** Returns the approval of a schedule, if it still holds for the content of its next run. */
export async function approvalOf({ database, catalog }: EnqueueDeps, schedule: ScheduledJob): Promise<Approval | undefined> {
  const { approvedContent, task, decisionDate, decidedByUserName, decisionComment } = schedule;
  const source = catalog.source(task);
  if (approvedContent === null || !source) return undefined;
  const version = await fileVersion(source.file);
  if (version === undefined || contentOf(schedule, version) !== approvedContent) return undefined;
  const inStages = await stageApprovals(database.fork(), schedule);
  const alone = { userName: decidedByUserName, date: decisionDate!, comment: decisionComment, stage: null };
  return { sourceVersion: version, given: inStages.length > 0 ? inStages : [alone] };
}

/** Makes a schedule wait for an approval again, since its content differs from the approved one. */
export async function requestApprovalAgain({ database, catalog, clock }: EnqueueDeps, { id, task }: ScheduledJob, due: Date) {
  const source = catalog.source(task);
  const version = source && (await fileVersion(source.file));
  const author: Author = {
    userId: null,
    username: "",
    rights: ALL_RIGHTS,
    requestId: newId(),
    context: "ORM",
    detail: "what would be run has not been approved, or is not what was approved",
  };
  const { changes } = await transact(database, author, async (unit) => {
    const [schedule] = await unit.hold(ScheduledJob, { id, enabled: true, state: "ACTIVE" });
    if (schedule?.nextRunAt?.getTime() === due.getTime())
      await requestApproval(unit, schedule, version ?? schedule.sourceVersion, new Date(clock.now()));
  });
  return changes;
}

import type { SqlEntityManager } from "@mikro-orm/sql";
import type { Unit } from "../../changes/index.ts";
import type { ApprovalWorkflowStageResponseState } from "../../entities/choices.ts";
import { contentTypeLabel } from "../../entities/content-types.ts";
import { statementsOf } from "../../entities/database.ts";
import {
  ApprovalWorkflow,
  ApprovalWorkflowStage,
  ApprovalWorkflowStageResponse,
  ContentType,
  type Group,
  type ScheduledJob,
  User,
} from "../../entities/index.ts";
import { isoTime } from "../../entities/times/timestamp.ts";
import { AppError } from "../../errors.ts";
import { definitionFor } from "../gate/approval-need.ts";
import { contentOf } from "./content.ts";
import type { Approval } from "../runs/new-run.ts";

/*
 * An approval in stages. Each stage has a group and a number of approvals, which it needs before the next one begins. A single denial ends the workflow.
 * Responses count for the content that the workflow began with: a change of the content begins another workflow.
 */

/** A response to a stage. */
export interface Response {
  state: Exclude<ApprovalWorkflowStageResponseState, "PENDING">;
  comment: string;
}

/** The stage of a workflow that is to be decided on. */
export interface ActiveStage {
  stage: ApprovalWorkflowStage;
  /** Its group, with references to its users; null once its definition is deleted. */
  group: Group | null;
}

/**
 * Begins the workflow of a request, if one is defined for it, in the place of the one that goes on.
 * @param schedule with its job and its user loaded.
 */
export async function beginWorkflow(unit: Unit, schedule: ScheduledJob, now: Date): Promise<void> {
  await cancelWorkflow(unit, schedule, now);
  const definition = await definitionFor(unit.em, schedule);
  if (!definition) return;
  const { id, user, sourceVersion } = schedule;
  const type = await unit.em.findOneOrFail(ContentType, { label: contentTypeLabel(schedule.constructor) });
  const workflow = unit.create(ApprovalWorkflow, {
    approvalWorkflowDefinition: definition,
    objectUnderReviewContentType: type,
    objectUnderReviewObjectId: id,
    user,
    userName: user?.username ?? "",
    content: contentOf(schedule, sourceVersion),
  });
  const stages = await definition.approvalWorkflowStageDefinitions.loadItems({ orderBy: { sequence: "asc" } });
  for (const [n, stage] of stages.entries())
    unit.create(ApprovalWorkflowStage, {
      approvalWorkflow: workflow,
      approvalWorkflowStageDefinition: stage,
      isActiveStage: n === 0,
      remainingApprovals: stage.minApprovers,
    });
}

/** Ends the workflow of a schedule that goes on, if there is one, since nobody is to decide on it any more. */
export async function cancelWorkflow(unit: Unit, schedule: ScheduledJob, now: Date): Promise<void> {
  const workflow = await openWorkflow(unit, schedule);
  if (workflow) await endWorkflow(unit, workflow, "CANCELED", now);
}

/** The workflow of a schedule that goes on, held. */
export async function openWorkflow(unit: Unit, { id }: ScheduledJob): Promise<ApprovalWorkflow | undefined> {
  const [workflow] = await unit.hold(ApprovalWorkflow, { objectUnderReviewObjectId: id, currentState: "PENDING" });
  return workflow;
}

/** The stage of a schedule's workflow that is to be decided on now; undefined where there is none. */
export async function activeStage(em: SqlEntityManager, { id }: ScheduledJob): Promise<ActiveStage | undefined> {
  const stage = await em.findOne(
    ApprovalWorkflowStage,
    { isActiveStage: true, approvalWorkflow: { objectUnderReviewObjectId: id, currentState: "PENDING" } },
    { populate: ["approvalWorkflowStageDefinition.approverGroup"] },
  );
  if (!stage) return undefined;
  const group = stage.approvalWorkflowStageDefinition?.approverGroup ?? null;
  // Only their ids are needed.
  await group?.users.init({ ref: true });
  return { stage, group };
}

/** Ends a workflow. Its undecided stages can no longer be decided. */
export async function endWorkflow(
  unit: Unit,
  workflow: ApprovalWorkflow,
  state: "APPROVED" | "CANCELED" | "DENIED",
  now: Date,
): Promise<void> {
  Object.assign(workflow, { currentState: state, decisionDate: now });
  for (const stage of await undecidedStages(unit, workflow)) decideStage(stage, "CANCELED", now);
}

/** The stages of a workflow that are not decided on, held, in their sequence. */
async function undecidedStages(unit: Unit, workflow: ApprovalWorkflow): Promise<ApprovalWorkflowStage[]> {
  const stages = await unit.hold(ApprovalWorkflowStage, { approvalWorkflow: workflow, state: "PENDING" });
  // Decisions of this very transaction are not stored yet.
  return stages.filter(({ state }) => state === "PENDING");
}

function decideStage(stage: ApprovalWorkflowStage, state: "APPROVED" | "CANCELED" | "DENIED", now: Date): void {
  Object.assign(stage, { state, decisionDate: now, isActiveStage: false });
}

/**
 * Stores a response to the active stage, and its consequences.
 * @returns true if the workflow has come to its end.
 * @throws {@link AppError} CONFLICT for an approver who has approved the stage before.
 */
export async function respond(
  unit: Unit,
  workflow: ApprovalWorkflow,
  { stage: { id } }: ActiveStage,
  { state, comment }: Response,
  now: Date,
): Promise<boolean> {
  const { em, author } = unit;
  const [stage] = await unit.hold(ApprovalWorkflowStage, { id });
  if (
    state === "APPROVED" &&
    (await em.count(ApprovalWorkflowStageResponse, { approvalWorkflowStage: id, state, user: author.userId })) > 0
  )
    throw new AppError("CONFLICT", "You have approved this stage before: it waits for others of its group.");
  unit.create(ApprovalWorkflowStageResponse, {
    approvalWorkflowStage: stage!,
    user: author.userId === null ? null : em.getReference(User, author.userId),
    userName: author.username,
    comments: comment,
    state,
    lastUpdated: now,
  });
  if (state === "COMMENT") return false;
  if (state !== "APPROVED") {
    decideStage(stage!, state, now);
    await endWorkflow(unit, workflow, state, now);
    return true;
  }
  stage!.remainingApprovals -= 1;
  if (stage!.remainingApprovals > 0) return false;
  decideStage(stage!, "APPROVED", now);
  const [next] = await undecidedStages(unit, workflow);
  if (next) next.isActiveStage = true;
  else await endWorkflow(unit, workflow, "APPROVED", now);
  return next === undefined;
}

/** Returns the approvals of a schedule's content in stages, oldest first; empty without stages. */
export async function stageApprovals(em: SqlEntityManager, { id, approvedContent }: ScheduledJob): Promise<Approval["given"]> {
  const rows = statementsOf(em);
  const last = rows
    .selectFrom("approval_workflow")
    .select("id")
    .where("object_under_review_object_id", "=", id)
    .where("content", "=", approvedContent)
    .where("current_state", "=", "APPROVED")
    .orderBy("id", "desc")
    .limit(1);
  const found = await rows
    .selectFrom("approval_workflow_stage_response as response")
    .innerJoin("approval_workflow_stage as stage", "stage.id", "response.approval_workflow_stage_id")
    .leftJoin("approval_workflow_stage_definition as definition", "definition.id", "stage.approval_workflow_stage_definition_id")
    .select(["response.user_name", "response.last_updated", "response.comments", "definition.name"])
    .where("stage.approval_workflow_id", "=", last)
    .where("response.state", "=", "APPROVED")
    .orderBy("response.id")
    .execute();
  return found.map(({ user_name, last_updated, comments, name }) => ({
    userName: user_name,
    date: new Date(isoTime(last_updated!)),
    comment: comments,
    stage: name,
  }));
}

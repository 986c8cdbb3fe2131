import { Resolver } from "type-graphql";
import {
  ApprovalWorkflow,
  ApprovalWorkflowDefinition,
  ApprovalWorkflowStage,
  ApprovalWorkflowStageDefinition,
  ApprovalWorkflowStageResponse,
} from "../../../entities/index.ts";
import "./approval-filters.ts";
import { modelMutations } from "../../model/model-mutations.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Definitions of approvals and their stages. */
@Resolver(() => ApprovalWorkflowDefinition)
export class ApprovalWorkflowDefinitionResolver extends namedResolver(ApprovalWorkflowDefinition, {
  one: "approval_workflow_definition",
  many: "approval_workflow_definitions",
}) {}

/** Definitions: to make, to change, to delete; for superusers, as their rules have it. */
@Resolver()
export class ApprovalWorkflowDefinitionMutations extends modelMutations(ApprovalWorkflowDefinition, {
  create: ["name", "model_content_type", "model_constraints", "weight", "tags"],
}) {}

/** Stages of definitions. */
@Resolver(() => ApprovalWorkflowStageDefinition)
export class ApprovalWorkflowStageDefinitionResolver extends namedResolver(ApprovalWorkflowStageDefinition, {
  one: "approval_workflow_stage_definition",
  many: "approval_workflow_stage_definitions",
  display: { needs: ["name"], of: (row) => String(row["name"]) },
}) {}

const STAGE_FIELDS = ["sequence", "name", "min_approvers", "denial_message", "approver_group"];

/** Their stages: to make, to change, to delete; for superusers too. */
@Resolver()
export class ApprovalWorkflowStageDefinitionMutations extends modelMutations(ApprovalWorkflowStageDefinition, {
  create: ["approval_workflow_definition", ...STAGE_FIELDS],
  update: STAGE_FIELDS,
}) {}

/** Approval workflows, to read. */
@Resolver(() => ApprovalWorkflow)
export class ApprovalWorkflowResolver extends namedResolver(ApprovalWorkflow, {
  one: "approval_workflow",
  many: "approval_workflows",
  display: {
    needs: ["object_under_review_object_id", "current_state"],
    of: (row) => `${String(row["object_under_review_object_id"])} (${String(row["current_state"]).toLowerCase()})`,
  },
}) {}

/** Their stages. */
@Resolver(() => ApprovalWorkflowStage)
export class ApprovalWorkflowStageResolver extends namedResolver(ApprovalWorkflowStage, {
  one: "approval_workflow_stage",
  many: "approval_workflow_stages",
  display: { needs: ["state"], of: (row) => `${row.id} (${String(row["state"]).toLowerCase()})` },
}) {}

/** Responses of users. */
@Resolver(() => ApprovalWorkflowStageResponse)
export class ApprovalWorkflowStageResponseResolver extends namedResolver(ApprovalWorkflowStageResponse, {
  one: "approval_workflow_stage_response",
  many: "approval_workflow_stage_responses",
  display: { needs: ["user_name", "state"], of: (row) => `${row["user_name"]}: ${String(row["state"]).toLowerCase()}` },
}) {}

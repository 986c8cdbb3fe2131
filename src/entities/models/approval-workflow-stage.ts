import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowStageDefinition } from "./approval-workflow-stage-definition.ts";
import { ApprovalWorkflowStageResponse } from "./approval-workflow-stage-response.ts";
import { ApprovalWorkflow } from "./approval-workflow.ts";
import { TimestampedModel } from "./base.ts";
import { ApprovalWorkflowStageState } from "../choices.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { BelongsTo, Choice, Column, HasMany, Model } from "../mapping/model.ts";

/** One stage of a workflow: what is asked of one group. */
@Model({
  description: "One stage of a workflow: what is asked of one group.",
  // Stages are made in their sequence, and their ids are in the order of time.
  ordering: ["approval_workflow", "id"],
  search: ["approval_workflow_stage_definition.name", "approval_workflow.approval_workflow_definition.name"],
  unique: [["approvalWorkflow", "approvalWorkflowStageDefinition"]],
  indexes: [["approvalWorkflow", "id"]],
})
export class ApprovalWorkflowStage extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @BelongsTo(() => ApprovalWorkflow, { description: "The workflow that the stage is of.", onDelete: "cascade", index: false })
  approvalWorkflow!: ApprovalWorkflow;

  @BelongsTo(() => ApprovalWorkflowStageDefinition, {
    description: "The definition that it follows; null once that is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  approvalWorkflowStageDefinition!: ApprovalWorkflowStageDefinition | null;

  @Choice(ApprovalWorkflowStageState, { description: "Where the stage stands.", default: ApprovalWorkflowStageState.PENDING })
  state!: ApprovalWorkflowStageState;

  @Column("timestamp", { description: "When it was approved, denied or canceled; null before.", nullable: true })
  decisionDate!: Date | null;

  @Column("boolean", {
    description: "True for the stage of its workflow that is to be decided on now.",
    default: false,
    index: true,
  })
  isActiveStage!: boolean;

  @Column("integer", {
    description: "How many have still to approve, of as many as the definition asked for when the workflow began.",
  })
  remainingApprovals!: number;

  @HasMany(() => ApprovalWorkflowStageResponse, "approvalWorkflowStage", {
    description: "What users have decided on it and said of it, oldest first.",
  })
  approvalWorkflowStageResponses = new Collection<ApprovalWorkflowStageResponse>(this);
}

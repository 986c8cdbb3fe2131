import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowStageDefinition } from "./approval-workflow-stage-definition.ts";
import { ApprovalWorkflowStageResponse } from "./approval-workflow-stage-response.ts";
import { ApprovalWorkflow } from "./approval-workflow.ts";
import { TimestampedModel } from "./base.ts";
import { ApprovalWorkflowStageState } from "../choices.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { BelongsTo, Choice, Column, HasMany, Model } from "../mapping/model.ts";

/** A stage of a workflow: an approval by one group. */
@Model({
  description: "A stage of a workflow.",
  // Stages are made in their sequence, and their ids are in the order of time.
  ordering: ["approval_workflow", "id"],
  search: ["approval_workflow_stage_definition.name", "approval_workflow.approval_workflow_definition.name"],
  unique: [["approvalWorkflow", "approvalWorkflowStageDefinition"]],
  indexes: [["approvalWorkflow", "id"]],
})
export class ApprovalWorkflowStage extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @BelongsTo(() => ApprovalWorkflow, { description: "The workflow of the stage.", onDelete: "cascade", index: false })
  approvalWorkflow!: ApprovalWorkflow;

  @BelongsTo(() => ApprovalWorkflowStageDefinition, {
    description: "The definition of the stage; null once it is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  approvalWorkflowStageDefinition!: ApprovalWorkflowStageDefinition | null;

  @Choice(ApprovalWorkflowStageState, { description: "The state of the stage.", default: ApprovalWorkflowStageState.PENDING })
  state!: ApprovalWorkflowStageState;

  @Column("timestamp", { description: "Time of the decision; null before.", nullable: true })
  decisionDate!: Date | null;

  @Column("boolean", {
    description: "True for the stage that waits for a decision now.",
    default: false,
    index: true,
  })
  isActiveStage!: boolean;

  @Column("integer", {
    description: "Number of approvals that the stage still needs.",
  })
  remainingApprovals!: number;

  @HasMany(() => ApprovalWorkflowStageResponse, "approvalWorkflowStage", {
    description: "The responses to the stage, oldest first.",
  })
  approvalWorkflowStageResponses = new Collection<ApprovalWorkflowStageResponse>(this);
}

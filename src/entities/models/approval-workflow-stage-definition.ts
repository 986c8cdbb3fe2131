import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowDefinition } from "./approval-workflow-definition.ts";
import { ApprovalWorkflowStage } from "./approval-workflow-stage.ts";
import { TimestampedModel } from "./base.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { Group } from "./group.ts";
import { BelongsTo, Column, HasMany, Model } from "../mapping/model.ts";

/** A stage of a definition: its group, and the number of approvals that it needs. */
@Model({
  description: "A stage of a definition: the group and the number of approvals that it needs.",
  ordering: ["approval_workflow_definition", "sequence"],
  search: ["name", "denial_message"],
  unique: [
    ["approvalWorkflowDefinition", "sequence"],
    ["approvalWorkflowDefinition", "name"],
  ],
})
export class ApprovalWorkflowStageDefinition extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @BelongsTo(() => ApprovalWorkflowDefinition, {
    description: "The definition of the stage.",
    onDelete: "cascade",
    index: false,
  })
  approvalWorkflowDefinition!: ApprovalWorkflowDefinition;

  @Column("integer", { description: "Position of the stage, lowest first." })
  sequence!: number;

  @Column("string", { description: "Name of the stage, unique in its definition.", length: 255 })
  name!: string;

  @Column("integer", { description: "Number of approvals that the stage needs." })
  minApprovers!: number;

  @Column("string", { description: "Message to the requester when the stage is denied.", length: 255, default: "" })
  denialMessage!: string;

  @BelongsTo(() => Group, { description: "The group that approves or denies the stage.", onDelete: "cascade" })
  approverGroup!: Group;

  @HasMany(() => ApprovalWorkflowStage, "approvalWorkflowStageDefinition", {
    description: "The stages of workflows that this definition applies to.",
  })
  approvalWorkflowStages = new Collection<ApprovalWorkflowStage>(this);
}

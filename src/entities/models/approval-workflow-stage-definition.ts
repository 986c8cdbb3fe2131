import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowDefinition } from "./approval-workflow-definition.ts";
import { ApprovalWorkflowStage } from "./approval-workflow-stage.ts";
import { TimestampedModel } from "./base.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { Group } from "./group.ts";
import { BelongsTo, Column, HasMany, Model } from "../mapping/model.ts";

/** Who has to approve, and how many of them, before the next stage begins. */
@Model({
  description: "Who has to approve, and how many of them, before the next stage begins.",
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
    description: "The definition that the stage is of.",
    onDelete: "cascade",
    index: false,
  })
  approvalWorkflowDefinition!: ApprovalWorkflowDefinition;

  @Column("integer", { description: "Place of the stage: the lowest number comes first." })
  sequence!: number;

  @Column("string", { description: "Name of the stage, unique in its definition.", length: 255 })
  name!: string;

  @Column("integer", { description: "How many of the group have to approve." })
  minApprovers!: number;

  @Column("string", { description: "What is said to who asks when the stage is denied.", length: 255, default: "" })
  denialMessage!: string;

  @BelongsTo(() => Group, { description: "The group whose users may approve or deny.", onDelete: "cascade" })
  approverGroup!: Group;

  @HasMany(() => ApprovalWorkflowStage, "approvalWorkflowStageDefinition", {
    description: "The stages of workflows that follow it.",
  })
  approvalWorkflowStages = new Collection<ApprovalWorkflowStage>(this);
}

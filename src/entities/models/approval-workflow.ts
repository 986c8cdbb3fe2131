import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowDefinition } from "./approval-workflow-definition.ts";
import { ApprovalWorkflowStage } from "./approval-workflow-stage.ts";
import { TimestampedModel } from "./base.ts";
import { ApprovalWorkflowState } from "../choices.ts";
import { ContentType } from "./content-type.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { BelongsTo, Choice, Column, HasMany, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** How far the approval of one object has come. */
@Model({
  description: "How far the approval of one object has come.",
  ordering: ["approval_workflow_definition"],
  search: ["object_under_review_content_type.app_label", "object_under_review_content_type.model"],
  indexes: [
    ["approvalWorkflowDefinition", "id"],
    ["objectUnderReviewObjectId", "currentState"],
  ],
})
export class ApprovalWorkflow extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @BelongsTo(() => ApprovalWorkflowDefinition, {
    description: "The definition that it follows; null once that is deleted.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  approvalWorkflowDefinition!: ApprovalWorkflowDefinition | null;

  @BelongsTo(() => ContentType, { description: "Kind of the object: `extras.scheduledjob`.", onDelete: "cascade" })
  objectUnderReviewContentType!: ContentType;

  @Column("uuid", { description: "Primary key of the object." })
  objectUnderReviewObjectId!: string;

  @Choice(ApprovalWorkflowState, { description: "Where the workflow stands.", default: ApprovalWorkflowState.PENDING })
  currentState!: ApprovalWorkflowState;

  @Column("timestamp", { description: "When it came to its end; null while it goes on.", nullable: true })
  decisionDate!: Date | null;

  @BelongsTo(() => User, {
    description: "Who asks for the approval; null once the user is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  user!: User | null;

  @Column("string", { description: "Username of who asks, at the time.", length: 150, default: "", index: true })
  userName!: string;

  @Column("string", {
    description: "Fingerprint of all that is to be approved, as `contentOf` makes it: no response counts for anything else.",
    length: 64,
    nullable: true,
    hidden: true,
  })
  content!: string | null;

  @HasMany(() => ApprovalWorkflowStage, "approvalWorkflow", { description: "Its stages, in their sequence." })
  approvalWorkflowStages = new Collection<ApprovalWorkflowStage>(this);
}

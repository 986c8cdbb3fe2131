import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowDefinition } from "./approval-workflow-definition.ts";
import { ApprovalWorkflowStage } from "./approval-workflow-stage.ts";
import { TimestampedModel } from "./base.ts";
import { ApprovalWorkflowState } from "../choices.ts";
import { ContentType } from "./content-type.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { BelongsTo, Choice, Column, HasMany, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** Progress of the approval of one object. */
@Model({
  description: "The progress of one request through its approval.",
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
    description: "The definition of the workflow; null once it is deleted.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  approvalWorkflowDefinition!: ApprovalWorkflowDefinition | null;

  @BelongsTo(() => ContentType, { description: "Kind of the object: `extras.scheduledjob`.", onDelete: "cascade" })
  objectUnderReviewContentType!: ContentType;

  @Column("uuid", { description: "Primary key of the object." })
  objectUnderReviewObjectId!: string;

  @Choice(ApprovalWorkflowState, { description: "The state of the workflow.", default: ApprovalWorkflowState.PENDING })
  currentState!: ApprovalWorkflowState;

  @Column("timestamp", { description: "Time when the workflow ended; null before.", nullable: true })
  decisionDate!: Date | null;

  @BelongsTo(() => User, {
    description: "The requester; null once the user is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  user!: User | null;

  @Column("string", {
    description: "Username of the requester at the time of the request.",
    length: 150,
    default: "",
    index: true,
  })
  userName!: string;

  @Column("string", {
    description: "Fingerprint of the content under approval. Responses count for this content only.",
    length: 64,
    nullable: true,
    hidden: true,
  })
  content!: string | null;

  @HasMany(() => ApprovalWorkflowStage, "approvalWorkflow", { description: "The stages, by sequence." })
  approvalWorkflowStages = new Collection<ApprovalWorkflowStage>(this);
}

import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowStageDefinition } from "./approval-workflow-stage-definition.ts";
import { ApprovalWorkflow } from "./approval-workflow.ts";
import { Tags } from "./attached.ts";
import { TimestampedModel } from "./base.ts";
import { ContentType } from "./content-type.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { BelongsTo, Column, HasMany, Model } from "../mapping/model.ts";
import type { Tag } from "./tag.ts";

/** What has to be approved, and in which stages. */
@Model({
  description: "What has to be approved, and in which stages.",
  ordering: ["name"],
  search: ["name", "model_content_type.app_label", "model_content_type.model"],
  naturalKey: "name",
  unique: [["modelContentType", "weight"]],
})
export class ApprovalWorkflowDefinition extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @Column("string", { description: "Unique name of the definition.", length: 255, unique: true })
  name!: string;

  @BelongsTo(() => ContentType, {
    description: "Kind of the objects that have to be approved: `extras.scheduledjob`.",
    onDelete: "cascade",
    index: false,
  })
  modelContentType!: ContentType;

  @Column("json", {
    description:
      'Which objects of the kind have to be approved, as Django\'s lookups, all of which hold: `{"job_model__name__in": ["A", "B"]}`. All of them where there are none.',
    nullable: true,
    default: () => ({}),
  })
  modelConstraints!: Record<string, unknown> | null;

  @Column("integer", {
    description: "Of the definitions that an object fits, the one with the highest weight holds.",
    default: 0,
  })
  weight!: number;

  @HasMany(() => ApprovalWorkflowStageDefinition, "approvalWorkflowDefinition", {
    description: "Its stages, in their sequence; without any, staff decide.",
  })
  approvalWorkflowStageDefinitions = new Collection<ApprovalWorkflowStageDefinition>(this);

  @HasMany(() => ApprovalWorkflow, "approvalWorkflowDefinition", { description: "The workflows that it has begun." })
  approvalWorkflows = new Collection<ApprovalWorkflow>(this);

  @Tags("approval_workflow_definition_tag")
  tags = new Collection<Tag>(this);
}

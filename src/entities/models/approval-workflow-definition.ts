import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowStageDefinition } from "./approval-workflow-stage-definition.ts";
import { ApprovalWorkflow } from "./approval-workflow.ts";
import { Tags } from "./attached.ts";
import { TimestampedModel } from "./base.ts";
import { ContentType } from "./content-type.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { BelongsTo, Column, HasMany, Model } from "../mapping/model.ts";
import type { Tag } from "./tag.ts";

/** A definition of approvals and their stages. */
@Model({
  description: "A definition of the approvals that objects need, and of their stages.",
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
    description: "Kind of the objects that need the approvals: `extras.scheduledjob`.",
    onDelete: "cascade",
    index: false,
  })
  modelContentType!: ContentType;

  @Column("json", {
    description:
      'Objects of the kind that need the approvals, as Django\'s lookups: `{"job_model__name__in": ["A", "B"]}`. An object has to match all of them. Without lookups, every object needs the approvals.',
    nullable: true,
    default: () => ({}),
  })
  modelConstraints!: Record<string, unknown> | null;

  @Column("integer", {
    description: "Priority. Of all definitions that match an object, the one with the highest weight applies.",
    default: 0,
  })
  weight!: number;

  @HasMany(() => ApprovalWorkflowStageDefinition, "approvalWorkflowDefinition", {
    description: "The stages, by sequence. Without stages, users with the right to approve decide.",
  })
  approvalWorkflowStageDefinitions = new Collection<ApprovalWorkflowStageDefinition>(this);

  @HasMany(() => ApprovalWorkflow, "approvalWorkflowDefinition", { description: "The workflows of this definition." })
  approvalWorkflows = new Collection<ApprovalWorkflow>(this);

  @Tags("approval_workflow_definition_tag")
  tags = new Collection<Tag>(this);
}

import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowStageDefinition } from "./approval-workflow-stage-definition.ts";
import { TimestampedModel } from "./base.ts";
import { Column, HasMany, LinkedTo, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** Users who may do something together: approve the stage of a workflow. */
@Model({
  description: "Users who may do something together: approve a stage of an approval workflow.",
  ordering: ["name"],
  search: ["name"],
  naturalKey: "name",
})
export class Group extends TimestampedModel {
  @Column("string", { description: "Unique name of the group.", length: 150, unique: true })
  name!: string;

  @LinkedTo(() => User, { table: "group_user", description: "Who belongs to the group." })
  users = new Collection<User>(this);

  @HasMany(() => ApprovalWorkflowStageDefinition, "approverGroup", { description: "The stages that the group approves." })
  approvalWorkflowStageDefinitions = new Collection<ApprovalWorkflowStageDefinition>(this);
}

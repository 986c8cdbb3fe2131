import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowStageDefinition } from "./approval-workflow-stage-definition.ts";
import { TimestampedModel } from "./base.ts";
import { Column, HasMany, LinkedTo, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** Users who may do something together: approve the stage of a workflow. */
@Model({
  description: "Users who approve stages of approval workflows together.",
  ordering: ["name"],
  search: ["name"],
  naturalKey: "name",
})
export class Group extends TimestampedModel {
  @Column("string", { description: "Unique name of the group.", length: 150, unique: true })
  name!: string;

  @LinkedTo(() => User, { table: "group_user", description: "Members of the group." })
  users = new Collection<User>(this);

  @HasMany(() => ApprovalWorkflowStageDefinition, "approverGroup", {
    description: "The stage definitions that the group approves.",
  })
  approvalWorkflowStageDefinitions = new Collection<ApprovalWorkflowStageDefinition>(this);
}

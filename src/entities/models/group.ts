import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowStageDefinition } from "./approval-workflow-stage-definition.ts";
import { TimestampedModel } from "./base.ts";
import { Column, HasMany, LinkedTo, Model } from "../mapping/model.ts";
import { ObjectPermission } from "./object-permission.ts";
import { User } from "./user.ts";

/** Users who have permissions together, and approve stages of workflows. */
@Model({
  description: "Users who have permissions together, and approve stages of approval workflows.",
  ordering: ["name"],
  search: ["name"],
  naturalKey: "name",
})
export class Group extends TimestampedModel {
  @Column("string", { description: "Unique name of the group.", length: 150, unique: true })
  name!: string;

  @Column("integer", {
    description: "Levels that a document of a member may have; null for no limit of the group's own.",
    nullable: true,
  })
  maxQueryDepth!: number | null;

  @Column("integer", {
    description: "Values that an answer of a member may have; null for no limit of the group's own.",
    nullable: true,
  })
  maxQueryCost!: number | null;

  @Column("integer", {
    description: "Characters that an answer of a member may have, about; null for no limit of the group's own.",
    nullable: true,
  })
  maxAnswerBytes!: number | null;

  @Column("integer", {
    description: "Milliseconds that an operation of a member may take; null for no limit of the group's own.",
    nullable: true,
  })
  operationTimeoutMs!: number | null;

  @LinkedTo(() => User, { table: "group_user", description: "Members of the group." })
  users = new Collection<User>(this);

  @LinkedTo(() => ObjectPermission, {
    table: "object_permission_group",
    mappedBy: "groups",
    description: "Permissions of the group's members.",
  })
  objectPermissions = new Collection<ObjectPermission>(this);

  @HasMany(() => ApprovalWorkflowStageDefinition, "approverGroup", {
    description: "The stage definitions that the group approves.",
  })
  approvalWorkflowStageDefinitions = new Collection<ApprovalWorkflowStageDefinition>(this);
}

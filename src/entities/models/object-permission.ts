import { Collection } from "@mikro-orm/core";
import { TimestampedModel } from "./base.ts";
import { ContentType } from "./content-type.ts";
import { Group } from "./group.ts";
import { Column, LinkedTo, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** Lets users do something with objects of some kinds: Nautobot's `ObjectPermission`. */
@Model({
  description: "A permission: it lets users and groups do certain actions with objects of certain kinds.",
  ordering: ["name"],
  search: ["name", "description"],
  naturalKey: "name",
})
export class ObjectPermission extends TimestampedModel {
  @Column("string", { description: "Unique name of the permission.", length: 100, unique: true })
  name!: string;

  @Column("string", { description: "Purpose of the permission.", length: 200, default: "" })
  description!: string;

  @Column("boolean", { description: "False for a permission that lets nobody do anything.", default: true })
  enabled!: boolean;

  @LinkedTo(() => ContentType, { table: "object_permission_content_type", description: "Kinds of objects." })
  objectTypes = new Collection<ContentType>(this);

  @LinkedTo(() => Group, { table: "object_permission_group", description: "Groups whose users have the permission." })
  groups = new Collection<Group>(this);

  @LinkedTo(() => User, { table: "object_permission_user", description: "Users who have the permission themselves." })
  users = new Collection<User>(this);

  @Column("json", {
    description: "Actions that the permission allows, such as `view`, `add`, `change`, `delete` and `run`.",
    default: () => [],
    list: true,
  })
  actions!: string[];

  @Column("json", {
    description:
      'Objects that the permission is for, as filters by name: `{"status": "SUCCESS"}`; a list of such objects matches any of them, and `"$user"` stands for the user. Null for all objects.',
    nullable: true,
  })
  constraints!: Record<string, unknown> | Record<string, unknown>[] | null;
}

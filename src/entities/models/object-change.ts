import { BaseModel } from "./base.ts";
import { ObjectChangeAction, ObjectChangeContext } from "../choices.ts";
import { ContentType } from "./content-type.ts";
import { BelongsTo, Choice, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** One change of one object: who, when, how, and what the object looked like afterwards. Never changes itself. */
@Model({
  description: "One change of one object: who made it, when and how, and what the object looked like afterwards.",
  ordering: ["-time"],
  search: ["user_name", "object_repr"],
  indexes: [["time"], ["changedObjectId", "time"], ["requestId"], ["relatedObjectId"]],
})
export class ObjectChange extends BaseModel {
  @Column("timestamp", { description: "When it happened.", default: () => new Date() })
  time!: Date;

  @BelongsTo(() => User, { description: "Who made it; null once the user is deleted.", nullable: true, onDelete: "set null" })
  user!: User | null;

  @Column("string", { description: "Username of who made it, at the time.", length: 150, default: "" })
  userName!: string;

  @Column("uuid", { description: "Shared by all changes of one request." })
  requestId!: string;

  @Choice(ObjectChangeAction, {
    description: "Whether the object was created, updated or deleted.",
    plain: ObjectChangeAction.UPDATE,
  })
  action!: ObjectChangeAction;

  @BelongsTo(() => ContentType, { description: "Kind of the changed object.", onDelete: "cascade" })
  changedObjectType!: ContentType;

  @Column("uuid", { description: "Primary key of the changed object, which may be gone." })
  changedObjectId!: string;

  @Choice(ObjectChangeContext, { description: "By which way the change came.", default: ObjectChangeContext.UNKNOWN })
  changeContext!: ObjectChangeContext;

  @Column("string", { description: "More about the way, e.g. the name of the job.", length: 400, default: "" })
  changeContextDetail!: string;

  @BelongsTo(() => ContentType, {
    description: "Kind of another object that the change concerns; null for none.",
    nullable: true,
    onDelete: "set null",
  })
  relatedObjectType!: ContentType | null;

  @Column("uuid", { description: "Primary key of that other object; null for none.", nullable: true })
  relatedObjectId!: string | null;

  @Column("string", { description: "What the changed object was called, for people.", length: 200 })
  objectRepr!: string;

  @Column("json", {
    description:
      "The object after the change, and before it when it was deleted: what it refers to as objects with `id` and `object_type`.",
    nullable: true,
  })
  objectDataV2!: Snapshot | null;

  @Column("json", {
    description: "The object before the change, spelled as `object_data_v2`; null for a new one.",
    nullable: true,
  })
  prechange!: Snapshot | null;
}

/** An object as JSON, spelled as the API spells it. */
export type Snapshot = Record<string, unknown>;

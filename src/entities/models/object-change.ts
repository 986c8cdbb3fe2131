import { BaseModel } from "./base.ts";
import { ObjectChangeAction, ObjectChangeContext } from "../choices.ts";
import { ContentType } from "./content-type.ts";
import { BelongsTo, Choice, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** A change of one object: its user, its time, and the object afterwards. Never changes itself. */
@Model({
  description: "A change of one object, with its user, its time, and the object before and after.",
  ordering: ["-time"],
  search: ["user_name", "object_repr"],
  indexes: [["time"], ["changedObjectId", "time"], ["requestId"], ["relatedObjectId"]],
})
export class ObjectChange extends BaseModel {
  @Column("timestamp", { description: "Time of the change.", default: () => new Date() })
  time!: Date;

  @BelongsTo(() => User, { description: "The user; null once the user is deleted.", nullable: true, onDelete: "set null" })
  user!: User | null;

  @Column("string", { description: "Username at the time of the change.", length: 150, default: "" })
  userName!: string;

  @Column("uuid", { description: "Id of the request, shared by all its changes." })
  requestId!: string;

  @Choice(ObjectChangeAction, { description: "The kind of the change.", plain: ObjectChangeAction.UPDATE })
  action!: ObjectChangeAction;

  @BelongsTo(() => ContentType, { description: "Kind of the changed object.", onDelete: "cascade" })
  changedObjectType!: ContentType;

  @Column("uuid", { description: "Primary key of the changed object, which may no longer exist." })
  changedObjectId!: string;

  @Choice(ObjectChangeContext, { description: "The way in which the change came about.", default: ObjectChangeContext.UNKNOWN })
  changeContext!: ObjectChangeContext;

  @Column("string", { description: "Detail of the way, e.g. the name of the job.", length: 400, default: "" })
  changeContextDetail!: string;

  @BelongsTo(() => ContentType, {
    description: "Kind of a related object; null for none.",
    nullable: true,
    onDelete: "set null",
  })
  relatedObjectType!: ContentType | null;

  @Column("uuid", { description: "Primary key of the related object; null for none.", nullable: true })
  relatedObjectId!: string | null;

  @Column("string", { description: "Name of the changed object for people.", length: 200 })
  objectRepr!: string;

  @Column("json", {
    description:
      "The object after the change, or before it if it was deleted. References are objects with `id` and `object_type`.",
    nullable: true,
  })
  objectDataV2!: Snapshot | null;

  @Column("json", {
    description: "The object before the change, spelled like `object_data_v2`; null for a created one.",
    nullable: true,
  })
  prechange!: Snapshot | null;
}

/** An object as JSON, spelled as the API spells it. */
export type Snapshot = Record<string, unknown>;

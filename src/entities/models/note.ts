import { TimestampedModel } from "./base.ts";
import { ContentType } from "./content-type.ts";
import { BelongsTo, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** A note of a user on an object. */
@Model({
  description: "A note of a user on an object.",
  ordering: ["created"],
  search: ["user_name", "note"],
  indexes: [["assignedObjectId", "created"], ["assignedObjectType", "created"], ["created"]],
})
export class Note extends TimestampedModel {
  @BelongsTo(() => ContentType, { description: "Kind of the object.", onDelete: "cascade", index: false })
  assignedObjectType!: ContentType;

  @Column("uuid", { description: "Primary key of the object." })
  assignedObjectId!: string;

  @BelongsTo(() => User, { description: "The author; null once the user is deleted.", nullable: true, onDelete: "set null" })
  user!: User | null;

  @Column("string", { description: "Username of the author at the time.", length: 150, default: "" })
  userName!: string;

  @Column("text", { description: "Text of the note, as Markdown." })
  note!: string;
}

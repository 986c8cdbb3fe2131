import { Collection } from "@mikro-orm/core";
import { Notes, ObjectChanges } from "./attached.ts";
import { TimestampedModel } from "./base.ts";
import { ButtonClass } from "../choices.ts";
import { ContentType } from "./content-type.ts";
import { Job } from "./job.ts";
import { BelongsTo, Choice, Column, LinkedTo, Model } from "../mapping/model.ts";
import type { Note } from "./note.ts";
import type { ObjectChange } from "./object-change.ts";

/** A button on the page of an object that runs a job for it. */
@Model({
  description: "A button on the pages of objects that runs a job for the object.",
  ordering: ["group_name", "weight", "name"],
  search: ["name", "job.name", "text"],
  naturalKey: "name",
  indexes: [["groupName", "weight", "name"]],
})
export class JobButton extends TimestampedModel {
  @Column("string", { description: "Unique name of the button.", length: 255, unique: true })
  name!: string;

  @Column("boolean", { description: "False for a disabled button, which no page shows.", default: true })
  enabled!: boolean;

  @Column("boolean", {
    description: "True while the button is disabled because the source of its job is gone.",
    nullable: true,
    hidden: true,
  })
  offWithJob!: boolean | null;

  @Column("string", { description: "Template of the button's text. A button without text is not shown.", length: 500 })
  text!: string;

  @BelongsTo(() => Job, {
    description: "The job that the button runs. Its `is_job_button_receiver` is true.",
    onDelete: "cascade",
  })
  job!: Job;

  @Column("integer", { description: "Position among other buttons, lightest first.", default: 100 })
  weight!: number;

  @Column("string", {
    description: "Buttons of one group share a menu; empty for no group. The menu looks like its lightest button.",
    length: 255,
    default: "",
  })
  groupName!: string;

  @Choice(ButtonClass, { description: "The look of the button.", default: ButtonClass.DEFAULT })
  buttonClass!: ButtonClass;

  @Column("boolean", { description: "True when a page asks for confirmation before the job runs.", default: true })
  confirmation!: boolean;

  @LinkedTo(() => ContentType, { table: "job_button_content_type", description: "Kinds of objects whose pages show the button." })
  contentTypes = new Collection<ContentType>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

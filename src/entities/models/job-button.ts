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
  description: "A button on the pages of objects of some kinds: it runs a job for the object.",
  ordering: ["group_name", "weight", "name"],
  search: ["name", "job.name", "text"],
  naturalKey: "name",
  indexes: [["groupName", "weight", "name"]],
})
export class JobButton extends TimestampedModel {
  @Column("string", { description: "Unique name of the button.", length: 255, unique: true })
  name!: string;

  @Column("boolean", { description: "False for a button that is not shown.", default: true })
  enabled!: boolean;

  @Column("boolean", {
    description: "True while the button is off because its job's source is gone, and nobody has said since how it is to be.",
    nullable: true,
    hidden: true,
  })
  offWithJob!: boolean | null;

  @Column("string", { description: "Template of the text on the button; a button without text is not shown.", length: 500 })
  text!: string;

  @BelongsTo(() => Job, { description: "The job that it runs: one with `is_job_button_receiver`.", onDelete: "cascade" })
  job!: Job;

  @Column("integer", { description: "Its place among other buttons: lighter ones come first.", default: 100 })
  weight!: number;

  @Column("string", {
    description: "Buttons of one group share a menu, which looks like its lightest button; empty for none.",
    length: 255,
    default: "",
  })
  groupName!: string;

  @Choice(ButtonClass, { description: "How it looks.", default: ButtonClass.DEFAULT })
  buttonClass!: ButtonClass;

  @Column("boolean", { description: "True when a click is asked back before the job runs.", default: true })
  confirmation!: boolean;

  @LinkedTo(() => ContentType, { table: "job_button_content_type", description: "The kinds of objects that it is shown for." })
  contentTypes = new Collection<ContentType>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

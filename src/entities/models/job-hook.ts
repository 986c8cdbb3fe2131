import { Collection } from "@mikro-orm/core";
import { Notes, ObjectChanges } from "./attached.ts";
import { TimestampedModel } from "./base.ts";
import { ContentType } from "./content-type.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { Job } from "./job.ts";
import { BelongsTo, Column, LinkedTo, Model } from "../mapping/model.ts";
import type { Note } from "./note.ts";
import type { ObjectChange } from "./object-change.ts";

/** Runs a job when an object of some kind changes. */
@Model({
  description: "Runs a job when an object of one of its kinds is created, updated or deleted.",
  ordering: ["name"],
  search: ["name", "job.name"],
  naturalKey: "name",
})
export class JobHook extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @Column("string", { description: "Unique name of the hook.", length: 255, unique: true })
  name!: string;

  @Column("boolean", { description: "False for a hook that is off.", default: true })
  enabled!: boolean;

  @Column("boolean", {
    description: "True while the hook is off because its job's source is gone, and nobody has said since how it is to be.",
    nullable: true,
    hidden: true,
  })
  offWithJob!: boolean | null;

  @BelongsTo(() => Job, { description: "The job that it runs: one with `is_job_hook_receiver`.", onDelete: "cascade" })
  job!: Job;

  @Column("boolean", { description: "True when creating an object sets it off.", default: false })
  typeCreate!: boolean;

  @Column("boolean", { description: "True when deleting an object sets it off.", default: false })
  typeDelete!: boolean;

  @Column("boolean", { description: "True when updating an object sets it off.", default: false })
  typeUpdate!: boolean;

  @LinkedTo(() => ContentType, { table: "job_hook_content_type", description: "The kinds of objects whose changes set it off." })
  contentTypes = new Collection<ContentType>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

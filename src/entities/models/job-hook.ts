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
  description: "A hook: it runs a job when an object of certain kinds is created, updated or deleted.",
  ordering: ["name"],
  search: ["name", "job.name"],
  naturalKey: "name",
})
export class JobHook extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @Column("string", { description: "Unique name of the hook.", length: 255, unique: true })
  name!: string;

  @Column("boolean", { description: "False for a disabled hook.", default: true })
  enabled!: boolean;

  @Column("boolean", {
    description: "True while the hook is disabled because the source of its job is gone.",
    nullable: true,
    hidden: true,
  })
  offWithJob!: boolean | null;

  @BelongsTo(() => Job, { description: "The job that the hook runs. Its `is_job_hook_receiver` is true.", onDelete: "cascade" })
  job!: Job;

  @Column("boolean", { description: "True when the hook runs for created objects.", default: false })
  typeCreate!: boolean;

  @Column("boolean", { description: "True when the hook runs for deleted objects.", default: false })
  typeDelete!: boolean;

  @Column("boolean", { description: "True when the hook runs for updated objects.", default: false })
  typeUpdate!: boolean;

  @LinkedTo(() => ContentType, { table: "job_hook_content_type", description: "Kinds of objects that the hook runs for." })
  contentTypes = new Collection<ContentType>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

import { Collection } from "@mikro-orm/core";
import { BaseModel } from "./base.ts";
import { JobButton } from "./job-button.ts";
import { JobHook } from "./job-hook.ts";
import { Column, HasMany, LinkedTo, Model } from "../mapping/model.ts";
import { Note } from "./note.ts";
import { ObjectPermission } from "./object-permission.ts";
import { Tag } from "./tag.ts";

/** A kind of object: one of our models, or one of another application that is known here by its name only. */
@Model({
  description: "A kind of objects, of this server or of another application (`dcim.device`), for hooks, buttons, tags and notes.",
  ordering: ["app_label", "model"],
  search: ["label"],
  naturalKey: "label",
  unique: [["appLabel", "model"]],
})
export class ContentType extends BaseModel {
  @Column("string", { description: "Application of the model, e.g. `extras`.", length: 100 })
  appLabel!: string;

  @Column("string", { description: "Name of the model in lower case, e.g. `jobresult`.", length: 100 })
  model!: string;

  @Column("string", {
    description: "Label of the kind, `app_label.model`, e.g. `extras.jobresult`.",
    length: 201,
    unique: true,
    default: ({ appLabel, model }: ContentType) => `${appLabel}.${model}`,
  })
  label!: string;

  @LinkedTo(() => Tag, {
    table: "tag_content_type",
    mappedBy: "contentTypes",
    description: "Tags that objects of this kind may have.",
  })
  tags = new Collection<Tag>(this);

  @LinkedTo(() => JobHook, {
    table: "job_hook_content_type",
    mappedBy: "contentTypes",
    description: "Hooks that run when an object of this kind changes.",
  })
  jobHooks = new Collection<JobHook>(this);

  @LinkedTo(() => JobButton, {
    table: "job_button_content_type",
    mappedBy: "contentTypes",
    description: "Buttons for objects of this kind.",
  })
  jobButtons = new Collection<JobButton>(this);

  @LinkedTo(() => ObjectPermission, {
    table: "object_permission_content_type",
    mappedBy: "objectTypes",
    description: "Permissions for objects of this kind.",
  })
  objectPermissions = new Collection<ObjectPermission>(this);

  @HasMany(() => Note, "assignedObjectType", { description: "Notes on objects of this kind." })
  notes = new Collection<Note>(this);
}

import { Collection } from "@mikro-orm/core";
import { Notes, ObjectChanges, Tags } from "./attached.ts";
import { TimestampedModel } from "./base.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { Column, Model } from "../mapping/model.ts";
import type { Note } from "./note.ts";
import type { ObjectChange } from "./object-change.ts";
import type { Tag } from "./tag.ts";

/** A Git repository that jobs come from. */
@Model({
  description: "A Git repository of jobs and other content.",
  ordering: ["name"],
  search: ["name", "slug", "remote_url", "branch"],
  naturalKey: "name",
})
export class GitRepository extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @Column("string", { description: "Unique name of the repository.", length: 255, unique: true })
  name!: string;

  @Column("string", {
    description: "Unique name in code. The `module_name` of its jobs begins with it.",
    length: 255,
    unique: true,
  })
  slug!: string;

  @Column("string", { description: "URL of the repository, HTTP or HTTPS.", length: 255 })
  remoteUrl!: string;

  @Column("string", { description: "Branch, tag or commit in use.", length: 255, default: "main" })
  branch!: string;

  @Column("string", { description: "Commit of the last fetch; empty before the first.", length: 48, default: "" })
  currentHead!: string;

  @Column("json", {
    description: "List of the content that the repository provides, e.g. `extras.job`.",
    nullable: true,
    list: true,
    default: () => [],
  })
  providedContents!: string[] | null;

  @Tags("git_repository_tag")
  tags = new Collection<Tag>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

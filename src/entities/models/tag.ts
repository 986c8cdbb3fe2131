import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflowDefinition } from "./approval-workflow-definition.ts";
import { Notes, ObjectChanges } from "./attached.ts";
import { TimestampedModel } from "./base.ts";
import { ContentType } from "./content-type.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { GitRepository } from "./git-repository.ts";
import { JobQueue } from "./job-queue.ts";
import { Job } from "./job.ts";
import { Column, LinkedTo, Model } from "../mapping/model.ts";
import type { Note } from "./note.ts";
import type { ObjectChange } from "./object-change.ts";

/** A word that objects are found by. */
@Model({
  description: "A tag: a word that marks objects.",
  ordering: ["name"],
  search: ["name"],
  naturalKey: "name",
})
export class Tag extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @Column("string", { description: "Unique name of the tag.", length: 255, unique: true })
  name!: string;

  @Column("string", { description: "Color of the tag, as six hexadecimal digits.", length: 6, default: "9e9e9e" })
  color!: string;

  @Column("string", { description: "Meaning of the tag.", length: 255, default: "" })
  description!: string;

  @LinkedTo(() => ContentType, { table: "tag_content_type", description: "The kinds of objects that may have the tag." })
  contentTypes = new Collection<ContentType>(this);

  @LinkedTo(() => Job, { table: "job_tag", mappedBy: "tags", alias: "job", description: "Jobs with the tag." })
  jobSet = new Collection<Job>(this);

  @LinkedTo(() => JobQueue, { table: "job_queue_tag", mappedBy: "tags", description: "Queues with the tag." })
  jobqueueSet = new Collection<JobQueue>(this);

  @LinkedTo(() => GitRepository, {
    table: "git_repository_tag",
    mappedBy: "tags",
    alias: "gitrepository",
    description: "Git repositories with the tag.",
  })
  gitrepositorySet = new Collection<GitRepository>(this);

  @LinkedTo(() => ApprovalWorkflowDefinition, {
    table: "approval_workflow_definition_tag",
    mappedBy: "tags",
    description: "Definitions of approval workflows with the tag.",
  })
  approvalworkflowdefinitionSet = new Collection<ApprovalWorkflowDefinition>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

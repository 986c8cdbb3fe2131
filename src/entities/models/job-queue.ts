import { Collection } from "@mikro-orm/core";
import { Notes, ObjectChanges, Tags } from "./attached.ts";
import { TimestampedModel } from "./base.ts";
import { JobQueueType } from "../choices.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { Job } from "./job.ts";
import { JobQueueAssignment } from "./job-queue-assignment.ts";
import { Choice, Column, HasMany, LinkedTo, Model } from "../mapping/model.ts";
import type { Note } from "./note.ts";
import type { ObjectChange } from "./object-change.ts";
import { ScheduledJob } from "./scheduled-job.ts";
import type { Tag } from "./tag.ts";

/** Name of the queue that always exists and takes every job that names no other. */
export const DEFAULT_QUEUE = "default";

/** A name that runs wait under and workers listen to. */
@Model({
  description: "A queue where runs wait for a worker.",
  ordering: ["name"],
  search: ["name", "description"],
  naturalKey: "name",
})
export class JobQueue extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @Column("string", { description: "Unique name of the queue.", length: 255, unique: true })
  name!: string;

  @Column("string", { description: "Purpose of the queue.", length: 255, default: "" })
  description!: string;

  @Choice(JobQueueType, { description: "The kind of worker that serves the queue.", default: JobQueueType.CELERY })
  queueType!: JobQueueType;

  @LinkedTo(() => Job, { table: "job_queue_assignment", mappedBy: "jobQueues", description: "The jobs that may use the queue." })
  jobs = new Collection<Job>(this);

  @HasMany(() => JobQueueAssignment, "jobQueue", { description: "The assignments of the queue to jobs." })
  jobAssignments = new Collection<JobQueueAssignment>(this);

  @HasMany(() => Job, "defaultJobQueue", { description: "The jobs with this default queue." })
  defaultForJobs = new Collection<Job>(this);

  @HasMany(() => ScheduledJob, "jobQueue", { description: "The schedules with this queue." })
  scheduledJobs = new Collection<ScheduledJob>(this);

  @Tags("job_queue_tag")
  tags = new Collection<Tag>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

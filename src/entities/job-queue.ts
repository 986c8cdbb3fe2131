import { Collection } from "@mikro-orm/core";
import { TimestampedModel } from "./base.ts";
import { JobQueueType } from "./choices.ts";
import { JobQueueAssignment } from "./job-queue-assignment.ts";
import { Choice, Column, HasMany, Model } from "./model.ts";

/** Name of the queue that always exists and takes every job that names no other. */
export const DEFAULT_QUEUE = "default";

/** A name that runs wait under and workers listen to. */
@Model({ description: "A queue that runs wait in until a worker takes them.", ordering: ["name"] })
export class JobQueue extends TimestampedModel {
  @Column("string", { description: "Unique name of the queue.", length: 255, unique: true })
  name!: string;

  @Column("string", { description: "What the queue is for.", length: 255, default: "" })
  description!: string;

  @Choice(JobQueueType, { description: "What kind of worker serves the queue.", default: JobQueueType.CELERY })
  queueType!: JobQueueType;

  @HasMany(() => JobQueueAssignment, "jobQueue", { description: "Which jobs may use the queue." })
  jobAssignments = new Collection<JobQueueAssignment>(this);
}

import { BaseModel } from "./base.ts";
import { Job } from "./job.ts";
import { JobQueue } from "./job-queue.ts";
import { BelongsTo, Model } from "../mapping/model.ts";

/** Says that a job may run on a queue. */
@Model({
  description: "A queue that a job may use.",
  ordering: ["job", "job_queue"],
  search: ["job.name", "job_queue.name"],
  unique: [["job", "jobQueue"]],
})
export class JobQueueAssignment extends BaseModel {
  @BelongsTo(() => Job, { description: "The job.", onDelete: "cascade", index: false })
  job!: Job;

  @BelongsTo(() => JobQueue, { description: "The queue.", onDelete: "cascade" })
  jobQueue!: JobQueue;
}

import { Resolver } from "type-graphql";
import { JobQueue, JobQueueAssignment } from "../entities/index.ts";
import { modelResolver } from "./model-resolver.ts";

/** Queues that runs wait in. */
@Resolver(() => JobQueue)
export class JobQueueResolver extends modelResolver(JobQueue, { one: "job_queue", many: "job_queues" }) {}

/** Which job may use which queue. */
@Resolver(() => JobQueueAssignment)
export class JobQueueAssignmentResolver extends modelResolver(JobQueueAssignment, {
  one: "job_queue_assignment",
  many: "job_queue_assignments",
}) {}

import { Resolver } from "type-graphql";
import { JobQueue, JobQueueAssignment } from "../../../entities/index.ts";
import { modelMutations } from "../../model/model-mutations.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Queues that runs wait in. */
@Resolver(() => JobQueue)
export class JobQueueResolver extends namedResolver(JobQueue, {
  one: "job_queue",
  many: "job_queues",
  display: { needs: ["queue_type", "name"], of: (row) => `${String(row["queue_type"]).toLowerCase()}: ${row["name"]}` },
}) {}

/** Queues: to create, to change, to delete. */
@Resolver()
export class JobQueueMutations extends modelMutations(JobQueue, {
  create: ["name", "description", "queue_type", "tags", "_custom_field_data"],
}) {}

/** Assignments of queues to jobs. */
@Resolver(() => JobQueueAssignment)
export class JobQueueAssignmentResolver extends namedResolver(JobQueueAssignment, {
  one: "job_queue_assignment",
  many: "job_queue_assignments",
}) {}

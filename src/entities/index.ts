import { JobLogEntry } from "./job-log-entry.ts";
import { JobQueueAssignment } from "./job-queue-assignment.ts";
import { JobQueue } from "./job-queue.ts";
import { JobResult } from "./job-result.ts";
import { Job } from "./job.ts";
import { Token } from "./token.ts";
import { User } from "./user.ts";

/** Every model, for the database and for the schema. */
export const MODELS = [Job, JobQueue, JobQueueAssignment, JobResult, JobLogEntry, User, Token] as const;

export { Job, JobLogEntry, JobQueue, JobQueueAssignment, JobResult, Token, User };

import { sql, type SqlBool } from "kysely";
import { OPEN_STATUSES } from "../../entities/choices.ts";
import { Job, JobResult, ObjectChange, ScheduledJob } from "../../entities/index.ts";
import { objectFeed } from "./object-feed.ts";

/** Runs. Their log lines count too: with them the numbers of lines change. */
export const JobResultFeed = objectFeed(JobResult, {
  name: "job_results",
  description: "Sends runs when they are requested, and when their status, progress or line counts change.",
  families: ["result", "lines"],
  // A run that has not ended may have changed in any way.
  changedSince: (since) =>
    sql<SqlBool>`(job_result.status in (${sql.join(OPEN_STATUSES)}) or job_result.date_done >= ${since} or job_result.date_created >= ${since})`,
});

/** Jobs. */
export const JobFeed = objectFeed(Job, {
  name: "jobs",
  description: "Sends jobs when they are created or changed.",
  families: ["job"],
  changedSince: (since) => sql<SqlBool>`job.last_updated >= ${since}`,
});

/** Schedules. */
export const ScheduledJobFeed = objectFeed(ScheduledJob, {
  name: "scheduled_jobs",
  description: "Sends schedules when they are created or changed.",
  families: ["schedule"],
  changedSince: (since) => sql<SqlBool>`(scheduled_job.date_changed >= ${since} or scheduled_job.last_run_at >= ${since})`,
});

/** The change log. */
export const ObjectChangeFeed = objectFeed(ObjectChange, {
  name: "object_changes",
  description: "Sends the change log as it grows: every created, changed or deleted object.",
  families: ["change"],
  changedSince: (since) => sql<SqlBool>`object_change.time >= ${since}`,
});

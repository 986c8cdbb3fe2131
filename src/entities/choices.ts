import { registerEnumType } from "type-graphql";

/** Severity of a log line, as in Nautobot's `LogLevelChoices`. */
export const LogLevel = {
  DEBUG: "DEBUG",
  INFO: "INFO",
  SUCCESS: "SUCCESS",
  WARNING: "WARNING",
  FAILURE: "FAILURE",
  ERROR: "ERROR",
  CRITICAL: "CRITICAL",
} as const;
/** One of {@link LogLevel}. */
export type LogLevel = keyof typeof LogLevel;

/** Where a run stands, as in Nautobot's `JobResultStatusChoices` (Celery's states). */
export const JobResultStatus = {
  FAILURE: "FAILURE",
  PENDING: "PENDING",
  RECEIVED: "RECEIVED",
  RETRY: "RETRY",
  REVOKED: "REVOKED",
  STARTED: "STARTED",
  SUCCESS: "SUCCESS",
} as const;
/** One of {@link JobResultStatus}. */
export type JobResultStatus = keyof typeof JobResultStatus;

/** A run in one of these never changes again, and all its lines are stored. */
export const FINAL_STATUSES: readonly JobResultStatus[] = ["FAILURE", "REVOKED", "SUCCESS"];

/** What kind of worker serves a queue, as in Nautobot's `JobQueueTypeChoices`. */
export const JobQueueType = { CELERY: "CELERY", KUBERNETES: "KUBERNETES" } as const;
/** One of {@link JobQueueType}. */
export type JobQueueType = keyof typeof JobQueueType;

registerEnumType(LogLevel, {
  name: "ExtrasJobLogEntryLogLevelChoices",
  description: "Severity of a log line.",
  valuesConfig: {
    DEBUG: { description: "Detail for the author of the job." },
    INFO: { description: "What the job is doing." },
    SUCCESS: { description: "Something the job set out to do is done." },
    WARNING: { description: "Something looks wrong; the job goes on." },
    FAILURE: { description: "A check of the job did not hold; the job goes on." },
    ERROR: { description: "Something failed." },
    CRITICAL: { description: "Something failed and the job cannot go on." },
  },
});

registerEnumType(JobResultStatus, {
  name: "ExtrasJobResultStatusChoices",
  description: "Where a run stands. `SUCCESS`, `FAILURE` and `REVOKED` are final.",
  valuesConfig: {
    FAILURE: { description: "The job failed, was ended, or its worker was lost; `result` says which." },
    PENDING: { description: "Waiting for a worker." },
    RECEIVED: { description: "Handed to a worker, not yet started." },
    RETRY: { description: "Failed, and waiting for its next attempt." },
    REVOKED: { description: "Canceled before or while it ran." },
    STARTED: { description: "Running." },
    SUCCESS: { description: "The job returned; `result` holds what it returned." },
  },
});

registerEnumType(JobQueueType, {
  name: "ExtrasJobQueueQueueTypeChoices",
  description: "What kind of worker serves a queue.",
  valuesConfig: {
    CELERY: { description: "Worker processes of this server; the name is Nautobot's." },
    KUBERNETES: { description: "One Kubernetes pod a run." },
  },
});

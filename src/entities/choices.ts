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

/** A run in one of these is still to end. */
export const OPEN_STATUSES: readonly JobResultStatus[] = ["PENDING", "RECEIVED", "STARTED", "RETRY"];

/** What becomes of a run for which its job's `max_concurrent` leaves no room. */
export const JobOnLimit = { QUEUE: "QUEUE", REJECT: "REJECT", REPLACE: "REPLACE" } as const;
/** One of {@link JobOnLimit}. */
export type JobOnLimit = keyof typeof JobOnLimit;

/** How a canceled run came to its end, as in Nautobot's `JobResultCancelTypeChoices`. */
export const JobResultCancelType = { TERMINATED: "TERMINATED", REAPED: "REAPED", ABANDONED: "ABANDONED" } as const;
/** One of {@link JobResultCancelType}. */
export type JobResultCancelType = keyof typeof JobResultCancelType;

/** How often a schedule runs its job, as in Nautobot's `JobExecutionType`. */
export const ScheduledJobInterval = {
  IMMEDIATELY: "IMMEDIATELY",
  FUTURE: "FUTURE",
  HOURLY: "HOURLY",
  DAILY: "DAILY",
  WEEKLY: "WEEKLY",
  CUSTOM: "CUSTOM",
} as const;
/** One of {@link ScheduledJobInterval}. */
export type ScheduledJobInterval = keyof typeof ScheduledJobInterval;

/** What becomes of times of a schedule at which no server was there. */
export const ScheduledJobCatchUp = { SKIP: "SKIP", ONE: "ONE", ALL: "ALL" } as const;
/** One of {@link ScheduledJobCatchUp}. */
export type ScheduledJobCatchUp = keyof typeof ScheduledJobCatchUp;

/** Where a schedule stands, as in Nautobot's `ScheduledJobStateChoices`. */
export const ScheduledJobState = {
  ACTIVE: "ACTIVE",
  PENDING: "PENDING",
  DENIED: "DENIED",
  CANCELED: "CANCELED",
  COMPLETED: "COMPLETED",
  ERRORED: "ERRORED",
} as const;
/** One of {@link ScheduledJobState}. */
export type ScheduledJobState = keyof typeof ScheduledJobState;

/** Where an approval workflow stands, as in Nautobot's `ApprovalWorkflowStateChoices`. */
export const ApprovalWorkflowState = {
  PENDING: "PENDING",
  APPROVED: "APPROVED",
  DENIED: "DENIED",
  CANCELED: "CANCELED",
  COMMENT: "COMMENT",
} as const;
/** One of {@link ApprovalWorkflowState}. */
export type ApprovalWorkflowState = keyof typeof ApprovalWorkflowState;

/** Where a stage of it stands: the same values, of which Nautobot's schema makes a type each. */
export const ApprovalWorkflowStageState = { ...ApprovalWorkflowState };
/** One of {@link ApprovalWorkflowStageState}. */
export type ApprovalWorkflowStageState = ApprovalWorkflowState;

/** What a user decides on a stage: the same values again. */
export const ApprovalWorkflowStageResponseState = { ...ApprovalWorkflowState };
/** One of {@link ApprovalWorkflowStageResponseState}. */
export type ApprovalWorkflowStageResponseState = ApprovalWorkflowState;

/** How a button looks, as in Nautobot's `ButtonClassChoices`: Bootstrap's names. */
export const ButtonClass = {
  DEFAULT: "DEFAULT",
  PRIMARY: "PRIMARY",
  SUCCESS: "SUCCESS",
  INFO: "INFO",
  WARNING: "WARNING",
  DANGER: "DANGER",
  LINK: "LINK",
} as const;
/** One of {@link ButtonClass}. */
export type ButtonClass = keyof typeof ButtonClass;

/** What happened to an object, as in Nautobot's `ObjectChangeActionChoices`. */
export const ObjectChangeAction = { CREATE: "CREATE", UPDATE: "UPDATE", DELETE: "DELETE" } as const;
/** One of {@link ObjectChangeAction}. */
export type ObjectChangeAction = keyof typeof ObjectChangeAction;

/** By which way a change came, as in Nautobot's `ObjectChangeEventContextChoices`. */
export const ObjectChangeContext = { WEB: "WEB", JOB: "JOB", JOB_HOOK: "JOB_HOOK", ORM: "ORM", UNKNOWN: "UNKNOWN" } as const;
/** One of {@link ObjectChangeContext}. */
export type ObjectChangeContext = keyof typeof ObjectChangeContext;

/** Records that accumulate, and may be deleted once they are old. */
export const PrunableKind = {
  JOB_RESULTS: "JOB_RESULTS",
  JOB_LOG_ENTRIES: "JOB_LOG_ENTRIES",
  JOB_CONSOLE_ENTRIES: "JOB_CONSOLE_ENTRIES",
  OBJECT_CHANGES: "OBJECT_CHANGES",
} as const;
/** One of {@link PrunableKind}. */
export type PrunableKind = keyof typeof PrunableKind;

/** The two outputs of a run's console. */
export const ConsoleOutputType = { STDOUT: "STDOUT", STDERR: "STDERR" } as const;
/** One of {@link ConsoleOutputType}. */
export type ConsoleOutputType = keyof typeof ConsoleOutputType;

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

registerEnumType(JobResultCancelType, {
  name: "ExtrasJobResultCancelTypeChoices",
  description: "How a canceled run came to its end.",
  valuesConfig: {
    TERMINATED: { description: "A worker ended it." },
    REAPED: { description: "Its worker was lost; the record was closed afterwards." },
    ABANDONED: { description: "It never reached a worker; the record was closed." },
  },
});

registerEnumType(JobOnLimit, {
  name: "JobOnLimitChoices",
  description: "What becomes of a run for which its job's `max_concurrent` leaves no room.",
  valuesConfig: {
    QUEUE: {
      description: "It waits, and starts when one ends; those that wait start in the order in which they were asked for.",
    },
    REJECT: { description: "It is refused as `JOB_ALREADY_RUNNING`." },
    REPLACE: { description: "The oldest run is canceled, and it starts when that one has ended." },
  },
});

registerEnumType(ScheduledJobInterval, {
  name: "ExtrasScheduledJobIntervalChoices",
  description: "How often a schedule runs its job.",
  valuesConfig: {
    IMMEDIATELY: { description: "Once, as soon as it may." },
    FUTURE: { description: "Once, at its start." },
    HOURLY: { description: "Every hour, at the minute of its start." },
    DAILY: { description: "Every day, at the time of its start." },
    WEEKLY: { description: "Every week, on the day and at the time of its start." },
    CUSTOM: { description: "Whenever `crontab` says." },
  },
});

registerEnumType(ScheduledJobCatchUp, {
  name: "ScheduledJobCatchUpChoices",
  description: "What becomes of times of a schedule at which no server was there to run its job.",
  valuesConfig: {
    SKIP: { description: "They are left out; one that is less than a minute late is not." },
    ONE: { description: "They are made up for by one run." },
    ALL: { description: "They are made up for by a run each." },
  },
});

registerEnumType(ScheduledJobState, {
  name: "ExtrasScheduledJobStateChoices",
  description: "Where a schedule stands. It runs its job only while `ACTIVE`.",
  valuesConfig: {
    ACTIVE: { description: "It runs its job when the time comes." },
    PENDING: { description: "Waiting for an approval." },
    DENIED: { description: "The approval was refused." },
    CANCELED: { description: "Taken back before it ended." },
    COMPLETED: { description: "It has run its job for the last time." },
    ERRORED: { description: "It could not be carried out." },
  },
});

registerEnumType(ApprovalWorkflowState, {
  name: "ExtrasApprovalWorkflowCurrentStateChoices",
  description: "Where an approval workflow stands.",
  valuesConfig: {
    PENDING: { description: "A stage of it waits for approvals." },
    APPROVED: { description: "All its stages are approved." },
    DENIED: { description: "A stage of it was denied." },
    CANCELED: { description: "What was asked for was taken back, or changed into something else." },
    COMMENT: { description: "Never; kept for Nautobot's clients." },
  },
});

registerEnumType(ApprovalWorkflowStageState, {
  name: "ExtrasApprovalWorkflowStageStateChoices",
  description: "Where a stage of an approval workflow stands.",
  valuesConfig: {
    PENDING: { description: "Not decided yet." },
    APPROVED: { description: "As many have approved as have to." },
    DENIED: { description: "Somebody has denied it." },
    CANCELED: { description: "Its workflow ended before it was decided." },
    COMMENT: { description: "Never; kept for Nautobot's clients." },
  },
});

registerEnumType(ApprovalWorkflowStageResponseState, {
  name: "ExtrasApprovalWorkflowStageResponseStateChoices",
  description: "What a user has decided on a stage.",
  valuesConfig: {
    PENDING: { description: "Never; kept for Nautobot's clients." },
    APPROVED: { description: "Approved it." },
    DENIED: { description: "Denied it, and the workflow with it." },
    CANCELED: { description: "Took back what was asked for." },
    COMMENT: { description: "Decided nothing, but had something to say." },
  },
});

registerEnumType(ButtonClass, {
  name: "ExtrasJobButtonButtonClassChoices",
  description: "How a button looks.",
  valuesConfig: {
    DEFAULT: { description: "Plain." },
    PRIMARY: { description: "The most wanted one." },
    SUCCESS: { description: "Green." },
    INFO: { description: "Light blue." },
    WARNING: { description: "Yellow." },
    DANGER: { description: "Red." },
    LINK: { description: "Like a link." },
  },
});

registerEnumType(ObjectChangeAction, {
  name: "ExtrasObjectChangeActionChoices",
  description: "What happened to an object.",
  valuesConfig: {
    CREATE: { description: "It was created." },
    UPDATE: { description: "It was changed." },
    DELETE: { description: "It was deleted." },
  },
});

registerEnumType(ObjectChangeContext, {
  name: "ExtrasObjectChangeChangeContextChoices",
  description: "By which way a change came.",
  valuesConfig: {
    WEB: { description: "Somebody asked for it over the API." },
    JOB: { description: "A run made it." },
    JOB_HOOK: { description: "A run that a job hook set off made it." },
    ORM: { description: "A program made it, past the API." },
    UNKNOWN: { description: "Not known." },
  },
});

registerEnumType(ConsoleOutputType, {
  name: "ExtrasJobConsoleEntryOutputTypeChoices",
  description: "One of the two outputs of a run's console.",
  valuesConfig: {
    STDOUT: { description: "Standard output." },
    STDERR: { description: "Standard error." },
  },
});

registerEnumType(PrunableKind, {
  name: "PrunableKind",
  description: "Records that accumulate, and may be deleted once they are old.",
  valuesConfig: {
    JOB_RESULTS: { description: "Runs that have ended, with their log, what they printed and their files; by `date_done`." },
    JOB_LOG_ENTRIES: { description: "The logs of runs that have ended; by `date_done` of the run." },
    JOB_CONSOLE_ENTRIES: { description: "What runs printed that have ended; by `date_done` of the run." },
    OBJECT_CHANGES: { description: "The change log; by `time`." },
  },
});

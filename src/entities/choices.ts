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
/** A value of {@link LogLevel}. */
export type LogLevel = keyof typeof LogLevel;

/** Status of a run, as in Nautobot's `JobResultStatusChoices` (Celery's states). */
export const JobResultStatus = {
  FAILURE: "FAILURE",
  PENDING: "PENDING",
  RECEIVED: "RECEIVED",
  RETRY: "RETRY",
  REVOKED: "REVOKED",
  STARTED: "STARTED",
  SUCCESS: "SUCCESS",
} as const;
/** A value of {@link JobResultStatus}. */
export type JobResultStatus = keyof typeof JobResultStatus;

/** A run in one of these never changes again, and all its lines are stored. */
export const FINAL_STATUSES: readonly JobResultStatus[] = ["FAILURE", "REVOKED", "SUCCESS"];

/** Kind of worker that serves a queue, as in Nautobot's `JobQueueTypeChoices`. */
export const JobQueueType = { CELERY: "CELERY", KUBERNETES: "KUBERNETES" } as const;
/** A value of {@link JobQueueType}. */
export type JobQueueType = keyof typeof JobQueueType;

/** A run in one of these is still to end. */
export const OPEN_STATUSES: readonly JobResultStatus[] = ["PENDING", "RECEIVED", "STARTED", "RETRY"];

/** Fate of a run that `max_concurrent` of its job leaves no slot for. */
export const JobOnLimit = { QUEUE: "QUEUE", REJECT: "REJECT", REPLACE: "REPLACE" } as const;
/** A value of {@link JobOnLimit}. */
export type JobOnLimit = keyof typeof JobOnLimit;

/** Ends of a canceled run, as in Nautobot's `JobResultCancelTypeChoices`. */
export const JobResultCancelType = { TERMINATED: "TERMINATED", REAPED: "REAPED", ABANDONED: "ABANDONED" } as const;
/** A value of {@link JobResultCancelType}. */
export type JobResultCancelType = keyof typeof JobResultCancelType;

/** Intervals of a schedule, as in Nautobot's `JobExecutionType`. */
export const ScheduledJobInterval = {
  IMMEDIATELY: "IMMEDIATELY",
  FUTURE: "FUTURE",
  HOURLY: "HOURLY",
  DAILY: "DAILY",
  WEEKLY: "WEEKLY",
  CUSTOM: "CUSTOM",
} as const;
/** A value of {@link ScheduledJobInterval}. */
export type ScheduledJobInterval = keyof typeof ScheduledJobInterval;

/** Fate of times of a schedule that passed while no server was running. */
export const ScheduledJobCatchUp = { SKIP: "SKIP", ONE: "ONE", ALL: "ALL" } as const;
/** A value of {@link ScheduledJobCatchUp}. */
export type ScheduledJobCatchUp = keyof typeof ScheduledJobCatchUp;

/** State of a schedule, as in Nautobot's `ScheduledJobStateChoices`. */
export const ScheduledJobState = {
  ACTIVE: "ACTIVE",
  PENDING: "PENDING",
  DENIED: "DENIED",
  CANCELED: "CANCELED",
  COMPLETED: "COMPLETED",
  ERRORED: "ERRORED",
} as const;
/** A value of {@link ScheduledJobState}. */
export type ScheduledJobState = keyof typeof ScheduledJobState;

/** State of an approval workflow, as in Nautobot's `ApprovalWorkflowStateChoices`. */
export const ApprovalWorkflowState = {
  PENDING: "PENDING",
  APPROVED: "APPROVED",
  DENIED: "DENIED",
  CANCELED: "CANCELED",
  COMMENT: "COMMENT",
} as const;
/** A value of {@link ApprovalWorkflowState}. */
export type ApprovalWorkflowState = keyof typeof ApprovalWorkflowState;

/** State of a stage: the same values, which are a type of their own in Nautobot's schema. */
export const ApprovalWorkflowStageState = { ...ApprovalWorkflowState };
/** A value of {@link ApprovalWorkflowStageState}. */
export type ApprovalWorkflowStageState = ApprovalWorkflowState;

/** Decision of a user on a stage: the same values again. */
export const ApprovalWorkflowStageResponseState = { ...ApprovalWorkflowState };
/** A value of {@link ApprovalWorkflowStageResponseState}. */
export type ApprovalWorkflowStageResponseState = ApprovalWorkflowState;

/** Looks of a button, as in Nautobot's `ButtonClassChoices`: Bootstrap's names. */
export const ButtonClass = {
  DEFAULT: "DEFAULT",
  PRIMARY: "PRIMARY",
  SUCCESS: "SUCCESS",
  INFO: "INFO",
  WARNING: "WARNING",
  DANGER: "DANGER",
  LINK: "LINK",
} as const;
/** A value of {@link ButtonClass}. */
export type ButtonClass = keyof typeof ButtonClass;

/** Kind of a change, as in Nautobot's `ObjectChangeActionChoices`. */
export const ObjectChangeAction = { CREATE: "CREATE", UPDATE: "UPDATE", DELETE: "DELETE" } as const;
/** A value of {@link ObjectChangeAction}. */
export type ObjectChangeAction = keyof typeof ObjectChangeAction;

/** By which way a change came, as in Nautobot's `ObjectChangeEventContextChoices`. */
export const ObjectChangeContext = { WEB: "WEB", JOB: "JOB", JOB_HOOK: "JOB_HOOK", ORM: "ORM", UNKNOWN: "UNKNOWN" } as const;
/** A value of {@link ObjectChangeContext}. */
export type ObjectChangeContext = keyof typeof ObjectChangeContext;

/** Records that accumulate, and may be deleted once they are old. */
export const PrunableKind = {
  JOB_RESULTS: "JOB_RESULTS",
  JOB_LOG_ENTRIES: "JOB_LOG_ENTRIES",
  JOB_CONSOLE_ENTRIES: "JOB_CONSOLE_ENTRIES",
  OBJECT_CHANGES: "OBJECT_CHANGES",
} as const;
/** A value of {@link PrunableKind}. */
export type PrunableKind = keyof typeof PrunableKind;

/** The two outputs of a run's console. */
export const ConsoleOutputType = { STDOUT: "STDOUT", STDERR: "STDERR" } as const;
/** A value of {@link ConsoleOutputType}. */
export type ConsoleOutputType = keyof typeof ConsoleOutputType;

registerEnumType(LogLevel, {
  name: "ExtrasJobLogEntryLogLevelChoices",
  description: "The severity of a log line.",
  valuesConfig: {
    DEBUG: { description: "A detail for the author of the job." },
    INFO: { description: "The job reports its work." },
    SUCCESS: { description: "The job completed a step." },
    WARNING: { description: "Something looks wrong. The job goes on." },
    FAILURE: { description: "A check of the job failed. The job goes on." },
    ERROR: { description: "An error occurred." },
    CRITICAL: { description: "An error occurred, and the job cannot go on." },
  },
});

registerEnumType(JobResultStatus, {
  name: "ExtrasJobResultStatusChoices",
  description: "The status of a run. `SUCCESS`, `FAILURE` and `REVOKED` are final.",
  valuesConfig: {
    FAILURE: { description: "The job failed, was ended, or lost its worker; `error` has the reason." },
    PENDING: { description: "The run waits for a worker." },
    RECEIVED: { description: "A worker has the run, but has not started it." },
    RETRY: { description: "An attempt failed, and the run waits for its next one." },
    REVOKED: { description: "The run was canceled." },
    STARTED: { description: "The job is running." },
    SUCCESS: { description: "The job returned; `result` has its value." },
  },
});

registerEnumType(JobQueueType, {
  name: "ExtrasJobQueueQueueTypeChoices",
  description: "The kind of worker that serves a queue.",
  valuesConfig: {
    CELERY: { description: "Workers of this server. The name is Nautobot's." },
    KUBERNETES: { description: "One Kubernetes pod for each run." },
  },
});

registerEnumType(JobResultCancelType, {
  name: "ExtrasJobResultCancelTypeChoices",
  description: "How a canceled run ended.",
  valuesConfig: {
    TERMINATED: { description: "Its worker ended the run." },
    REAPED: { description: "The worker of the run was lost, and the run was settled afterwards." },
    ABANDONED: { description: "No worker had the run when it was canceled." },
  },
});

registerEnumType(JobOnLimit, {
  name: "JobOnLimitChoices",
  description: "What happens to a run that `max_concurrent` of its job leaves no slot for.",
  valuesConfig: {
    QUEUE: {
      description: "The run waits for a slot. Waiting runs start in the order of their requests.",
    },
    REJECT: { description: "The run is rejected with `JOB_ALREADY_RUNNING`." },
    REPLACE: { description: "The oldest run is canceled, and the new one starts when it has ended." },
  },
});

registerEnumType(ScheduledJobInterval, {
  name: "ExtrasScheduledJobIntervalChoices",
  description: "How often a schedule runs its job.",
  valuesConfig: {
    IMMEDIATELY: { description: "Once, as soon as possible." },
    FUTURE: { description: "Once, at `start_time`." },
    HOURLY: { description: "Every hour, at the minute of `start_time`." },
    DAILY: { description: "Every day, at the time of `start_time`." },
    WEEKLY: { description: "Every week, on the day and at the time of `start_time`." },
    CUSTOM: { description: "At the times of `crontab`." },
  },
});

registerEnumType(ScheduledJobCatchUp, {
  name: "ScheduledJobCatchUpChoices",
  description: "What happens to times of a schedule that passed while no server was running.",
  valuesConfig: {
    SKIP: { description: "Missed times are skipped. A time that is less than a minute late is not missed." },
    ONE: { description: "One run makes up for all missed times." },
    ALL: { description: "Each missed time gets its run." },
  },
});

registerEnumType(ScheduledJobState, {
  name: "ExtrasScheduledJobStateChoices",
  description: "The state of a schedule. It runs its job only while `ACTIVE`.",
  valuesConfig: {
    ACTIVE: { description: "The schedule runs its job when a time comes." },
    PENDING: { description: "The schedule waits for an approval." },
    DENIED: { description: "The approval was denied." },
    CANCELED: { description: "The schedule was canceled before it ended." },
    COMPLETED: { description: "The schedule has run its job for the last time." },
    ERRORED: { description: "The schedule missed its only time." },
  },
});

registerEnumType(ApprovalWorkflowState, {
  name: "ExtrasApprovalWorkflowCurrentStateChoices",
  description: "The state of an approval workflow.",
  valuesConfig: {
    PENDING: { description: "A stage waits for approvals." },
    APPROVED: { description: "All stages are approved." },
    DENIED: { description: "A stage was denied." },
    CANCELED: { description: "The request was withdrawn or changed." },
    COMMENT: { description: "Unused; kept for Nautobot's clients." },
  },
});

registerEnumType(ApprovalWorkflowStageState, {
  name: "ExtrasApprovalWorkflowStageStateChoices",
  description: "The state of a stage of an approval workflow.",
  valuesConfig: {
    PENDING: { description: "The stage is not decided." },
    APPROVED: { description: "Enough users have approved the stage." },
    DENIED: { description: "A user has denied the stage." },
    CANCELED: { description: "The workflow ended before the stage was decided." },
    COMMENT: { description: "Unused; kept for Nautobot's clients." },
  },
});

registerEnumType(ApprovalWorkflowStageResponseState, {
  name: "ExtrasApprovalWorkflowStageResponseStateChoices",
  description: "The decision of a user on a stage.",
  valuesConfig: {
    PENDING: { description: "Unused; kept for Nautobot's clients." },
    APPROVED: { description: "The user approved the stage." },
    DENIED: { description: "The user denied the stage, and with it the workflow." },
    CANCELED: { description: "The request was withdrawn." },
    COMMENT: { description: "The user commented, without a decision." },
  },
});

registerEnumType(ButtonClass, {
  name: "ExtrasJobButtonButtonClassChoices",
  description: "The look of a button.",
  valuesConfig: {
    DEFAULT: { description: "Plain." },
    PRIMARY: { description: "The main button." },
    SUCCESS: { description: "Green." },
    INFO: { description: "Light blue." },
    WARNING: { description: "Yellow." },
    DANGER: { description: "Red." },
    LINK: { description: "Like a link." },
  },
});

registerEnumType(ObjectChangeAction, {
  name: "ExtrasObjectChangeActionChoices",
  description: "The kind of a change.",
  valuesConfig: {
    CREATE: { description: "The object was created." },
    UPDATE: { description: "The object was updated." },
    DELETE: { description: "The object was deleted." },
  },
});

registerEnumType(ObjectChangeContext, {
  name: "ExtrasObjectChangeChangeContextChoices",
  description: "The way in which a change came about.",
  valuesConfig: {
    WEB: { description: "A user requested the change through the API." },
    JOB: { description: "A run made the change." },
    JOB_HOOK: { description: "A run of a job hook made the change." },
    ORM: { description: "A program made the change without the API." },
    UNKNOWN: { description: "The way is unknown." },
  },
});

registerEnumType(ConsoleOutputType, {
  name: "ExtrasJobConsoleEntryOutputTypeChoices",
  description: "One of the two output streams of a run's console.",
  valuesConfig: {
    STDOUT: { description: "Standard output." },
    STDERR: { description: "Standard error." },
  },
});

registerEnumType(PrunableKind, {
  name: "PrunableKind",
  description: "Records that accumulate, and can be deleted when they are old.",
  valuesConfig: {
    JOB_RESULTS: { description: "Ended runs with their lines, printed texts and files, by `date_done`." },
    JOB_LOG_ENTRIES: { description: "Lines of ended runs, by `date_done` of the run." },
    JOB_CONSOLE_ENTRIES: { description: "Printed texts of ended runs, by `date_done` of the run." },
    OBJECT_CHANGES: { description: "Entries of the change log, by `time`." },
  },
});

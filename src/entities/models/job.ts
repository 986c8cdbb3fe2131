import { Collection } from "@mikro-orm/core";
import { Notes, ObjectChanges, Tags } from "./attached.ts";
import { TimestampedModel } from "./base.ts";
import { JobOnLimit } from "../choices.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { JobButton } from "./job-button.ts";
import { JobHook } from "./job-hook.ts";
import { JobQueueAssignment } from "./job-queue-assignment.ts";
import { JobQueue } from "./job-queue.ts";
import { JobResult } from "./job-result.ts";
import { BelongsTo, Choice, Column, HasMany, LinkedTo, Model } from "../mapping/model.ts";
import type { Note } from "./note.ts";
import type { ObjectChange } from "./object-change.ts";
import { ScheduledJob } from "./scheduled-job.ts";
import type { Tag } from "./tag.ts";

/** What a job's source says of the fields that can be overridden. Null on a row until a source of it was found. */
export interface JobSource {
  grouping: string;
  name: string;
  description: string;
  approvalRequired: boolean;
  consoleLogDefault: boolean;
  dryrunDefault: boolean;
  hidden: boolean;
  softTimeLimit: number;
  timeLimit: number;
  hasSensitiveVariables: boolean;
  isSingleton: boolean;
  /** Names. */
  jobQueues: string[];
  /** A name. */
  defaultJobQueue: string;
}

const overrideFlag = (field: string) =>
  Column("boolean", {
    description: `True when \`${field}\` was set here and no longer follows the job's source.`,
    default: false,
  });

/** A job: code found under `JOBS_ROOT`, and what the database knows and decides about it. */
@Model({
  description: "A job: code with metadata, found under the server's jobs folder. Its metadata can be overridden here.",
  ordering: ["grouping", "name"],
  search: ["name", "grouping", "description"],
  naturalKey: "name",
  unique: [["moduleName", "jobClassName"]],
  indexes: [["grouping", "name"]],
  defaultFilters: { hidden: false },
})
export class Job extends TimestampedModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @Column("string", { description: "Dotted path of the job's file below the jobs folder.", length: 255 })
  moduleName!: string;

  @Column("string", { description: "Name the job is exported under in its file.", length: 255 })
  jobClassName!: string;

  @Column("string", { description: "Heading that the job is listed under.", length: 255 })
  grouping!: string;

  @Column("string", { description: "Unique name for people.", length: 100, unique: true })
  name!: string;

  @Column("text", { description: "What the job does; Markdown.", default: "" })
  description!: string;

  @Column("boolean", {
    description: "True while the job's source is present. A file that does not load now leaves its jobs as they last were.",
    default: true,
  })
  installed!: boolean;

  @Column("text", {
    description: "File, line and reason, while the job's file does not load; null when it does.",
    nullable: true,
  })
  loadError!: string | null;

  @Column("boolean", { description: "True when the job may be run.", default: false })
  enabled!: boolean;

  @Column("boolean", { description: "True for a job that job hooks run on a change.", default: false })
  isJobHookReceiver!: boolean;

  @Column("boolean", { description: "True for a job that job buttons run for an object.", default: false })
  isJobButtonReceiver!: boolean;

  @Column("boolean", { description: "True when the job's inputs must not be kept.", default: false })
  hasSensitiveVariables!: boolean;

  @Column("boolean", { description: "True when a run must be approved by somebody else first.", default: false })
  approvalRequired!: boolean;

  @Column("boolean", { description: "True when only one run may be under way at a time.", default: false })
  isSingleton!: boolean;

  @Column("boolean", { description: "Whether a run keeps its console output unless asked otherwise.", default: false })
  consoleLogDefault!: boolean;

  @Column("boolean", {
    description: "True when the lists of all jobs leave the job out, unless they are asked for it.",
    default: false,
  })
  hidden!: boolean;

  @Column("boolean", { description: "Whether a run is a dry run unless asked otherwise.", default: false })
  dryrunDefault!: boolean;

  @Column("boolean", { description: "True when the job promises to change nothing.", default: false })
  readOnly!: boolean;

  @Column("boolean", { description: "True when the job knows how to run without changing anything.", default: false })
  supportsDryrun!: boolean;

  @Column("float", { description: "Seconds after which a run is asked to stop; 0 for the server's default.", default: 0 })
  softTimeLimit!: number;

  @Column("float", { description: "Seconds after which a run is ended; 0 for the server's default.", default: 0 })
  timeLimit!: number;

  @Column("integer", { description: "How many runs may be under way at a time; null for any number.", nullable: true })
  maxConcurrent!: number | null;

  @Choice(JobOnLimit, {
    description: "What becomes of a run for which `max_concurrent` leaves no room; null where there is no such limit.",
    nullable: true,
  })
  onLimit!: JobOnLimit | null;

  @Column("integer", { description: "How often a run that failed is tried again; null for never.", nullable: true })
  retryLimit!: number | null;

  @Column("float", {
    description:
      "Seconds until the second attempt; the wait before each further one is twice as long, up to a day. Null without `retry_limit`.",
    nullable: true,
  })
  retryBackoff!: number | null;

  @Column("json", { description: "What the job's source says, whatever is overridden.", nullable: true, hidden: true })
  source!: JobSource | null;

  @Column("json", {
    description:
      "JSON Schema (draft-07) of the job's variables, in the order of their author: what `data` of `run_job` must look like.",
    ordered: true,
    default: () => ({ type: "object", properties: {} }),
  })
  variablesSchema!: Record<string, unknown>;

  @BelongsTo(() => JobQueue, {
    description: "Queue that a run waits in unless asked otherwise.",
    nullable: true,
    onDelete: "set null",
  })
  defaultJobQueue!: JobQueue | null;

  @overrideFlag("grouping")
  groupingOverride!: boolean;

  @overrideFlag("name")
  nameOverride!: boolean;

  @overrideFlag("description")
  descriptionOverride!: boolean;

  @overrideFlag("approval_required")
  approvalRequiredOverride!: boolean;

  @overrideFlag("console_log_default")
  consoleLogDefaultOverride!: boolean;

  @overrideFlag("dryrun_default")
  dryrunDefaultOverride!: boolean;

  @overrideFlag("hidden")
  hiddenOverride!: boolean;

  @overrideFlag("soft_time_limit")
  softTimeLimitOverride!: boolean;

  @overrideFlag("time_limit")
  timeLimitOverride!: boolean;

  @overrideFlag("has_sensitive_variables")
  hasSensitiveVariablesOverride!: boolean;

  @overrideFlag("is_singleton")
  isSingletonOverride!: boolean;

  @overrideFlag("job_queues")
  jobQueuesOverride!: boolean;

  @overrideFlag("default_job_queue")
  defaultJobQueueOverride!: boolean;

  @HasMany(() => JobQueueAssignment, "job", { description: "Which queues the job may use." })
  jobQueueAssignments = new Collection<JobQueueAssignment>(this);

  @LinkedTo(() => JobQueue, {
    table: "job_queue_assignment",
    entity: () => JobQueueAssignment,
    description: "The queues that the job may use.",
  })
  jobQueues = new Collection<JobQueue>(this);

  @HasMany(() => JobResult, "jobModel", { description: "The job's runs, newest first." })
  jobResults = new Collection<JobResult>(this);

  @HasMany(() => JobHook, "job", { description: "The hooks that run the job." })
  jobHooks = new Collection<JobHook>(this);

  @HasMany(() => JobButton, "job", { alias: "jobbutton", description: "The buttons that run the job." })
  jobbuttonSet = new Collection<JobButton>(this);

  @HasMany(() => ScheduledJob, "jobModel", { description: "The schedules that run the job." })
  scheduledJobs = new Collection<ScheduledJob>(this);

  @Tags("job_tag")
  tags = new Collection<Tag>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

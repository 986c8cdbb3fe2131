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

/** Metadata of a job's source that can be overridden. Null until a source was found. */
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
    description: `True when an override sets \`${field}\`; false when it follows the job's source.`,
    default: false,
  });

/** A job: code found under `JOBS_ROOT`, with its settings in the database. */
@Model({
  description: "A job: code from a job file, with metadata that can be overridden.",
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

  @Column("string", { description: "Dotted path of the job file below `JOBS_ROOT`.", length: 255 })
  moduleName!: string;

  @Column("string", { description: "Name of the job's export in its file.", length: 255 })
  jobClassName!: string;

  @Column("string", { description: "Heading of the job in lists.", length: 255 })
  grouping!: string;

  @Column("string", { description: "Unique name for people.", length: 100, unique: true })
  name!: string;

  @Column("text", { description: "Description of the job, as Markdown.", default: "" })
  description!: string;

  @Column("boolean", {
    description: "True while the source of the job is present. The jobs of a file that does not load stay installed.",
    default: true,
  })
  installed!: boolean;

  @Column("text", {
    description: "File, line and reason while the job file does not load; otherwise null.",
    nullable: true,
  })
  loadError!: string | null;

  @Column("boolean", { description: "True when the job can be run.", default: false })
  enabled!: boolean;

  @Column("boolean", { description: "True for a receiver of job hooks.", default: false })
  isJobHookReceiver!: boolean;

  @Column("boolean", { description: "True for a receiver of job buttons.", default: false })
  isJobButtonReceiver!: boolean;

  @Column("boolean", { description: "True when all inputs of the job are sensitive.", default: false })
  hasSensitiveVariables!: boolean;

  @Column("boolean", { description: "True when another user has to approve each run.", default: false })
  approvalRequired!: boolean;

  @Column("boolean", { description: "True when only one run at a time is allowed.", default: false })
  isSingleton!: boolean;

  @Column("boolean", { description: "Default of `console_log`: true when runs keep their printed texts.", default: false })
  consoleLogDefault!: boolean;

  @Column("boolean", {
    description: "True when lists leave out the job, unless filters name it.",
    default: false,
  })
  hidden!: boolean;

  @Column("boolean", { description: "Default of `dryrun`: true when runs are dry runs.", default: false })
  dryrunDefault!: boolean;

  @Column("boolean", { description: "True when the job changes nothing.", default: false })
  readOnly!: boolean;

  @Column("boolean", { description: "True when the job supports dry runs, which change nothing.", default: false })
  supportsDryrun!: boolean;

  @Column("float", { description: "Seconds after which a run is asked to stop; 0 for the server's limit.", default: 0 })
  softTimeLimit!: number;

  @Column("float", { description: "Seconds after which a run is ended; 0 for the server's limit.", default: 0 })
  timeLimit!: number;

  @Column("integer", { description: "Number of runs that are allowed at a time; null for any number.", nullable: true })
  maxConcurrent!: number | null;

  @Choice(JobOnLimit, {
    description: "What happens to a run without a slot; null without `max_concurrent`.",
    nullable: true,
  })
  onLimit!: JobOnLimit | null;

  @Column("integer", { description: "Number of further attempts after a failed one; null for none.", nullable: true })
  retryLimit!: number | null;

  @Column("float", {
    description:
      "Seconds before the second attempt. Each further wait is twice as long, up to a day. Null without `retry_limit`.",
    nullable: true,
  })
  retryBackoff!: number | null;

  @Column("json", { description: "The metadata of the job's source.", nullable: true, hidden: true })
  source!: JobSource | null;

  @Column("json", {
    description:
      "JSON Schema (draft-07) of the job's variables, in their order in the job file. `data` of `run_job` has to match it.",
    ordered: true,
    default: () => ({ type: "object", properties: {} }),
  })
  variablesSchema!: Record<string, unknown>;

  @BelongsTo(() => JobQueue, {
    description: "Queue of runs that name no other.",
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

  @HasMany(() => JobQueueAssignment, "job", { description: "The assignments of queues to the job." })
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

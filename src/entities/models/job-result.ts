import { Collection } from "@mikro-orm/core";
import { Notes, ObjectChanges } from "./attached.ts";
import { BaseModel } from "./base.ts";
import { JobResultCancelType, JobResultStatus } from "../choices.ts";
import { CustomFields } from "../mapping/custom-fields.ts";
import { FileProxy } from "./file-proxy.ts";
import { JobConsoleEntry } from "./job-console-entry.ts";
import { JobLogEntry } from "./job-log-entry.ts";
import { Job } from "./job.ts";
import { BelongsTo, Choice, Column, HasMany, Model } from "../mapping/model.ts";
import type { Note } from "./note.ts";
import type { ObjectChange } from "./object-change.ts";
import { ScheduledJob } from "./scheduled-job.ts";
import { User } from "./user.ts";

const logCount = (what: string) =>
  Column("integer", { description: `Log lines of level ${what} so far.`, nullable: true, default: 0 });

/** One run of a job. Its `status` is the only record of where the run stands. */
@Model({
  description: "One run of a job: when, by whom, with what, and what came of it.",
  ordering: ["-date_created"],
  search: ["name", "job_model.name", "user.username"],
  unique: [["user", "idempotencyKey"]],
  indexes: [
    ["dateCreated", "id"],
    ["dateDone"],
    ["status", "dateCreated"],
    ["jobModel", "dateCreated", "id"],
    ["scheduledJob", "dateCreated", "id"],
    ["user", "dateCreated"],
    ["rerunOf", "dateCreated", "id"],
  ],
})
export class JobResult extends BaseModel {
  @CustomFields()
  _customFieldData!: Record<string, unknown> | null;

  @BelongsTo(() => Job, {
    description: "The job that was run; null once it is deleted.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  jobModel!: Job | null;

  @Column("string", { description: "Name of the job when the run was asked for.", length: 255 })
  name!: string;

  @Column("string", { description: "`class_path` of the job.", length: 255, nullable: true })
  taskName!: string | null;

  @BelongsTo(() => User, { description: "Who asked for the run.", nullable: true, onDelete: "set null", index: false })
  user!: User | null;

  @BelongsTo(() => ScheduledJob, {
    description: "The schedule that asked for the run; null for none.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  scheduledJob!: ScheduledJob | null;

  @Column("timestamp", {
    description: "The time of its schedule that the run is for; null for a run that no schedule's time has set off.",
    nullable: true,
  })
  scheduledFor!: Date | null;

  @Choice(JobResultStatus, { description: "Where the run stands.", default: JobResultStatus.PENDING })
  status!: JobResultStatus;

  @Column("timestamp", { description: "When the run was asked for.", default: () => new Date() })
  dateCreated!: Date;

  @Column("timestamp", { description: "When a worker started it.", nullable: true })
  dateStarted!: Date | null;

  @Column("timestamp", { description: "When it ended, however it ended.", nullable: true })
  dateDone!: Date | null;

  @Column("json", {
    description:
      "What the job returned. Where it failed, `error` as Nautobot has it: an object with `exc_type`, `exc_module` and a list `exc_message`.",
    nullable: true,
    unlogged: true,
  })
  result!: unknown;

  @Column("string", { description: "Name of the worker that took the run.", length: 255, nullable: true })
  worker!: string | null;

  @Column("uuid", { description: "Id of that worker, which is another at each start.", nullable: true, hidden: true })
  workerId!: string | null;

  @Column("json", {
    description: "Positional inputs; always an empty list, kept for Nautobot's clients.",
    nullable: true,
    unlogged: true,
    default: () => [],
  })
  taskArgs!: unknown;

  @Column("json", {
    description: "The run's inputs, as they were given, without sensitive ones.",
    nullable: true,
    unlogged: true,
    default: () => ({}),
  })
  taskKwargs!: Record<string, unknown> | null;

  @Column("text", { description: "The sensitive inputs, sealed; null once the run has ended.", nullable: true, hidden: true })
  sensitiveKwargs!: string | null;

  @Column("json", {
    description: "How the run was asked for: queue, dry run, time limits, retries, names of sensitive inputs.",
    nullable: true,
    unlogged: true,
    default: () => ({}),
  })
  celeryKwargs!: Record<string, unknown> | null;

  @Column("text", { description: "Stack of the error that ended the run.", nullable: true, unlogged: true })
  traceback!: string | null;

  @Column("json", { description: "What else is known of the run.", nullable: true, unlogged: true })
  meta!: Record<string, unknown> | null;

  @Column("float", { description: "", nullable: true, hidden: true })
  progressDone!: number | null;

  @Column("float", { description: "", nullable: true, hidden: true })
  progressTotal!: number | null;

  @Column("string", { description: "", length: 255, nullable: true, hidden: true })
  progressMessage!: string | null;

  @logCount("DEBUG")
  debugLogCount!: number | null;

  @logCount("SUCCESS")
  successLogCount!: number | null;

  @logCount("INFO")
  infoLogCount!: number | null;

  @logCount("WARNING")
  warningLogCount!: number | null;

  @logCount("FAILURE, ERROR or CRITICAL")
  errorLogCount!: number | null;

  @HasMany(() => JobLogEntry, "jobResult", { description: "The run's log lines, in the order they were said." })
  jobLogEntries = new Collection<JobLogEntry>(this);

  @BelongsTo(() => User, {
    description: "Who canceled the run; null for nobody, and once the user is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  canceledBy!: User | null;

  @Column("string", { description: "Username of who canceled the run, at the time; empty for nobody.", length: 150, default: "" })
  canceledByUserName!: string;

  @Choice(JobResultCancelType, {
    description: "How a canceled run came to its end; null for one that was not canceled.",
    nullable: true,
  })
  cancelType!: JobResultCancelType | null;

  @Column("timestamp", { description: "When the run was canceled.", nullable: true })
  dateCanceled!: Date | null;

  @Column("text", { description: "Why the run was canceled; null where nobody said.", nullable: true })
  cancelReason!: string | null;

  @Column("integer", {
    description: "Which attempt is under way, or was the last; 1 is the first, null before it.",
    nullable: true,
  })
  attempt!: number | null;

  @Column("timestamp", {
    description: "When the next attempt begins; null unless the run waits for one. Why the last one failed is in `error`.",
    nullable: true,
  })
  dateNextAttempt!: Date | null;

  @Column("boolean", {
    description:
      "True while the run waits for room under its job's `max_concurrent`; null for a run that is under no such limit.",
    nullable: true,
  })
  waitsForSlot!: boolean | null;

  @Column("boolean", {
    description: "True while the run waits for the approval of its `scheduled_job`; null for a run that does not.",
    nullable: true,
  })
  awaitsApproval!: boolean | null;

  @Column("string", {
    description: "What its `run_job` gave as `idempotency_key`; null once the key is in use again.",
    length: 255,
    nullable: true,
    unlogged: true,
  })
  idempotencyKey!: string | null;

  @Column("string", {
    description: "Fingerprint of what was asked for under the key.",
    length: 64,
    nullable: true,
    hidden: true,
  })
  idempotencyHash!: string | null;

  @BelongsTo(() => JobResult, {
    description: "The run that this one repeats; null for none, and once that one is deleted.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  rerunOf!: JobResult | null;

  @HasMany(() => JobResult, "rerunOf", { description: "The runs that repeat this one, newest first." })
  reruns = new Collection<JobResult>(this);

  @HasMany(() => JobConsoleEntry, "jobResult", { description: "What the run printed, in order." })
  jobConsoleEntries = new Collection<JobConsoleEntry>(this);

  @HasMany(() => FileProxy, "jobResult", { description: "The files that the run produced." })
  files = new Collection<FileProxy>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

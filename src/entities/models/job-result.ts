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

/** A run of a job. Its `status` is the only record of where the run stands. */
@Model({
  description: "A run of a job: its request, its progress and its outcome.",
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
    description: "The job; null once it is deleted.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  jobModel!: Job | null;

  @Column("string", { description: "Name of the job at the time of the request.", length: 255 })
  name!: string;

  @Column("string", { description: "`class_path` of the job.", length: 255, nullable: true })
  taskName!: string | null;

  @BelongsTo(() => User, {
    description: "The user of the run; null once the user is deleted.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  user!: User | null;

  @BelongsTo(() => ScheduledJob, {
    description: "The schedule of the run; null for none.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  scheduledJob!: ScheduledJob | null;

  @Column("timestamp", {
    description: "The time of the schedule that the run is for; null for a run that no tick of a schedule created.",
    nullable: true,
  })
  scheduledFor!: Date | null;

  @Choice(JobResultStatus, { description: "The status of the run.", default: JobResultStatus.PENDING })
  status!: JobResultStatus;

  @Column("timestamp", { description: "Time of the request.", default: () => new Date() })
  dateCreated!: Date;

  @Column("timestamp", { description: "Time when a worker first started the run.", nullable: true })
  dateStarted!: Date | null;

  @Column("timestamp", { description: "Time when the run ended.", nullable: true })
  dateDone!: Date | null;

  @Column("json", {
    description:
      "The value that the job returned. For a failed run, its error as Nautobot has it: an object with `exc_type`, `exc_module` and a list `exc_message`.",
    nullable: true,
    unlogged: true,
  })
  result!: unknown;

  @Column("string", { description: "Name of the run's worker.", length: 255, nullable: true })
  worker!: string | null;

  @Column("uuid", {
    description: "Id of the run's worker, which changes at each start of a server.",
    nullable: true,
    hidden: true,
  })
  workerId!: string | null;

  @Column("json", {
    description: "Positional inputs; always an empty list, kept for Nautobot's clients.",
    nullable: true,
    unlogged: true,
    default: () => [],
  })
  taskArgs!: unknown;

  @Column("json", {
    description: "The inputs of the run, without sensitive ones.",
    nullable: true,
    unlogged: true,
    default: () => ({}),
  })
  taskKwargs!: Record<string, unknown> | null;

  @Column("text", { description: "The sealed sensitive inputs; null once the run has ended.", nullable: true, hidden: true })
  sensitiveKwargs!: string | null;

  @Column("json", {
    description: "Options of the run: queue, dry run, time limits, retries, names of sensitive inputs.",
    nullable: true,
    unlogged: true,
    default: () => ({}),
  })
  celeryKwargs!: Record<string, unknown> | null;

  @Column("text", { description: "Stack of the error that ended the run.", nullable: true, unlogged: true })
  traceback!: string | null;

  @Column("json", { description: "More facts about the run.", nullable: true, unlogged: true })
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

  @HasMany(() => JobLogEntry, "jobResult", { description: "The lines of the run's log, by sequence." })
  jobLogEntries = new Collection<JobLogEntry>(this);

  @BelongsTo(() => User, {
    description: "The user who canceled the run; null for none, and once the user is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  canceledBy!: User | null;

  @Column("string", { description: "Username of that user at the time; empty for none.", length: 150, default: "" })
  canceledByUserName!: string;

  @Choice(JobResultCancelType, {
    description: "How the canceled run ended; null for a run that was not canceled.",
    nullable: true,
  })
  cancelType!: JobResultCancelType | null;

  @Column("timestamp", { description: "Time when the run was canceled.", nullable: true })
  dateCanceled!: Date | null;

  @Column("text", { description: "Reason for the cancel; null for none.", nullable: true })
  cancelReason!: string | null;

  @Column("integer", {
    description: "Number of the current or last attempt; null before the first.",
    nullable: true,
  })
  attempt!: number | null;

  @Column("timestamp", {
    description: "Time of the next attempt; null when no attempt waits. `error` says why the last attempt failed.",
    nullable: true,
  })
  dateNextAttempt!: Date | null;

  @Column("boolean", {
    description: "True while the run waits for a slot under `max_concurrent` of its job; null without such a limit.",
    nullable: true,
  })
  waitsForSlot!: boolean | null;

  @Column("boolean", {
    description: "True while the run waits for the approval of its `scheduled_job`; otherwise null.",
    nullable: true,
  })
  awaitsApproval!: boolean | null;

  @Column("string", {
    description: "The `idempotency_key` of `run_job`; null once another run uses the key.",
    length: 255,
    nullable: true,
    unlogged: true,
  })
  idempotencyKey!: string | null;

  @Column("string", {
    description: "Fingerprint of the request under the key.",
    length: 64,
    nullable: true,
    hidden: true,
  })
  idempotencyHash!: string | null;

  @BelongsTo(() => JobResult, {
    description: "The run that this one repeats; null for none, and once that run is deleted.",
    nullable: true,
    onDelete: "set null",
    index: false,
  })
  rerunOf!: JobResult | null;

  @HasMany(() => JobResult, "rerunOf", { description: "The runs that repeat this one, newest first." })
  reruns = new Collection<JobResult>(this);

  @HasMany(() => JobConsoleEntry, "jobResult", { description: "The texts that the run printed, by sequence." })
  jobConsoleEntries = new Collection<JobConsoleEntry>(this);

  @HasMany(() => FileProxy, "jobResult", { description: "The files that the run created." })
  files = new Collection<FileProxy>(this);

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

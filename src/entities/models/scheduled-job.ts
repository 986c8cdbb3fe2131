import { Collection } from "@mikro-orm/core";
import { ApprovalWorkflow } from "./approval-workflow.ts";
import { Notes, ObjectChanges } from "./attached.ts";
import { BaseModel } from "./base.ts";
import { ScheduledJobCatchUp, ScheduledJobInterval, ScheduledJobState } from "../choices.ts";
import { JobQueue } from "./job-queue.ts";
import { JobResult } from "./job-result.ts";
import { Job } from "./job.ts";
import { BelongsTo, Choice, Column, HasAttached, HasMany, Model } from "../mapping/model.ts";
import type { Note } from "./note.ts";
import type { ObjectChange } from "./object-change.ts";
import { TimeZone } from "../times/time-zones.ts";
import { User } from "./user.ts";

/** A schedule: a job, its inputs, and the times at which it runs. */
@Model({
  description: "A schedule: a job, its inputs, and the times at which it runs.",
  ordering: ["name"],
  search: ["name", "task", "description"],
  naturalKey: "name",
  indexes: [["enabled", "state", "nextRunAt"]],
})
export class ScheduledJob extends BaseModel {
  @Column("string", { description: "Unique name of the schedule.", length: 255, unique: true })
  name!: string;

  @Column("string", { description: "`class_path` of the job, kept once the job is deleted.", length: 511 })
  task!: string;

  @BelongsTo(() => Job, {
    description: "The job; null once it is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  jobModel!: Job | null;

  @Choice(ScheduledJobInterval, { description: "How often the job runs.", plain: ScheduledJobInterval.CUSTOM })
  interval!: ScheduledJobInterval;

  @Column("string", {
    description: "For the interval `CUSTOM`: minute, hour, day of month, month and day of week, as in cron; otherwise empty.",
    length: 255,
    default: "",
  })
  crontab!: string;

  @Column("json", {
    description: "Positional inputs; always an empty list, kept for Nautobot's clients.",
    nullable: true,
    default: () => [],
  })
  args!: unknown;

  @Column("json", { description: "The inputs of each run.", nullable: true, unlogged: true, default: () => ({}) })
  kwargs!: Record<string, unknown> | null;

  @Column("json", { description: "Options of each run: queue, dry run.", nullable: true, default: () => ({}) })
  celeryKwargs!: Record<string, unknown> | null;

  @BelongsTo(() => JobQueue, {
    description: "The queue of the runs: the schedule's own, or else the current default of the job.",
    nullable: true,
    onDelete: "set null",
    orElse: { via: "jobModel", name: "defaultJobQueue" },
  })
  jobQueue!: JobQueue | null;

  @Column("string", { description: "Unused; kept for Nautobot's clients.", length: 200, nullable: true })
  exchange!: string | null;

  @Column("string", { description: "Unused; kept for Nautobot's clients.", length: 200, nullable: true })
  routingKey!: string | null;

  @Column("text", { description: "Unused; kept for Nautobot's clients.", default: "{}" })
  headers!: string;

  @Column("integer", { description: "Unused; kept for Nautobot's clients.", nullable: true })
  priority!: number | null;

  @Column("timestamp", { description: "Time after which the job no longer runs; null for none.", nullable: true })
  expires!: Date | null;

  @Column("integer", { description: "Unused; kept for Nautobot's clients.", nullable: true })
  expireSeconds!: number | null;

  @Column("boolean", { description: "True when the job runs only once.", default: false })
  oneOff!: boolean;

  @Column("timestamp", { description: "Time of the first run; for a single run, its time.", default: () => new Date() })
  startTime!: Date;

  @Choice(TimeZone, { description: "Time zone of the schedule's hours and days.", default: "UTC", length: 63 })
  timeZone!: TimeZone;

  @Choice(ScheduledJobCatchUp, {
    description: "What happens to times that passed while no server was running.",
    default: ScheduledJobCatchUp.ONE,
    ofOlderRows: ScheduledJobCatchUp.ONE,
  })
  catchUp!: ScheduledJobCatchUp;

  @Column("timestamp", {
    description: "Time of the next run; null while the schedule is off, and once it has ended.",
    nullable: true,
    unlogged: true,
  })
  nextRunAt!: Date | null;

  @Choice(ScheduledJobState, { description: "The state of the schedule.", default: ScheduledJobState.ACTIVE })
  state!: ScheduledJobState;

  @Column("boolean", { description: "False for a paused schedule.", default: true })
  enabled!: boolean;

  @Column("boolean", {
    description: "True while the schedule is paused because the source of its job is gone.",
    nullable: true,
    hidden: true,
  })
  offWithJob!: boolean | null;

  @Column("timestamp", {
    description: "Time of the last run, not counting runs by hand; null before the first.",
    nullable: true,
    unlogged: true,
  })
  lastRunAt!: Date | null;

  @Column("integer", {
    description: "Number of runs, not counting runs by hand.",
    unlogged: true,
    default: 0,
  })
  totalRunCount!: number;

  @Column("timestamp", { description: "Time of the last change of the schedule.", default: () => new Date(), touched: true })
  dateChanged!: Date;

  @Column("text", { description: "Purpose of the schedule.", default: "" })
  description!: string;

  @BelongsTo(() => User, {
    description: "The user of the runs, who last changed their content; null once the user is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  user!: User | null;

  @Column("timestamp", { description: "Time of the decision; null when no decision was needed.", nullable: true })
  decisionDate!: Date | null;

  @BelongsTo(() => User, {
    description: "The user who approved or denied the request; null for none, and once the user is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  decidedBy!: User | null;

  @Column("string", {
    description: "Username of that user at the time; empty for none.",
    length: 150,
    default: "",
    ofOlderRows: "",
  })
  decidedByUserName!: string;

  @Column("text", { description: "Comment on the decision.", default: "", ofOlderRows: "" })
  decisionComment!: string;

  @Column("string", {
    description: "SHA-256 of the job file in the request or in the approval; null when no approval was needed.",
    length: 64,
    nullable: true,
  })
  sourceVersion!: string | null;

  @Column("string", {
    description: "Fingerprint of the content under approval, or of the approved content; null when no approval was needed.",
    length: 64,
    nullable: true,
    hidden: true,
  })
  approvedContent!: string | null;

  @HasMany(() => JobResult, "scheduledJob", { description: "The runs of the schedule, newest first." })
  jobresultSet = new Collection<JobResult>(this);

  @HasAttached(() => ApprovalWorkflow, "objectUnderReviewObjectId", {
    description: "The approval workflows of the schedule, open and ended.",
  })
  associatedApprovalWorkflows?: ApprovalWorkflow[];

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

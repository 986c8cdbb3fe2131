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

/** When a job is to be run, once or again and again, and with what. */
@Model({
  description: "When a job is to be run, once or again and again, and with what.",
  ordering: ["name"],
  search: ["name", "task", "description"],
  naturalKey: "name",
  indexes: [["enabled", "state", "nextRunAt"]],
})
export class ScheduledJob extends BaseModel {
  @Column("string", { description: "Unique name of the schedule.", length: 255, unique: true })
  name!: string;

  @Column("string", { description: "`class_path` of the job, kept when the job is deleted.", length: 511 })
  task!: string;

  @BelongsTo(() => Job, {
    description: "The job that is run; null once it is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  jobModel!: Job | null;

  @Choice(ScheduledJobInterval, { description: "How often it is run.", plain: ScheduledJobInterval.CUSTOM })
  interval!: ScheduledJobInterval;

  @Column("string", {
    description:
      "For the interval `CUSTOM`: minute, hour, day of month, month and day of week, as cron spells them; empty for others.",
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

  @Column("json", { description: "How each run is asked for: queue, dry run.", nullable: true, default: () => ({}) })
  celeryKwargs!: Record<string, unknown> | null;

  @BelongsTo(() => JobQueue, {
    description: "The queue that its runs wait in: its own, or else the default of its job, as the job is now.",
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

  @Column("timestamp", { description: "From when on it is no longer run; null for never.", nullable: true })
  expires!: Date | null;

  @Column("integer", { description: "Unused; kept for Nautobot's clients.", nullable: true })
  expireSeconds!: number | null;

  @Column("boolean", { description: "True when it is run a single time.", default: false })
  oneOff!: boolean;

  @Column("timestamp", { description: "From when on it is run; for one that is run once, when.", default: () => new Date() })
  startTime!: Date;

  @Choice(TimeZone, { description: "Time zone that its hours and days are meant in.", default: "UTC", length: 63 })
  timeZone!: TimeZone;

  @Choice(ScheduledJobCatchUp, {
    description: "What becomes of times at which no server was there to run it.",
    default: ScheduledJobCatchUp.ONE,
    ofOlderRows: ScheduledJobCatchUp.ONE,
  })
  catchUp!: ScheduledJobCatchUp;

  @Column("timestamp", {
    description: "When it runs the job next, the only record of what is due; null while it is off, and once it has ended.",
    nullable: true,
    unlogged: true,
  })
  nextRunAt!: Date | null;

  @Choice(ScheduledJobState, { description: "Where the schedule stands.", default: ScheduledJobState.ACTIVE })
  state!: ScheduledJobState;

  @Column("boolean", { description: "False for a schedule that is off.", default: true })
  enabled!: boolean;

  @Column("boolean", {
    description: "True while the schedule is off because its job's source is gone, and nobody has said since how it is to be.",
    nullable: true,
    hidden: true,
  })
  offWithJob!: boolean | null;

  @Column("timestamp", {
    description: "When it last ran the job, not counting runs by hand; null before the first time.",
    nullable: true,
    unlogged: true,
  })
  lastRunAt!: Date | null;

  @Column("integer", {
    description: "How often it has run the job, not counting runs by hand.",
    unlogged: true,
    default: 0,
  })
  totalRunCount!: number;

  @Column("timestamp", { description: "When the schedule last changed.", default: () => new Date(), touched: true })
  dateChanged!: Date;

  @Column("text", { description: "What it is for.", default: "" })
  description!: string;

  @BelongsTo(() => User, {
    description: "As whom the job is run: who said last what is run; null once the user is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  user!: User | null;

  @Column("timestamp", { description: "When it was approved or denied; null where nobody was asked.", nullable: true })
  decisionDate!: Date | null;

  @BelongsTo(() => User, {
    description: "Who approved or denied it; null where nobody has, and once the user is deleted.",
    nullable: true,
    onDelete: "set null",
  })
  decidedBy!: User | null;

  @Column("string", {
    description: "Username of who approved or denied it, at the time; empty where nobody has.",
    length: 150,
    default: "",
    ofOlderRows: "",
  })
  decidedByUserName!: string;

  @Column("text", { description: "What who approved or denied it had to say.", default: "", ofOlderRows: "" })
  decisionComment!: string;

  @Column("string", {
    description:
      "SHA-256 of the text of the job's file that an approval is asked for, or was given for; null where none was asked for.",
    length: 64,
    nullable: true,
  })
  sourceVersion!: string | null;

  @Column("string", {
    description: "Fingerprint of all that is asked for, or another one of all that was approved; null where nobody was asked.",
    length: 64,
    nullable: true,
    hidden: true,
  })
  approvedContent!: string | null;

  @HasMany(() => JobResult, "scheduledJob", { description: "The runs it has asked for, newest first." })
  jobresultSet = new Collection<JobResult>(this);

  @HasAttached(() => ApprovalWorkflow, "objectUnderReviewObjectId", {
    description: "How its approvals went in stages: the workflow that goes on, if there is one, and those that have ended.",
  })
  associatedApprovalWorkflows?: ApprovalWorkflow[];

  @Notes()
  notes?: Note[];

  @ObjectChanges()
  objectChanges?: ObjectChange[];
}

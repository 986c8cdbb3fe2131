import { BaseModel } from "./base.ts";
import { LogLevel } from "../choices.ts";
import { JobResult } from "./job-result.ts";
import { BelongsTo, Choice, Column, Model } from "../mapping/model.ts";

/** A line of a run's log. */
@Model({
  description: "A line of a run's log.",
  ordering: ["job_result", "sequence"],
  search: ["message", "grouping", "log_level"],
  unique: [["jobResult", "sequence"]],
})
export class JobLogEntry extends BaseModel {
  @BelongsTo(() => JobResult, { description: "The run of the line.", onDelete: "cascade", index: false })
  jobResult!: JobResult;

  @Column("integer", {
    description: "Number of the line in its run: 1, 2, 3 …, without a gap. It is the cursor of every follower.",
  })
  sequence!: number;

  @Choice(LogLevel, { description: "The severity of the line.", length: 32, plain: LogLevel.INFO })
  logLevel!: LogLevel;

  @Column("string", { description: "Heading of the line; `main` unless the job names another.", length: 255 })
  grouping!: string;

  @Column("text", { description: "The text of the line." })
  message!: string;

  @Column("timestamp", { description: "Time of the line." })
  created!: Date;

  @Column("string", {
    description: "The object that the line is about, by a name for people; empty for none.",
    length: 200,
    default: "",
  })
  logObject!: string;

  @Column("string", { description: "URL of that object; empty for none.", length: 255, default: "" })
  absoluteUrl!: string;
}

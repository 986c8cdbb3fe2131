import { BaseModel } from "./base.ts";
import { LogLevel } from "../choices.ts";
import { JobResult } from "./job-result.ts";
import { BelongsTo, Choice, Column, Model } from "../mapping/model.ts";

/** One line of a run's log. */
@Model({
  description: "One line of a run's log.",
  ordering: ["job_result", "sequence"],
  search: ["message", "grouping", "log_level"],
  unique: [["jobResult", "sequence"]],
})
export class JobLogEntry extends BaseModel {
  @BelongsTo(() => JobResult, { description: "The run that said it.", onDelete: "cascade", index: false })
  jobResult!: JobResult;

  @Column("integer", { description: "1, 2, 3 … within the run, without a gap: the cursor of everyone who follows the log." })
  sequence!: number;

  @Choice(LogLevel, { description: "How serious the line is.", length: 32, plain: LogLevel.INFO })
  logLevel!: LogLevel;

  @Column("string", { description: "Heading that the line belongs under; `main` unless the job says otherwise.", length: 255 })
  grouping!: string;

  @Column("text", { description: "What the job said." })
  message!: string;

  @Column("timestamp", { description: "When the job said it." })
  created!: Date;

  @Column("string", { description: "The object that the line is about, for people; empty for none.", length: 200, default: "" })
  logObject!: string;

  @Column("string", { description: "Where that object is to be seen; empty for nowhere.", length: 255, default: "" })
  absoluteUrl!: string;
}

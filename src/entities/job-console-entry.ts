import { BaseModel } from "./base.ts";
import { ConsoleOutputType } from "./choices.ts";
import { JobResult } from "./job-result.ts";
import { BelongsTo, Choice, Column, Model } from "./model.ts";

/** One piece of what a run printed. */
@Model({
  description: "One piece of what a run printed to its console.",
  ordering: ["job_result", "timestamp"],
  search: ["text"],
  indexes: [["jobResult", "timestamp"]],
})
export class JobConsoleEntry extends BaseModel {
  @BelongsTo(() => JobResult, { description: "The run that printed it.", onDelete: "cascade", index: false })
  jobResult!: JobResult;

  @Column("timestamp", { description: "When it was printed.", default: () => new Date() })
  timestamp!: Date;

  @Choice(ConsoleOutputType, { description: "Which of the two outputs it was printed to." })
  outputType!: ConsoleOutputType;

  @Column("text", { description: "What was printed." })
  text!: string;
}

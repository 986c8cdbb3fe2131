import { BaseModel } from "./base.ts";
import { ConsoleOutputType } from "../choices.ts";
import { JobResult } from "./job-result.ts";
import { BelongsTo, Choice, Column, Model } from "../mapping/model.ts";

/** One piece of what a run printed. */
@Model({
  description: "One piece of what a run printed to its console.",
  ordering: ["job_result", "sequence"],
  search: ["text"],
  unique: [["jobResult", "sequence"]],
})
export class JobConsoleEntry extends BaseModel {
  @BelongsTo(() => JobResult, { description: "The run that printed it.", onDelete: "cascade", index: false })
  jobResult!: JobResult;

  @Column("integer", { description: "1, 2, 3 … within the run, without a gap: the texts in this order are what it printed." })
  sequence!: number;

  @Column("timestamp", {
    description: "When it was printed; the first of it, where several writes became one entry.",
    default: () => new Date(),
  })
  timestamp!: Date;

  @Choice(ConsoleOutputType, { description: "Which of the two outputs it was printed to.", plain: ConsoleOutputType.STDOUT })
  outputType!: ConsoleOutputType;

  @Column("text", { description: "What was printed, line feeds included; what is too long is cut, with a mark." })
  text!: string;
}

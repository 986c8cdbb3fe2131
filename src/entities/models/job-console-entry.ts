import { BaseModel } from "./base.ts";
import { ConsoleOutputType } from "../choices.ts";
import { JobResult } from "./job-result.ts";
import { BelongsTo, Choice, Column, Model } from "../mapping/model.ts";

/** A text that a run printed. */
@Model({
  description: "A text that a run printed to its console.",
  ordering: ["job_result", "sequence"],
  search: ["text"],
  unique: [["jobResult", "sequence"]],
})
export class JobConsoleEntry extends BaseModel {
  @BelongsTo(() => JobResult, { description: "The run that printed the text.", onDelete: "cascade", index: false })
  jobResult!: JobResult;

  @Column("integer", { description: "Number of the text in its run: 1, 2, 3 …, without a gap." })
  sequence!: number;

  @Column("timestamp", {
    description: "Time of the text. When several writes became one entry, the time of the first.",
    default: () => new Date(),
  })
  timestamp!: Date;

  @Choice(ConsoleOutputType, { description: "The output stream of the text.", plain: ConsoleOutputType.STDOUT })
  outputType!: ConsoleOutputType;

  @Column("text", { description: "The text, line feeds included. Longer texts are cut, with a mark." })
  text!: string;
}

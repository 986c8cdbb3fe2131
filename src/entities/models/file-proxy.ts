import { BaseModel } from "./base.ts";
import { JobResult } from "./job-result.ts";
import { BelongsTo, Column, Model } from "../mapping/model.ts";

/** A file that a run produced; what it holds is kept elsewhere. */
@Model({
  description: "A file that a run produced.",
  ordering: ["name"],
  search: ["name"],
  indexes: [["name"], ["jobResult", "name"]],
})
export class FileProxy extends BaseModel {
  @Column("string", { description: "Name of the file.", length: 255 })
  name!: string;

  @Column("timestamp", { description: "When the run handed it over.", default: () => new Date() })
  uploadedAt!: Date;

  @Column("integer", { description: "Its size in bytes.", default: 0 })
  size!: number;

  @BelongsTo(() => JobResult, {
    description: "The run that produced it; null for a file that was uploaded as a run's input.",
    nullable: true,
    onDelete: "cascade",
    index: false,
  })
  jobResult!: JobResult | null;
}

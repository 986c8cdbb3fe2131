import { BaseModel } from "./base.ts";
import { JobResult } from "./job-result.ts";
import { BelongsTo, Column, Model } from "../mapping/model.ts";

/** A file that a run produced; its content is kept elsewhere. */
@Model({
  description: "A file that a run created.",
  ordering: ["name"],
  search: ["name"],
  indexes: [["name"], ["jobResult", "name"]],
})
export class FileProxy extends BaseModel {
  @Column("string", { description: "Name of the file.", length: 255 })
  name!: string;

  @Column("timestamp", { description: "Time when the run created the file.", default: () => new Date() })
  uploadedAt!: Date;

  @Column("integer", { description: "Size in bytes.", default: 0 })
  size!: number;

  @BelongsTo(() => JobResult, {
    description: "The run that created the file; null for an uploaded input.",
    nullable: true,
    onDelete: "cascade",
    index: false,
  })
  jobResult!: JobResult | null;
}

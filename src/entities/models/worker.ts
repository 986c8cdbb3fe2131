import { BaseModel } from "./base.ts";
import { Column, Model } from "../mapping/model.ts";

/** A process that takes runs. Its id is new at each start; its row is gone once it stopped, or once others found it dead. */
@Model({ description: "A server process that executes runs.", ordering: ["started"], search: [] })
export class Worker extends BaseModel {
  @Column("string", { description: "", length: 255, hidden: true })
  host!: string;

  @Column("integer", { description: "", hidden: true })
  pid!: number;

  @Column("timestamp", { description: "", hidden: true })
  started!: Date;

  /** Grows for as long as the process lives. Others compare it with itself, so that no clock of any machine matters. */
  @Column("integer", { description: "", hidden: true })
  beats!: number;
}

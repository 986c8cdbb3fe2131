import { AbstractModel, Column, Id } from "../mapping/model.ts";

/** Columns of every model. */
@AbstractModel()
export abstract class BaseModel {
  @Id()
  id!: string;
}

/** Columns of Nautobot's primary models: times of creation and of the last change. */
@AbstractModel()
export abstract class TimestampedModel extends BaseModel {
  @Column("timestamp", { description: "Time when the object was created.", nullable: true, default: () => new Date() })
  created!: Date | null;

  @Column("timestamp", {
    description: "Time of the last change of the object.",
    nullable: true,
    default: () => new Date(),
    touched: true,
  })
  lastUpdated!: Date | null;
}

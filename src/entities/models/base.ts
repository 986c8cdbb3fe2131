import { AbstractModel, Column, Id } from "../mapping/model.ts";

/** What every model has. */
@AbstractModel()
export abstract class BaseModel {
  @Id()
  id!: string;
}

/** What Nautobot's primary models have as well: when they came and when they last changed. */
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

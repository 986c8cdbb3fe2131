import { TimestampedModel } from "./base.ts";
import { BelongsTo, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** A key that a client proves a user with. Only its hash is stored; the key itself is shown once, when it is made. */
@Model({ description: "A key that authenticates a user.", ordering: ["id"] })
export class Token extends TimestampedModel {
  @BelongsTo(() => User, { description: "The user of the key.", onDelete: "cascade" })
  user!: User;

  @Column("string", { description: "SHA-256 of the key, in hexadecimal.", length: 64, unique: true, hidden: true })
  keyHash!: string;

  @Column("timestamp", { description: "Time after which the key is rejected; null for never.", nullable: true })
  expires!: Date | null;

  @Column("string", { description: "Purpose of the key.", length: 200, default: "" })
  description!: string;

  @Column("boolean", {
    description: "False for a key that only reads: mutations with it are rejected.",
    default: true,
    ofOlderRows: "1",
  })
  writeEnabled!: boolean;

  @Column("json", {
    description: "Networks that the key is accepted from, such as `10.0.0.0/8`; null for all.",
    nullable: true,
    list: true,
  })
  allowedNetworks!: string[] | null;

  @Column("integer", {
    description: "Levels that a document with the key may have; null for that of the user's groups, or else the server's.",
    nullable: true,
  })
  maxQueryDepth!: number | null;

  @Column("integer", {
    description: "Values that an answer with the key may have; null for that of the user's groups, or else the server's.",
    nullable: true,
  })
  maxQueryCost!: number | null;

  @Column("integer", {
    description:
      "Characters that an answer with the key may have, about; null for that of the user's groups, or else the server's.",
    nullable: true,
  })
  maxAnswerBytes!: number | null;

  @Column("integer", {
    description:
      "Milliseconds that an operation with the key may take; null for that of the user's groups, or else the server's.",
    nullable: true,
  })
  operationTimeoutMs!: number | null;

  @Column("timestamp", {
    description: "Time of the last use, to the minute; null before the first.",
    nullable: true,
    unlogged: true,
  })
  lastUsed!: Date | null;
}

import { TimestampedModel } from "./base.ts";
import { BelongsTo, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** A key that a client proves a user with. Only its hash is stored; the key itself is shown once, when it is made. */
@Model({ description: "A key that authenticates a user.", ordering: ["created"] })
export class Token extends TimestampedModel {
  @BelongsTo(() => User, { description: "The user of the key.", onDelete: "cascade", hidden: true })
  user!: User;

  @Column("string", { description: "SHA-256 of the key, in hexadecimal.", length: 64, unique: true, hidden: true })
  keyHash!: string;

  @Column("timestamp", { description: "Time after which the key is rejected; null for never.", nullable: true })
  expires!: Date | null;

  @Column("string", { description: "Purpose of the key.", length: 200, default: "" })
  description!: string;
}

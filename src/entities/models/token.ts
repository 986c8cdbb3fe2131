import { TimestampedModel } from "./base.ts";
import { BelongsTo, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** A key that a client proves a user with. Only its hash is stored; the key itself is shown once, when it is made. */
@Model({ description: "A key that a client proves a user with.", ordering: ["created"] })
export class Token extends TimestampedModel {
  @BelongsTo(() => User, { description: "Whom the key stands for.", onDelete: "cascade", hidden: true })
  user!: User;

  @Column("string", { description: "SHA-256 of the key, in hex.", length: 64, unique: true, hidden: true })
  keyHash!: string;

  @Column("timestamp", { description: "From when on the key is refused; null for never.", nullable: true })
  expires!: Date | null;

  @Column("string", { description: "What the key is used for.", length: 200, default: "" })
  description!: string;
}

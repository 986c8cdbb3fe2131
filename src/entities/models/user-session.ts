import { BaseModel } from "./base.ts";
import { BelongsTo, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** A browser in which a user has signed in. Only the hash of its key is stored; the key itself is in the browser's cookie. */
@Model({ description: "A browser in which a user is signed in.", ordering: ["created"], search: [] })
export class UserSession extends BaseModel {
  @BelongsTo(() => User, { description: "The user.", onDelete: "cascade", hidden: true })
  user!: User;

  @Column("string", { description: "SHA-256 of the key, in hexadecimal.", length: 64, unique: true, hidden: true })
  keyHash!: string;

  @Column("timestamp", { description: "Time of the sign-in.", default: () => new Date(), hidden: true })
  created!: Date;

  @Column("timestamp", { description: "Time after which the browser has to sign in again.", index: true, hidden: true })
  expires!: Date;
}

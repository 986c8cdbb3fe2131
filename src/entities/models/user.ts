import { Collection } from "@mikro-orm/core";
import { BaseModel } from "./base.ts";
import { Group } from "./group.ts";
import { Column, LinkedTo, Model } from "../mapping/model.ts";
import { ObjectPermission } from "./object-permission.ts";

/** Somebody, or something, that holds tokens and asks for runs. */
@Model({
  description: "A user of the server.",
  ordering: ["username"],
  search: ["username", "first_name", "last_name", "email"],
  naturalKey: "username",
})
export class User extends BaseModel {
  @Column("string", { description: "Unique name of the user.", length: 150, unique: true })
  username!: string;

  @Column("string", { description: "Given name.", length: 150, default: "" })
  firstName!: string;

  @Column("string", { description: "Family name.", length: 150, default: "" })
  lastName!: string;

  @Column("string", { description: "E-mail address.", length: 254, default: "" })
  email!: string;

  @Column("boolean", { description: "False for a user whose keys are rejected.", default: true })
  isActive!: boolean;

  @Column("boolean", {
    description: "True for staff, who administer the server. Permissions decide over their acts.",
    default: false,
  })
  isStaff!: boolean;

  @Column("boolean", { description: "True for a superuser, who may do everything.", default: false })
  isSuperuser!: boolean;

  @Column("timestamp", { description: "Time when the user was created.", default: () => new Date() })
  dateJoined!: Date;

  @LinkedTo(() => Group, { table: "group_user", mappedBy: "users", description: "The groups of the user." })
  groups = new Collection<Group>(this);

  @LinkedTo(() => ObjectPermission, {
    table: "object_permission_user",
    mappedBy: "users",
    description: "Permissions of the user, without those of the user's groups.",
  })
  objectPermissions = new Collection<ObjectPermission>(this);

  @Column("timestamp", {
    description: "Time of the last sign-in in a browser; null before the first.",
    nullable: true,
    unlogged: true,
  })
  lastLogin!: Date | null;

  /** Hash of the password by argon2id, as PHC string; null for a user who cannot sign in with a password. */
  @Column("string", { description: "", length: 255, nullable: true, hidden: true })
  passwordHash!: string | null;

  /** Issuer and subject of the user's identity elsewhere, with a space between; null for a user of this server only. */
  @Column("string", { description: "", length: 512, nullable: true, unique: true, hidden: true })
  identity!: string | null;
}

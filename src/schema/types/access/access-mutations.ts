import { randomBytes } from "node:crypto";
import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, ArgsType, Ctx, Field, Info, Mutation, ObjectType, Resolver } from "type-graphql";
import { mustBeSuperuser } from "../../../access/administer.ts";
import { hashKey } from "../../../access/authenticate.ts";
import { createObject, type Data, deleteObject, holdOne, refuse, updateObject } from "../../../changes/index.ts";
import { Token, User } from "../../../entities/index.ts";
import { DateTime, ID, uuidOf } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { type ErrorDetail, Faults } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import { inputOf } from "../../model/model-input.ts";
import { readChanged } from "../../model/read-changed.ts";

const USER = shapeOf(User);
const FIELDS = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"];
const CreateUserInput = inputOf(User, { fields: FIELDS, isNew: true });
const UpdateUserInput = inputOf(User, { fields: FIELDS, isNew: false });

/** Longest description of a token, in characters; its column's length. */
const MAX_DESCRIPTION = 200;

@ArgsType()
class CreateTokenArgs {
  @Field(() => String, { description: "User of the key, by username or id." })
  user!: string;

  @Field(() => String, { defaultValue: "", description: `Purpose of the key, in at most ${MAX_DESCRIPTION} characters.` })
  description!: string;

  @Field(() => DateTime, { nullable: true, description: "Time after which the key is rejected; never when absent." })
  expires?: Date | null;
}

/** A new key. */
@ObjectType({ description: "A new key. This answer alone shows it; the server keeps only its hash." })
class CreateTokenPayload {
  @Field(() => ID, { description: "Id of the token, for `delete_token`." })
  id!: string;

  @Field(() => String, { description: "The key, which a client sends as `Authorization: Token KEY`." })
  key!: string;
}

/** A key that is gone. */
@ObjectType({ description: "A deleted key." })
class DeleteTokenPayload {
  @Field(() => ID, { description: "Id of the token." })
  id!: string;
}

/** Users and their keys, for superusers. */
@Resolver()
export class AccessMutations {
  @Mutation(() => User, {
    description: "Creates a user. For superusers. The user needs a key of `create_token` to authenticate.",
  })
  async createUser(
    @Arg("data", () => CreateUserInput, { description: "Values of the new user." }) data: Data,
    @Ctx() { reader, viewer, change }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    mustBeSuperuser(viewer, "create users");
    const { id } = await change((unit) => createObject(unit, User, data));
    return readChanged(reader, info, USER, id);
  }

  @Mutation(() => User, {
    description: "Updates a user. For superusers. An inactive user is locked out within seconds, open streams included.",
  })
  async updateUser(
    @Arg("id", () => ID, { description: "Primary key." }) id: string,
    @Arg("data", () => UpdateUserInput, { description: "Values to change." }) data: Data,
    @Ctx() { reader, viewer, change }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    mustBeSuperuser(viewer, "change users");
    await change((unit) => updateObject(unit, User, id, data));
    return readChanged(reader, info, USER, id);
  }

  @Mutation(() => CreateTokenPayload, { description: "Creates a key for a user. For superusers." })
  async createToken(
    @Args(() => CreateTokenArgs) { user, description, expires }: CreateTokenArgs,
    @Ctx() { viewer, change }: Context,
  ): Promise<CreateTokenPayload> {
    mustBeSuperuser(viewer, "make keys");
    const faults = new Faults();
    await faults.try(() => {
      const details: ErrorDetail[] = [];
      if ([...description].length > MAX_DESCRIPTION)
        details.push({ field: "description", message: `A description has at most ${MAX_DESCRIPTION} characters.` });
      if (expires && expires.getTime() <= Date.now())
        details.push({ field: "expires", message: "expires is in the past: give a later time, or none." });
      refuse(details);
    });
    const key = randomBytes(20).toString("hex");
    const { id } = await change(async (unit) => {
      const where = { $or: [{ username: user }, { id: uuidOf(user) ?? [] }] };
      const found = await faults.try(() => holdOne(unit, User, where, `the name or id ${JSON.stringify(user)}`), "user");
      faults.refuse();
      const holder = found!;
      return unit.create(Token, { user: holder, keyHash: hashKey(key), description, expires: expires ?? null });
    });
    return { id, key };
  }

  @Mutation(() => DeleteTokenPayload, {
    description: "Deletes a key. For superusers. The key is rejected at once, and its open streams end within seconds.",
  })
  async deleteToken(
    @Arg("id", () => ID, { description: "Id of the token, from `create_token`." }) id: string,
    @Ctx() { viewer, change }: Context,
  ): Promise<DeleteTokenPayload> {
    mustBeSuperuser(viewer, "delete keys");
    await change((unit) => deleteObject(unit, Token, id));
    return { id };
  }
}

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
  @Field(() => String, { description: "Whom the key stands for: username or id." })
  user!: string;

  @Field(() => String, { defaultValue: "", description: `What the key is used for, in at most ${MAX_DESCRIPTION} characters.` })
  description!: string;

  @Field(() => DateTime, { nullable: true, description: "From when on the key is refused; never when absent." })
  expires?: Date | null;
}

/** A new key. */
@ObjectType({ description: "A new key, which is shown this once: the server keeps its hash only." })
class CreateTokenPayload {
  @Field(() => ID, { description: "Names the token, e.g. to delete it." })
  id!: string;

  @Field(() => String, { description: "The key: what a client sends as `Authorization: Token KEY`." })
  key!: string;
}

/** A key that is gone. */
@ObjectType({ description: "A key that is refused from now on." })
class DeleteTokenPayload {
  @Field(() => ID, { description: "What named the token." })
  id!: string;
}

/** Who may use the server: for superusers only. */
@Resolver()
export class AccessMutations {
  @Mutation(() => User, { description: "Creates a user. Superusers only; the user needs a token to get in." })
  async createUser(
    @Arg("data", () => CreateUserInput, { description: "What the new user is." }) data: Data,
    @Ctx() { database, viewer, change }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    mustBeSuperuser(viewer, "create users");
    const { id } = await change((unit) => createObject(unit, User, data));
    return readChanged(database, info, USER, id);
  }

  @Mutation(() => User, {
    description: "Changes a user. Superusers only. One who is not active is refused within seconds, open streams included.",
  })
  async updateUser(
    @Arg("id", () => ID, { description: "Primary key." }) id: string,
    @Arg("data", () => UpdateUserInput, { description: "What to change." }) data: Data,
    @Ctx() { database, viewer, change }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    mustBeSuperuser(viewer, "change users");
    await change((unit) => updateObject(unit, User, id, data));
    return readChanged(database, info, USER, id);
  }

  @Mutation(() => CreateTokenPayload, { description: "Makes a key for a user. Superusers only." })
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
        details.push({ field: "expires", message: "A key that has expired already is of no use: give a time to come, or none." });
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
    description:
      "Deletes a key: it is refused from now on, and streams that were opened with it end within seconds. Superusers only.",
  })
  async deleteToken(
    @Arg("id", () => ID, { description: "What `create_token` answered." }) id: string,
    @Ctx() { viewer, change }: Context,
  ): Promise<DeleteTokenPayload> {
    mustBeSuperuser(viewer, "delete keys");
    await change((unit) => deleteObject(unit, Token, id));
    return { id };
  }
}

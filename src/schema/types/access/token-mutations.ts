import { randomBytes } from "node:crypto";
import { Arg, Args, Ctx, Field, Mutation, ObjectType, Resolver } from "type-graphql";
import { hashKey } from "../../../access/authenticate.ts";
import { mustNotExceed, mustNotRaise } from "../../../access/key-limits.ts";
import { mustOutrank, mustReach } from "../../../access/outrank.ts";
import { lacks, mayOn, mustHave } from "../../../access/rights.ts";
import { NOBODY } from "../../../entities/new-id.ts";
import { deleteObject, holdOne, put, refuse } from "../../../changes/index.ts";
import { Token, User } from "../../../entities/index.ts";
import { ID, uuidOf } from "../../../entities/mapping/scalars.ts";
import { AppError, type ErrorDetail, Faults } from "../../../errors.ts";
import { LIMIT_NAMES, type LimitName, type StoredLimits } from "../../../own-limits.ts";
import type { Context } from "../../context.ts";
import { mustMayWithin } from "./may-within.ts";
import { MOST_TOKENS, MyToken, readTokens } from "./my-token.ts";
import { CreateTokenArgs, readTokenArgs, UpdateTokenArgs } from "./token-args.ts";

const limitsOf = (given: Partial<StoredLimits>) =>
  Object.fromEntries(LIMIT_NAMES.map((name) => [name, given[name] ?? null])) as Record<LimitName, number | null>;

/** A new key. */
@ObjectType({ description: "A new key. This answer alone shows it; the server keeps only its hash." })
class CreateTokenPayload {
  @Field(() => ID, { description: "Id of the token, for `update_token` and `delete_token`." })
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

const TOKEN_ID = { description: "Id of the token, from `create_token` or `me`." } as const;
const DELETES =
  "Deletes a key: your own, or another user's with the permission users.delete_token. The key is rejected at once, and its open streams end within seconds.";

/** Keys of the user, and of others. */
@Resolver()
export class TokenMutations {
  @Mutation(() => CreateTokenPayload, {
    description: `Creates a key for yourself, or for another user: with the permission users.add_token, if that user may do no more than you. A key that is limited creates only keys with its limits. Only a superuser gives a key higher limits than the ones of its author. A user has at most ${MOST_TOKENS} keys.`,
  })
  async createToken(
    @Args(() => CreateTokenArgs) { user, writeEnabled, ...args }: CreateTokenArgs,
    @Ctx() context: Context,
  ): Promise<CreateTokenPayload> {
    const {
      reader: { database },
      viewer,
      change,
    } = context;
    const isOwn = user === undefined || user === null || [viewer.username, viewer.id].includes(user);
    const { description, expires = null } = args;
    const faults = new Faults();
    const { networks = null, limits = {} } = (await faults.try(() => readTokenArgs(args))) ?? {};
    if (!isOwn) await faults.try(() => mustMakeKeysFor(context, user), "user");
    faults.refuse();
    mustNotExceed(viewer, { networks, expires, limits: limitsOf(limits) });
    mustNotRaise(viewer, context.limits, limits);
    const key = randomBytes(20).toString("hex");
    const where = isOwn ? { id: viewer.id } : { $or: [{ username: user }, { id: uuidOf(user!) ?? [] }] };
    const { id } = await change(async (unit) => {
      const holder = await holdOne(unit, User, where, `the name or id ${JSON.stringify(user)}`);
      if ((await unit.em.count(Token, { user: holder })) >= MOST_TOKENS)
        throw new AppError("LIMIT_EXCEEDED", `A user has at most ${MOST_TOKENS} keys: delete one first.`);
      const token = unit.create(Token, {
        user: holder,
        keyHash: hashKey(key),
        description,
        expires,
        writeEnabled,
        allowedNetworks: networks,
        ...limits,
      });
      if (!isOwn) await mustMayWithin(unit, database, viewer, "add", Token, token.id);
      return token;
    });
    return { id, key };
  }

  @Mutation(() => MyToken, {
    description:
      "Updates a key: your own, or another user's with the permission users.change_token. Absent arguments stay as they are. Only a superuser gives a key higher limits than the ones of its author. Open streams of a key that is limited further end within seconds.",
  })
  async updateToken(
    @Args(() => UpdateTokenArgs) { id, writeEnabled, ...args }: UpdateTokenArgs,
    @Ctx() context: Context,
  ): Promise<MyToken> {
    const {
      reader: { database },
      viewer,
      change,
    } = context;
    const { description, expires } = args;
    const details: ErrorDetail[] = [];
    if (description === null) details.push({ field: "description", message: "A description is a text, or absent." });
    if (writeEnabled === null) details.push({ field: "write_enabled", message: "write_enabled is true, false, or absent." });
    refuse(details);
    const { networks, limits } = readTokenArgs({ ...args, description: description ?? "" });
    await mustMayWithToken(context, "change", id);
    const userId = await change(async (unit) => {
      const token = await holdOne(unit, Token, { id: uuidOf(id) ?? [] }, `id "${id}"`);
      mustNotRaise(viewer, context.limits, limits, token);
      const wished = {
        ...(typeof description === "string" && { description }),
        ...(typeof writeEnabled === "boolean" && { writeEnabled }),
        ...(expires !== undefined && { expires }),
        ...(networks !== undefined && { allowedNetworks: networks }),
        ...limits,
      };
      for (const [property, value] of Object.entries(wished)) put(token, property, value);
      mustNotExceed(viewer, { networks: token.allowedNetworks, expires: token.expires, limits: limitsOf(token) });
      if (token.user.id !== viewer.id) await mustMayWithin(unit, database, viewer, "change", Token, token.id);
      return token.user.id;
    });
    const changed = (await readTokens(context, userId)).find((token) => token.id === uuidOf(id));
    if (!changed) throw new AppError("NOT_FOUND", "The key was changed, but another user has deleted it since.");
    return changed;
  }

  @Mutation(() => DeleteTokenPayload, { description: DELETES })
  async deleteToken(@Arg("id", () => ID, TOKEN_ID) id: string, @Ctx() context: Context): Promise<DeleteTokenPayload> {
    return deleteToken(context, id);
  }

  @Mutation(() => DeleteTokenPayload, { description: `${DELETES} The same as \`delete_token\`.` })
  async revokeToken(@Arg("id", () => ID, TOKEN_ID) id: string, @Ctx() context: Context): Promise<DeleteTokenPayload> {
    return deleteToken(context, id);
  }
}

async function deleteToken(context: Context, id: string): Promise<DeleteTokenPayload> {
  await mustMayWithToken(context, "delete", id);
  await context.change((unit) => deleteObject(unit, Token, id));
  return { id };
}

/** Throws unless the token is the user's own, or the user has the right to another's. A token that does not exist is another's. */
async function mustMayWithToken(
  { reader: { database }, viewer }: Context,
  action: "change" | "delete",
  id: string,
): Promise<void> {
  const [owner] = await database.read(
    database.rows
      .selectFrom("token")
      .innerJoin("user", "user.id", "token.user_id")
      .select(["user.id", "user.username", "user.is_superuser"])
      .where("token.id", "in", [uuidOf(id) ?? NOBODY])
      .compile(),
  );
  if (owner?.id === viewer.id) return;
  mustHave(viewer.rights, action, Token);
  if (viewer.rights.restrict(action, Token) && !(await mayOn(database, viewer.rights, action, Token, id)))
    throw lacks(action, Token);
  const isSeen = await mayOn(database, viewer.rights, "view", Token, id);
  if (owner && isSeen)
    mustReach(viewer, { username: owner.username, isSuperuser: Boolean(owner.is_superuser) }, `${action} keys of`);
}

/** Throws unless the user may make keys for another. */
async function mustMakeKeysFor({ reader: { database }, viewer }: Context, user: string): Promise<void> {
  mustHave(viewer.rights, "add", Token);
  const [other] = await database.read(
    database.rows
      .selectFrom("user")
      .select(["id", "username", "is_superuser"])
      .where((eb) => eb.or([eb("username", "=", user), eb("id", "in", [uuidOf(user) ?? NOBODY])]))
      .compile(),
  );
  const isSeen = await mayOn(database, viewer.rights, "view", User, other?.id ?? NOBODY);
  if (!other || !isSeen) throw new AppError("NOT_FOUND", `There is no user with the name or id ${JSON.stringify(user)}.`);
  await mustOutrank(database, viewer, other, "make keys for");
}

import { randomBytes } from "node:crypto";
import { Arg, Args, ArgsType, Ctx, Field, Mutation, ObjectType, Resolver } from "type-graphql";
import { hashKey } from "../../../access/authenticate.ts";
import { mustNotExceed } from "../../../access/key-limits.ts";
import { MAX_NETWORKS, readNetwork } from "../../../access/networks.ts";
import { mustOutrank, mustReach } from "../../../access/outrank.ts";
import { lacks, mayOn, mustHave, NOBODY } from "../../../access/rights.ts";
import { deleteObject, holdOne, put, refuse } from "../../../changes/index.ts";
import { Token, User } from "../../../entities/index.ts";
import { DateTime, ID, uuidOf } from "../../../entities/mapping/scalars.ts";
import { AppError, type ErrorDetail, Faults } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import { mustMayWithin } from "./may-within.ts";
import { MOST_TOKENS, MyToken, readTokens } from "./my-token.ts";

/** Longest description of a token, in characters; its column's length. */
const MAX_DESCRIPTION = 200;

const NETWORKS =
  "Networks that the key is accepted from, such as `10.0.0.0/8`, `2001:db8::/32` or a single address; all when null. The address of a client is that of its connection.";

@ArgsType()
class CreateTokenArgs {
  @Field(() => String, { nullable: true, description: "User of the key, by username or id; yourself when absent." })
  user?: string | null;

  @Field(() => String, { defaultValue: "", description: `Purpose of the key, in at most ${MAX_DESCRIPTION} characters.` })
  description!: string;

  @Field(() => DateTime, { nullable: true, description: "Time after which the key is rejected; never when absent." })
  expires?: Date | null;

  @Field(() => Boolean, { defaultValue: true, description: "False for a key that only reads: mutations with it are rejected." })
  writeEnabled!: boolean;

  @Field(() => [String], { nullable: true, description: NETWORKS })
  allowedNetworks?: string[] | null;
}

@ArgsType()
class UpdateTokenArgs {
  @Field(() => ID, { description: "Id of the token." })
  id!: string;

  @Field(() => String, { nullable: true, description: `Purpose of the key, in at most ${MAX_DESCRIPTION} characters.` })
  description?: string | null;

  @Field(() => DateTime, { nullable: true, description: "Time after which the key is rejected; null for never." })
  expires?: Date | null;

  @Field(() => Boolean, { nullable: true, description: "False for a key that only reads." })
  writeEnabled?: boolean | null;

  @Field(() => [String], { nullable: true, description: NETWORKS })
  allowedNetworks?: string[] | null;
}

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
    description: `Creates a key for yourself, or for another user: with the permission users.add_token, if that user may do no more than you. A key that is limited creates only keys with its limits. A user has at most ${MOST_TOKENS} keys.`,
  })
  async createToken(
    @Args(() => CreateTokenArgs) { user, description, expires = null, writeEnabled, allowedNetworks = null }: CreateTokenArgs,
    @Ctx() context: Context,
  ): Promise<CreateTokenPayload> {
    const {
      reader: { database },
      viewer,
      change,
    } = context;
    const isOwn = user === undefined || user === null || [viewer.username, viewer.id].includes(user);
    const faults = new Faults();
    const networks = (await faults.try(() => readLimits({ description, expires, allowedNetworks })))?.networks ?? null;
    if (!isOwn) await faults.try(() => mustMakeKeysFor(context, user), "user");
    faults.refuse();
    mustNotExceed(viewer, { networks, expires });
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
      });
      if (!isOwn) await mustMayWithin(unit, database, viewer, "add", Token, token.id);
      return token;
    });
    return { id, key };
  }

  @Mutation(() => MyToken, {
    description:
      "Updates a key: your own, or another user's with the permission users.change_token. Absent arguments stay as they are. Open streams of a key that is limited further end within seconds.",
  })
  async updateToken(
    @Args(() => UpdateTokenArgs) { id, description, expires, writeEnabled, allowedNetworks }: UpdateTokenArgs,
    @Ctx() context: Context,
  ): Promise<MyToken> {
    const {
      reader: { database },
      viewer,
      change,
    } = context;
    const details: ErrorDetail[] = [];
    if (description === null) details.push({ field: "description", message: "A description is a text, or absent." });
    if (writeEnabled === null) details.push({ field: "write_enabled", message: "write_enabled is true, false, or absent." });
    refuse(details);
    const { networks } = readLimits({ description: description ?? "", expires, allowedNetworks });
    await mustMayWithToken(context, "change", id);
    const userId = await change(async (unit) => {
      const token = await holdOne(unit, Token, { id: uuidOf(id) ?? [] }, `id "${id}"`);
      const wished = {
        ...(typeof description === "string" && { description }),
        ...(typeof writeEnabled === "boolean" && { writeEnabled }),
        ...(expires !== undefined && { expires }),
        ...(networks !== undefined && { allowedNetworks: networks }),
      };
      for (const [property, value] of Object.entries(wished)) put(token, property, value);
      mustNotExceed(viewer, { networks: token.allowedNetworks, expires: token.expires });
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

/** Limits of a key as they are stored. @throws {@link AppError} BAD_USER_INPUT that names the fields. */
function readLimits({
  description,
  expires,
  allowedNetworks,
}: Pick<UpdateTokenArgs, "allowedNetworks" | "expires"> & { description: string }): { networks: string[] | null | undefined } {
  const details: ErrorDetail[] = [];
  if ([...description].length > MAX_DESCRIPTION)
    details.push({ field: "description", message: `A description has at most ${MAX_DESCRIPTION} characters.` });
  if (expires && expires.getTime() <= Date.now())
    details.push({ field: "expires", message: "expires is in the past: give a later time, or none." });
  const message = wrongNetworks(allowedNetworks);
  if (message !== undefined) details.push({ field: "allowed_networks", message });
  refuse(details);
  return { networks: allowedNetworks && allowedNetworks.map((text) => readNetwork(text)!) };
}

function wrongNetworks(networks: readonly string[] | null | undefined): string | undefined {
  if (!networks) return undefined;
  if (networks.length === 0) return "An empty list lets nobody in: name networks, or give null for all.";
  if (networks.length > MAX_NETWORKS) return `A key has at most ${MAX_NETWORKS} networks.`;
  const wrong = networks.filter((text) => readNetwork(text) === undefined);
  if (wrong.length === 0) return undefined;
  return `${wrong
    .slice(0, 5)
    .map((text) => JSON.stringify(text))
    .join(", ")}: a network is an address of IPv4 or IPv6, with / and its bits or without.`;
}

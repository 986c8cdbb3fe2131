import { ArgsType, Field, Int } from "type-graphql";
import { MAX_NETWORKS, readNetwork } from "../../../access/networks.ts";
import { refuse } from "../../../changes/index.ts";
import { DateTime, ID } from "../../../entities/mapping/scalars.ts";
import type { ErrorDetail } from "../../../errors.ts";
import { LIMIT_NAMES, type LimitName, type StoredLimits, wrongLimits } from "../../../own-limits.ts";

/** Longest description of a token, in characters; its column's length. */
const MAX_DESCRIPTION = 200;

const NETWORKS =
  "Networks that the key is accepted from, such as `10.0.0.0/8`, `2001:db8::/32` or a single address; all when null. The address of a client is that of its connection.";

const NO_LIMIT = "null for that of the user's groups, or else the server's.";

/** Limits of operations with a key. */
@ArgsType()
class LimitArgs implements Partial<StoredLimits> {
  @Field(() => Int, { nullable: true, description: `Levels that a document with the key may have; ${NO_LIMIT}` })
  maxQueryDepth?: number | null;

  @Field(() => Int, { nullable: true, description: `Values that an answer with the key may have; ${NO_LIMIT}` })
  maxQueryCost?: number | null;

  @Field(() => Int, { nullable: true, description: `Characters that an answer with the key may have, about; ${NO_LIMIT}` })
  maxAnswerBytes?: number | null;

  @Field(() => Int, { nullable: true, description: `Milliseconds that an operation with the key may take; ${NO_LIMIT}` })
  operationTimeoutMs?: number | null;
}

/** Arguments of `create_token`. */
@ArgsType()
export class CreateTokenArgs extends LimitArgs {
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

/** Arguments of `update_token`. */
@ArgsType()
export class UpdateTokenArgs extends LimitArgs {
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

/**
 * Returns the networks and limits of a key as they are stored; those that are absent stay as they are.
 * @throws {@link AppError} BAD_USER_INPUT that names the fields.
 */
export function readTokenArgs({
  description,
  expires,
  allowedNetworks,
  ...args
}: Omit<CreateTokenArgs, "user" | "writeEnabled">): { networks: string[] | null | undefined; limits: Partial<StoredLimits> } {
  const limits: Partial<Record<LimitName, number | null>> = {};
  for (const name of LIMIT_NAMES) if (args[name] !== undefined) limits[name] = args[name];
  const details: ErrorDetail[] = wrongLimits(limits).map(({ column, message }) => ({ field: column, message }));
  if ([...description].length > MAX_DESCRIPTION)
    details.push({ field: "description", message: `A description has at most ${MAX_DESCRIPTION} characters.` });
  if (expires && expires.getTime() <= Date.now())
    details.push({ field: "expires", message: "expires is in the past: give a later time, or none." });
  const message = wrongNetworks(allowedNetworks);
  if (message !== undefined) details.push({ field: "allowed_networks", message });
  refuse(details);
  return { limits, networks: allowedNetworks && allowedNetworks.map((text) => readNetwork(text)!) };
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

import { Field, Int, ObjectType } from "type-graphql";
import { readNetworks } from "../../../access/find-key.ts";
import { DateTime, ID } from "../../../entities/mapping/scalars.ts";
import { LIMIT_COLUMNS } from "../../../own-limits.ts";
import type { Context } from "../../context.ts";

/** Keys that a user has at most. */
export const MOST_TOKENS = 200;

/** A key, as its user sees it. */
@ObjectType({ description: "A key, as its user sees it: without the key itself." })
export class MyToken {
  @Field(() => ID, { description: "Id of the token, for `update_token` and `delete_token`." })
  id!: string;

  @Field(() => String, { description: "Purpose of the key." })
  description!: string;

  @Field(() => DateTime, { nullable: true, description: "Time when the key was made." })
  created!: Date | string | null;

  @Field(() => DateTime, { nullable: true, description: "Time after which the key is rejected; null for never." })
  expires!: Date | string | null;

  @Field(() => Boolean, { description: "False for a key that only reads." })
  writeEnabled!: boolean;

  @Field(() => [String], { nullable: true, description: "Networks that the key is accepted from; null for all." })
  allowedNetworks!: readonly string[] | null;

  @Field(() => Int, {
    nullable: true,
    description: "Levels that a document with the key may have; null for no limit of its own.",
  })
  maxQueryDepth!: number | null;

  @Field(() => Int, { nullable: true, description: "Values that an answer with the key may have; null for no limit of its own." })
  maxQueryCost!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "Characters that an answer with the key may have, about; null for no limit of its own.",
  })
  maxAnswerBytes!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "Milliseconds that an operation with the key may take; null for no limit of its own.",
  })
  operationTimeoutMs!: number | null;

  @Field(() => DateTime, { nullable: true, description: "Time of the last use, to the minute; null before the first." })
  lastUsed!: Date | string | null;

  @Field(() => Boolean, { description: "True for the key that this operation came with." })
  isCurrent!: boolean;
}

/** Returns the keys of a user, the oldest first. */
export async function readTokens(
  { reader: { database }, viewer }: Pick<Context, "reader" | "viewer">,
  userId: string,
): Promise<MyToken[]> {
  const rows = await database.read(
    database.rows
      .selectFrom("token")
      .select(["id", "key_hash", "description", "created", "expires", "write_enabled", "allowed_networks", "last_used"])
      .select(LIMIT_COLUMNS)
      .where("user_id", "=", userId)
      .orderBy("id")
      .limit(MOST_TOKENS)
      .compile(),
  );
  return rows.map((row) => ({
    id: row.id,
    description: row.description,
    created: row.created,
    expires: row.expires,
    writeEnabled: Boolean(row.write_enabled),
    allowedNetworks: readNetworks(database, row.allowed_networks),
    maxQueryDepth: row.max_query_depth,
    maxQueryCost: row.max_query_cost,
    maxAnswerBytes: row.max_answer_bytes,
    operationTimeoutMs: row.operation_timeout_ms,
    lastUsed: row.last_used,
    isCurrent: viewer.key?.kind === "token" && viewer.key.hash === row.key_hash,
  }));
}

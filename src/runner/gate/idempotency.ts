import type { Database } from "../../entities/database.ts";
import { JobResult } from "../../entities/index.ts";
import { fieldError } from "../../errors.ts";

/** A request of a user under a key. The same request under the key is the same run. */
export interface KeyedRequest {
  key: string;
  userId: string;
  /** Fingerprint of everything that was asked for. */
  hash: string;
  /** Runs from before this moment no longer have their keys. */
  since: Date;
}

/** Longest key, in characters. */
const MAX_KEY = 255;

/** @throws {@link AppError} BAD_USER_INPUT for a text that cannot be a key. */
export function checkKey(key: string): void {
  if (key.trim() !== "" && [...key].length <= MAX_KEY) return;
  const message = `An idempotency key has 1 to ${MAX_KEY} characters.`;
  throw fieldError("BAD_USER_INPUT", "idempotency_key", message);
}

/** Returns JSON as a text that does not depend on the order of its objects' fields. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * The run that was asked for under a key before.
 * @throws {@link AppError} CONFLICT when it was something else.
 */
export async function findKeyed(database: Database, { key, userId, hash, since }: KeyedRequest): Promise<string | undefined> {
  const run = await database
    .fork()
    .findOne(
      JobResult,
      { user: userId, idempotencyKey: key, dateCreated: { $gt: since } },
      { fields: ["id", "idempotencyHash"] },
    );
  if (!run || run.idempotencyHash === hash) return run?.id;
  const message = `The idempotency key ${JSON.stringify(key)} belongs to the run ${run.id} of another request: use another key.`;
  throw fieldError("CONFLICT", "idempotency_key", message);
}

/** Takes a key from a run that has had it long enough, so that another can have it. */
export async function freeKey({ rows }: Database, { key, userId, since }: KeyedRequest): Promise<void> {
  await rows
    .updateTable("job_result")
    .set({ idempotency_key: null, idempotency_hash: null })
    .where("user_id", "=", userId)
    .where("idempotency_key", "=", key)
    .where("date_created", "<=", since.toISOString())
    .execute();
}

import type { Context } from "../context.ts";
import type { Database } from "../../entities/database.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import type { ModelShape } from "../../entities/mapping/shape.ts";
import { AppError } from "../../errors.ts";
import type { FollowedRow, Follower, FollowRequest } from "../../runner/index.ts";
import { sql } from "kysely";
import { refuse } from "../reading/condition.ts";
import { arePersonal, type ListArguments, readFilters } from "../reading/list-arguments.ts";

/**
 * Returns the stored id of a run that is to be followed. It is not looked up in the lanes of clients' reads: all followers of a lost server come at once.
 * @throws {@link AppError} NOT_FOUND.
 */
export async function runToFollow(database: Database, given: string): Promise<string> {
  const id = uuidOf(given);
  const run = id && (await database.rows.selectFrom("job_result").select("id").where("id", "=", id).executeTakeFirst());
  if (!run) throw new AppError("NOT_FOUND", `There is no job result with id "${given}".`);
  return id;
}

/** A run whose rows are followed, and the cursor. */
export interface FollowArgs {
  jobResultId: string;
  afterSequence: number;
}

/**
 * Follows rows that a run leaves.
 * @param filters some of the model's list filters; rows that they leave out are never sent.
 * @throws {@link AppError} NOT_FOUND, or BAD_USER_INPUT that names the argument.
 */
export async function followRows(
  { database, runner, viewer }: Context,
  shape: ModelShape,
  { jobResultId, afterSequence }: FollowArgs,
  filters: ListArguments = {},
): Promise<Follower<readonly FollowedRow[]>> {
  if (afterSequence < 0) refuse("after_sequence", "must be 0 or more.");
  const id = await runToFollow(database, jobResultId);
  const conditions = (await readFilters(database, shape, filters, viewer.id)).map((condition) => condition(database));
  return runner.follow({
    kind: shape.table as FollowRequest["kind"],
    jobResultId: id,
    afterSequence,
    where:
      conditions.length > 0
        ? {
            key: JSON.stringify([arePersonal(shape, filters) && viewer.id, filters]),
            condition: sql`${sql.join(conditions, sql` and `)}`,
          }
        : undefined,
  });
}

import { type Model, mustHave } from "../../access/rights.ts";
import { JobResult } from "../../entities/index.ts";
import { type Reader, visible } from "../reading/reader.ts";
import type { Context } from "../context.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { type ModelShape, shapeOf } from "../../entities/mapping/shape.ts";
import { seenBy } from "../reading/column-ref.ts";
import { AppError } from "../../errors.ts";
import type { FollowedRow, Follower, FollowRequest } from "../../runner/index.ts";
import { sql } from "kysely";
import { refuse } from "../reading/condition.ts";
import { arePersonal, type ListArguments, readFilters } from "../reading/list-arguments.ts";

/**
 * Returns the stored id of a run that is to be followed, and that the reader sees. It is not looked up in the lanes of clients' reads: all followers of a lost server come at once.
 * @throws {@link AppError} NOT_FOUND.
 */
export async function runToFollow({ database, rights }: Reader, given: string): Promise<string> {
  const id = uuidOf(given);
  const seen = rights.restrict("view", JobResult);
  const found = database.rows
    .selectFrom("job_result")
    .select("id")
    .where("id", "=", id ?? null);
  const run = id && (await (seen ? found.where(seen(database)) : found).executeTakeFirst());
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
 * @throws {@link AppError} NOT_FOUND, or BAD_USER_INPUT that names the argument; FORBIDDEN for a user who may view no such rows.
 */
export async function followRows(
  { reader, runner, viewer }: Context,
  shape: ModelShape,
  { jobResultId, afterSequence }: FollowArgs,
  filters: ListArguments = {},
): Promise<Follower<readonly FollowedRow[]>> {
  if (afterSequence < 0) refuse("after_sequence", "must be 0 or more.");
  mustHave(viewer.rights, "view", shape.model as Model);
  const id = await runToFollow(reader, jobResultId);
  const conditions = (await readFilters(reader, shape, filters, viewer.id)).map((condition) => condition(reader));
  const seen = visible(reader, shape);
  if (seen) conditions.push(seen(reader.database));
  // The run may become one that the viewer does not see.
  const isRunSeen = seenBy(reader, shapeOf(JobResult), sql.ref(`${shape.table}.job_result_id`));
  if (isRunSeen) conditions.push(isRunSeen);
  return runner.follow({
    kind: shape.table as FollowRequest["kind"],
    jobResultId: id,
    afterSequence,
    where:
      conditions.length > 0
        ? {
            key: JSON.stringify([reader.rights.key, arePersonal(shape, filters) && viewer.id, filters]),
            condition: sql`${sql.join(conditions, sql` and `)}`,
          }
        : undefined,
  });
}

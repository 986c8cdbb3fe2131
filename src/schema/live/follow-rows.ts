import type { Context } from "../context.ts";
import { JobResult } from "../../entities/index.ts";
import { type ModelShape, shapeOf } from "../../entities/shape.ts";
import { AppError } from "../../errors.ts";
import type { FollowedRow, Follower, FollowRequest } from "../../runner/index.ts";
import { sql } from "kysely";
import { refuse } from "../condition.ts";
import { readOne } from "../list.ts";
import { arePersonal, type ListArguments, readFilters } from "../list-arguments.ts";

/** Whose rows are followed, and from where on. */
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
  const run = await readOne(database, shapeOf(JobResult), ["id"], jobResultId);
  if (!run) throw new AppError("NOT_FOUND", `There is no job result with id "${jobResultId}".`);
  const conditions = readFilters(shape, filters, viewer.id).map((condition) => condition(database));
  return runner.follow({
    kind: shape.table as FollowRequest["kind"],
    jobResultId: run.id,
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

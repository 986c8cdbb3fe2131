import type { GraphQLResolveInfo } from "graphql";
import { Arg, ID, Int, Resolver, Root, Subscription } from "type-graphql";
import { JobLogEntry } from "../entities/index.ts";
import { isUuid } from "../entities/scalars.ts";
import { shapeOf } from "../entities/shape.ts";
import { AppError } from "../errors.ts";
import type { FollowedLine } from "../runner/index.ts";
import type { Context } from "./context.ts";
import { namedResolver } from "./named-resolver.ts";
import { selectedColumns } from "./selection.ts";

const JOB_LOG_ENTRY = shapeOf(JobLogEntry);

/** Log lines: to read, and to follow. */
@Resolver(() => JobLogEntry)
export class JobLogEntryResolver extends namedResolver(JobLogEntry, {
  one: "job_log_entry",
  many: "job_log_entries",
  display: { needs: ["message"], of: (row) => row["message"] as string },
}) {
  @Subscription(() => [JobLogEntry], {
    description:
      "A run's log: first the lines that are stored, then those that come, each once and in order; completes when the run has ended and every " +
      "line was sent. An event holds one or more lines. To go on after a cut, subscribe again with the last `sequence` received.",
    subscribe: ({ args, context, info }) => followLog(args as FollowArgs, context as Context, info),
  })
  jobLogEntries(
    @Root() lines: FollowedLine[],
    @Arg("jobResultId", () => ID, { description: "The run to follow." }) _jobResultId: string,
    @Arg("afterSequence", () => Int, { defaultValue: 0, description: "Leave out lines up to this `sequence`." })
    _afterSequence: number,
  ): FollowedLine[] {
    return lines;
  }
}

interface FollowArgs {
  jobResultId: string;
  afterSequence: number;
}

async function followLog(
  { jobResultId, afterSequence }: FollowArgs,
  { database, runner }: Context,
  info: GraphQLResolveInfo,
): Promise<AsyncIterable<FollowedLine[]>> {
  const run =
    isUuid(jobResultId) &&
    (await database.rows.selectFrom("job_result").select("id").where("id", "=", jobResultId).executeTakeFirst());
  if (!run) throw new AppError("NOT_FOUND", `There is no job result with id "${jobResultId}".`);
  return runner.follow({ jobResultId, afterSequence, columns: selectedColumns(info, JOB_LOG_ENTRY) });
}

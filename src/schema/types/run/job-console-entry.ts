import { Arg, Int, Resolver, Root, Subscription } from "type-graphql";
import { ID } from "../../../entities/mapping/scalars.ts";
import { JobConsoleEntry } from "../../../entities/index.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { FollowedRow } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import { type FollowArgs, followRows } from "../../subscriptions/follow-rows.ts";
import { namedResolver } from "../../model/named-resolver.ts";

const JOB_CONSOLE_ENTRY = shapeOf(JobConsoleEntry);

/** What runs printed: to read, and to follow. */
@Resolver(() => JobConsoleEntry)
export class JobConsoleEntryResolver extends namedResolver(JobConsoleEntry, {
  one: "job_console_entry",
  many: "job_console_entries",
  display: { needs: ["text"], of: (row) => row["text"] as string },
}) {
  @Subscription(() => [JobConsoleEntry], {
    description:
      "What a run prints, if it keeps that: first what is stored, then what comes, each once and in order; completes when the run has ended and all " +
      "was sent. To go on after a cut, subscribe again with the last `sequence` received.",
    subscribe: ({ args, context }) => followRows(context as Context, JOB_CONSOLE_ENTRY, args as FollowArgs),
  })
  jobConsoleEntries(
    @Root() entries: FollowedRow[],
    @Arg("jobResultId", () => ID, { description: "The run to follow." }) _jobResultId: string,
    @Arg("afterSequence", () => Int, { defaultValue: 0, description: "Leave out entries up to this `sequence`." })
    _afterSequence: number,
  ): FollowedRow[] {
    return entries;
  }
}

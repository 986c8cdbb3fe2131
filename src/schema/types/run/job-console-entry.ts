import { Arg, Int, Resolver, Root, Subscription } from "type-graphql";
import { ID } from "../../../entities/mapping/scalars.ts";
import { JobConsoleEntry } from "../../../entities/index.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { FollowedRow } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import { type FollowArgs, followRows } from "../../subscriptions/follow-rows.ts";
import { namedResolver } from "../../model/named-resolver.ts";

const JOB_CONSOLE_ENTRY = shapeOf(JobConsoleEntry);

/** Printed texts of runs: to read, and to follow. */
@Resolver(() => JobConsoleEntry)
export class JobConsoleEntryResolver extends namedResolver(JobConsoleEntry, {
  one: "job_console_entry",
  many: "job_console_entries",
  display: { needs: ["text"], of: (row) => row["text"] as string },
}) {
  @Subscription(() => [JobConsoleEntry], {
    description:
      "The texts that a run prints, if it keeps them: stored texts first, then new ones, each once and in order. Completes after the last text of an ended run. After a lost connection, subscribe again with the last `sequence` received.",
    subscribe: ({ args, context }) => followRows(context as Context, JOB_CONSOLE_ENTRY, args as FollowArgs),
  })
  jobConsoleEntries(
    @Root() entries: FollowedRow[],
    @Arg("jobResultId", () => ID, { description: "The run to follow." }) _jobResultId: string,
    @Arg("afterSequence", () => Int, { defaultValue: 0, description: "Sends only texts after this `sequence`." })
    _afterSequence: number,
  ): FollowedRow[] {
    return entries;
  }
}

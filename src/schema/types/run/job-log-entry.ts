import { Arg, Int, Resolver, Root, Subscription } from "type-graphql";
import { ID } from "../../../entities/mapping/scalars.ts";
import { JobLogEntry } from "../../../entities/index.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { FollowedRow } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import type { ListArguments } from "../../reading/list-arguments.ts";
import { type FollowArgs, followRows } from "../../subscriptions/follow-rows.ts";
import { namedResolver } from "../../model/named-resolver.ts";

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
      "The log of a run: stored lines first, then new ones, each once and in order. Completes after the last line of an ended run. An event holds one or more lines. After a lost connection, subscribe again with the last `sequence` received. Filters choose the lines that are sent.",
    subscribe: ({ args, context }) => {
      const { logLevel: log_level, grouping, q, ...whose } = args as FollowArgs & Record<"grouping" | "logLevel" | "q", unknown>;
      return followRows(context as Context, JOB_LOG_ENTRY, whose, givenOf({ log_level, grouping, q }));
    },
  })
  jobLogEntries(
    @Root() lines: FollowedRow[],
    @Arg("jobResultId", () => ID, { description: "The run to follow." }) _jobResultId: string,
    @Arg("afterSequence", () => Int, { defaultValue: 0, description: "Sends only lines after this `sequence`." })
    _afterSequence: number,
    @Arg("logLevel", () => [String], { nullable: "itemsAndList", description: "Levels to send, in any case; all when absent." })
    _logLevel?: string[],
    @Arg("grouping", () => [String], { nullable: "itemsAndList", description: "Groupings to send; all when absent." })
    _grouping?: string[],
    @Arg("q", () => String, {
      nullable: true,
      description: "Sends only lines that contain this text, like `job_log_entries(q:)`.",
    })
    _q?: string,
  ): FollowedRow[] {
    return lines;
  }
}

/** Arguments without those that say nothing. */
const givenOf = (args: ListArguments): ListArguments =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined && value !== null));

import type { GraphQLResolveInfo } from "graphql";
import { Ctx, Extensions, FieldResolver, Info, Resolver, Root } from "type-graphql";
import { JobQueue, JobResult } from "../entities/index.ts";
import { isoTime } from "../entities/timestamp.ts";
import type { Context } from "./context.ts";
import type { Row } from "./list.ts";
import { lookup } from "./lookup.ts";
import { namedResolver } from "./named-resolver.ts";
import type { ComputedField } from "./selection.ts";

type Moment = Date | string | null;

const queueByName = lookup(JobQueue, "name");

/** Runs of jobs. */
@Resolver(() => JobResult)
export class JobResultResolver extends namedResolver(JobResult, {
  one: "job_result",
  many: "job_results",
  display: {
    needs: ["name", "date_created", "status"],
    of: (row) => `${row["name"]} started at ${isoTime(row["date_created"] as Date)} (${row["status"]})`,
  },
}) {
  @Extensions({ needs: ["date_created", "date_started", "date_done"] } satisfies ComputedField)
  @FieldResolver(() => String, { nullable: true, description: "How long the run took, for people; null until it has ended." })
  duration(@Root() row: Row): string | null {
    const { date_created, date_started, date_done } = row as Row & Record<"date_created" | "date_done" | "date_started", Moment>;
    if (date_done === null) return null;
    const seconds = (milliseconds(date_done) - milliseconds((date_started ?? date_created)!)) / 1000;
    const minutes = Math.floor(seconds / 60);
    return `${minutes} minutes, ${(seconds - minutes * 60).toFixed(2)} seconds`;
  }

  @Extensions({ needs: ["celery_kwargs"] } satisfies ComputedField)
  @FieldResolver(() => JobQueue, { nullable: true, description: "The queue that the run waited in; null once it is deleted." })
  queue(@Root() row: Row, @Ctx() context: Context, @Info() info: GraphQLResolveInfo): Promise<Row | null> | null {
    const name = (row["celery_kwargs"] as { queue?: unknown } | null)?.queue;
    return typeof name === "string" ? queueByName(name, context, info) : null;
  }
}

const milliseconds = (moment: Date | string) => Date.parse(isoTime(moment));

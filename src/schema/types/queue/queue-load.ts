import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { Ctx, FieldResolver, Float, Info, Int, Resolver, Root, Extensions } from "type-graphql";
import { JobQueue, JobResult } from "../../../entities/index.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { readStoredTime } from "../../../entities/times/stored-time.ts";
import { visible } from "../../reading/reader.ts";
import { within } from "../../reading/condition.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import type { ComputedField } from "../../reading/selection.ts";

interface Load {
  depth: number;
  /** Since when the one that waits longest does; null for none. */
  since: number | null;
}

const JOB_RESULT = shapeOf(JobResult);

const NAMED = { needs: ["name"] } satisfies ComputedField;

/** The runs that wait in queues, and the workers that serve them. */
@Resolver(() => JobQueue)
export class QueueLoadResolver {
  @Extensions(NAMED)
  @FieldResolver(() => Int, { description: "Number of workers that serve the queue." })
  workerCount(@Root() row: Row, @Ctx() { relations, runner }: Context, @Info() info: GraphQLResolveInfo): Promise<number> {
    return relations.batch(row["name"] as string, info, () => ({ load: (names) => runner.countWorkers(names) }));
  }

  @Extensions(NAMED)
  @FieldResolver(() => Int, {
    description: "Number of runs that you may view and that wait in the queue, for a worker or for a slot.",
  })
  async depth(@Root() row: Row, @Ctx() context: Context, @Info() info: GraphQLResolveInfo): Promise<number> {
    return (await loadOf(row, context, info)).depth;
  }

  @Extensions(NAMED)
  @FieldResolver(() => Float, {
    nullable: true,
    description: "Waiting time of the oldest waiting run, in seconds; null for none.",
  })
  async oldestWaitingSeconds(
    @Root() row: Row,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<number | null> {
    const { since } = await loadOf(row, context, info);
    return since === null ? null : Math.max(0, (context.runner.now().getTime() - since) / 1000);
  }
}

const timeOf = (stored: unknown) => {
  const time = readStoredTime(stored);
  return time === undefined ? null : Date.parse(time);
};

const NOTHING: Load = { depth: 0, since: null };

function loadOf(row: Row, { reader, relations }: Context, info: GraphQLResolveInfo): Promise<Load> {
  const load = async (names: readonly string[]) => {
    const { database } = reader;
    const seen = visible(reader, JOB_RESULT);
    if (seen?.isNone) return names.map(() => NOTHING);
    const queue = database.memberOf(sql.ref("celery_kwargs"), "queue");
    const rows = (await database.read(
      database.rows
        .selectFrom("job_result")
        .select((eb) => [queue.as("queue"), eb.fn.countAll().as("depth"), eb.fn.min("date_created").as("since")])
        .where("status", "=", "PENDING")
        .where(sql<boolean>`awaits_approval is not true`)
        .where(seen?.(database) ?? sql<boolean>`true`)
        .where(within(reader, queue, names, "text"))
        .groupBy(queue)
        .compile(),
    )) as { queue: string; depth: number | string; since: unknown }[];
    const loads = new Map(rows.map((found) => [found.queue, { depth: Number(found.depth), since: timeOf(found.since) }]));
    return names.map((name) => loads.get(name) ?? NOTHING);
  };
  return relations.batch(row["name"] as string, info, () => ({ load }));
}

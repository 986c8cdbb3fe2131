import { type Expression, sql, type SqlBool } from "kysely";
import { Arg, Extensions, Resolver, Root, Subscription } from "type-graphql";
import { DateTime } from "../../entities/mapping/scalars.ts";
import { type ModelShape, shapeOf } from "../../entities/mapping/shape.ts";
import { storedValue } from "../../entities/told-rows.ts";
import type { Family } from "../../runner/index.ts";
import { type Condition, within } from "../reading/condition.ts";
import type { Context } from "../context.ts";
import { arePersonal, type ListArguments, type ListField, readFilters } from "../reading/list-arguments.ts";
import { readRows, type Row } from "../reading/list.ts";
import { orderOf } from "../reading/order.ts";
import { alsoReading, selectedColumns } from "../reading/selection.ts";

/** A feed of a model's objects. */
interface Feed {
  /** Name of the subscription, and of the list. */
  name: string;
  description: string;
  /** Families of topics that announce changes of the objects. */
  families: readonly Family[];
  /** Returns a condition: the object was created or changed at a moment or later. */
  changedSince(since: string): Expression<SqlBool>;
}

/** Objects of the replay in one event. */
const REPLAY_ROWS = 500;

const SINCE =
  "Sends objects that were created or changed at or after this time first. After a lost connection, give the time of the last event; objects may then be sent twice.";

/** A resolver class with a subscription to all objects of a model that are created or changed, with the filters of its lists. */
export function objectFeed(model: (abstract new () => object) & { name: string }, feed: Feed) {
  const shape = shapeOf(model);

  @Resolver(() => model as never)
  class ObjectFeed {
    @Extensions({ listOf: model, as: "filters" } satisfies ListField)
    @Subscription(() => [model] as never, {
      name: feed.name,
      description: `${feed.description} An event holds one or more objects in their current state; filters apply to that state. The subscription does not complete by itself.`,
      subscribe: ({ args, context, info }) => {
        const columns = alsoReading(selectedColumns(info, shape), ["id"]);
        return follow(shape, feed, columns, args as FeedArgs, context as Context);
      },
    })
    feed(@Root() rows: Row[], @Arg("since", () => DateTime, { nullable: true, description: SINCE }) _since?: Date): Row[] {
      return rows;
    }
  }
  return ObjectFeed;
}

type FeedArgs = ListArguments & { since?: Date | null };

async function follow(
  shape: ModelShape,
  feed: Feed,
  columns: readonly string[],
  args: FeedArgs,
  { reader, runner, viewer }: Context,
) {
  const { since, ...filters } = args;
  const where = await readFilters(reader, shape, filters, viewer.id);
  const whose = arePersonal(shape, filters) ? viewer.id : "";
  const read = (also: Condition, limit: number) =>
    readRows(reader, shape, columns, { where: [also, ...where], order: orderOf(shape, ["id"]), limit });

  /** Yields one page after the other by id. Changes meanwhile are announced afterwards. */
  async function* replay(moment: string): AsyncGenerator<Row[]> {
    for (let last: unknown; ;) {
      const changed = feed.changedSince(moment);
      const after = last === undefined ? changed : sql<SqlBool>`(${changed} and ${sql.ref(`${shape.table}.id`)} > ${last})`;
      const rows = await read(() => after, REPLAY_ROWS);
      if (rows.length === 0) return;
      yield rows;
      if (rows.length < REPLAY_ROWS) return;
      last = storedValue(rows.at(-1)!, "id");
    }
  }

  return runner.followFeed<Row>({
    // What followers share is read within the bounds of the first.
    key: `${reader.rights.key} ${viewer.limits?.key ?? ""} ${whose} ${shape.table} ${columns.join()} ${JSON.stringify(filters)}`,
    families: feed.families,
    read: (ids) => read(() => within(reader, sql.ref(`${shape.table}.id`), ids, "uuid"), ids.length),
    ...(since && { replay: () => replay(since.toISOString()) }),
  });
}

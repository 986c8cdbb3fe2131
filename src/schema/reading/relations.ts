import type { Reader } from "./reader.ts";
import DataLoader from "dataloader";
import type { FieldNode, GraphQLResolveInfo } from "graphql";
import { type ManyShape, shapeOf } from "../../entities/mapping/shape.ts";
import { type Connection, readConnections, weighConnection } from "./connection.ts";
import { type ListArguments, type ListScope, readRequest } from "./list-arguments.ts";
import { BY_ID, type ListRequest, readLists, type Row } from "./list.ts";
import type { Bounds } from "../execution/bounds.ts";
import { weighRow, weighRows, weightOf } from "./weights.ts";
import { selectedColumns } from "./selection.ts";

/** Reads the objects that rows refer to. All rows of one level of an operation share one statement. */
export interface Relations {
  /** The object of a model that a row names by its id. */
  one(model: object, id: string | null, info: GraphQLResolveInfo): Promise<Row | null> | null;
  many(relation: ManyShape, row: Row, args: ListArguments, info: GraphQLResolveInfo): Promise<Row[]>;
  /** A page of them. */
  connection(relation: ManyShape, row: Row, args: ListArguments, info: GraphQLResolveInfo): Promise<Connection>;
  /** The answer of a source for a row's id, asked for all rows of the level at once. */
  batch<T>(id: string, info: GraphQLResolveInfo, open: () => Source<T>): Promise<T>;
}

/** The source of one level's values. */
export interface Source<T> {
  /** Values, in the order of the ids. */
  load(ids: readonly string[]): Promise<T[]>;
  /** About how many characters a value adds to the answer; nothing worth counting when absent. */
  weigh?(value: T): number;
}

/** Asks for the value of one id. */
type Ask = (id: string) => Promise<unknown>;

/** Makes relations whose values live as long as the operation: no other sees them. */
export function createRelations(reader: Reader, scope: ListScope, bounds: Bounds): Relations {
  // A field of the document stands for one level: it has the same selection and the same arguments for every parent.
  const levels = new Map<FieldNode, Ask>();

  function load<T>(id: string, info: GraphQLResolveInfo, open: () => Source<T>): Promise<T> {
    const key = info.fieldNodes[0]!;
    let ask = levels.get(key);
    if (!ask) levels.set(key, (ask = openLevel(open(), bounds)));
    return ask(id) as Promise<T>;
  }

  return {
    one(model, id, info) {
      if (id === null) return null;
      return load<Row | null>(id, info, () => {
        const shape = shapeOf(model);
        const columns = selectedColumns(info, shape);
        const weight = weightOf(columns);
        return {
          async load(ids) {
            const lists = await readLists(reader, shape, columns, {}, { relation: BY_ID, ids });
            return lists.map(([found]) => found ?? null);
          },
          weigh: (row) => weighRow(row, weight),
        };
      });
    },
    many(relation, row, args, info) {
      return load<Row[]>(row.id, info, () => {
        const shape = shapeOf(relation.target());
        const columns = selectedColumns(info, shape);
        const weight = weightOf(columns);
        let request: ListRequest | Promise<ListRequest> | undefined;
        return {
          async load(ids) {
            request ??= readRequest(reader, shape, args, scope);
            return readLists(reader, shape, columns, await request, { relation, ids });
          },
          weigh: (rows) => weighRows(rows, weight),
        };
      });
    },
    connection(relation, row, args, info) {
      return load<Connection>(row.id, info, () => {
        const shape = shapeOf(relation.target());
        const columns = selectedColumns(info, shape, "connection");
        return {
          load: (ids) => readConnections(reader, shape, columns, args, scope, { relation, ids }),
          weigh: (page) => weighConnection(page, columns),
        };
      });
    },
    batch: load,
  };
}

/** Reads each value once, or why there is none; and counts it for each time that it is handed out, as it is written as often. */
function openLevel<T>({ load, weigh }: Source<T>, bounds: Bounds): Ask {
  const asked = new Map<string, { value: Promise<T>; times: number; weight: number | undefined }>();
  const loader = new DataLoader<string, T>(
    async (ids) => {
      const values = await load(ids);
      if (!weigh) return values;
      let weight = 0;
      for (let n = 0; n < ids.length; n++) {
        const one = asked.get(ids[n]!)!;
        one.weight = weigh(values[n]!);
        weight += one.weight * one.times;
      }
      bounds.take(weight);
      return values;
    },
    { cache: false },
  );
  return (id) => {
    const known = asked.get(id);
    if (!known) {
      const value = loader.load(id);
      asked.set(id, { value, times: 1, weight: undefined });
      return value;
    }
    known.times += 1;
    if (known.weight === undefined) return known.value;
    try {
      bounds.take(known.weight);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return known.value;
  };
}

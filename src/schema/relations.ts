import DataLoader from "dataloader";
import type { FieldNode, GraphQLResolveInfo } from "graphql";
import type { Database } from "../entities/database.ts";
import { type ManyShape, shapeOf } from "../entities/shape.ts";
import { type Connection, readConnections } from "./connection.ts";
import { type ListArguments, type ListScope, readRequest } from "./list-arguments.ts";
import { BY_ID, readLists, type Row } from "./list.ts";
import { selectedColumns } from "./selection.ts";

/** Reads what rows refer to. All rows of one level of an operation share one statement. */
export interface Relations {
  /** The object of a model that a row names by its id. */
  one(model: object, id: string | null, info: GraphQLResolveInfo): Promise<Row | null> | null;
  many(relation: ManyShape, row: Row, args: ListArguments, info: GraphQLResolveInfo): Promise<Row[]>;
  /** A page of them. */
  connection(relation: ManyShape, row: Row, args: ListArguments, info: GraphQLResolveInfo): Promise<Connection>;
  /** What `load` answers for a row's id, asked for all rows of the level at once; answers come in the order of the ids. */
  batch<T>(id: string, info: GraphQLResolveInfo, load: (ids: readonly string[]) => Promise<T[]>): Promise<T>;
}

/** Loaders live as long as the operation: nothing read here is seen by another. */
export function createRelations(database: Database, scope: ListScope): Relations {
  // A field of the document stands for one level: the same selection and the same arguments, whichever parent it is read for.
  const loaders = new Map<FieldNode, DataLoader<string, unknown>>();

  function loaderFor<T>(info: GraphQLResolveInfo, create: () => (ids: readonly string[]) => Promise<T[]>): DataLoader<string, T> {
    const key = info.fieldNodes[0]!;
    let loader = loaders.get(key);
    if (!loader) loaders.set(key, (loader = new DataLoader(create())));
    return loader as DataLoader<string, T>;
  }

  return {
    one(model, id, info) {
      if (id === null) return null;
      const loader = loaderFor<Row | null>(info, () => {
        const shape = shapeOf(model);
        const columns = selectedColumns(info, shape);
        return async (ids) => {
          const lists = await readLists(database, shape, columns, {}, { relation: BY_ID, ids });
          return lists.map(([found]) => found ?? null);
        };
      });
      return loader.load(id);
    },
    many(relation, row, args, info) {
      const loader = loaderFor<Row[]>(info, () => {
        const shape = shapeOf(relation.target());
        const columns = selectedColumns(info, shape);
        const request = readRequest(shape, args, scope);
        return (ids) => readLists(database, shape, columns, request, { relation, ids });
      });
      return loader.load(row.id);
    },
    connection(relation, row, args, info) {
      const loader = loaderFor<Connection>(info, () => {
        const shape = shapeOf(relation.target());
        const columns = selectedColumns(info, shape, "connection");
        return (ids) => readConnections(database, shape, columns, args, scope, { relation, ids });
      });
      return loader.load(row.id);
    },
    batch: (id, info, load) => loaderFor(info, () => load).load(id),
  };
}

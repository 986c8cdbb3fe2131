import DataLoader from "dataloader";
import type { FieldNode, GraphQLResolveInfo } from "graphql";
import type { Database } from "../entities/database.ts";
import { type ManyShape, type OneShape, shapeOf } from "../entities/shape.ts";
import { type Page, readRows, type Row } from "./list.ts";
import { selectedColumns } from "./selection.ts";

/** Reads what rows refer to. All rows of one level of an operation share one statement. */
export interface Relations {
  one(relation: OneShape, row: Row, info: GraphQLResolveInfo): Promise<Row | null> | null;
  many(relation: ManyShape, row: Row, page: Page, info: GraphQLResolveInfo): Promise<Row[]>;
}

/** Loaders live as long as the operation: nothing read here is seen by another. */
export function createRelations(database: Database): Relations {
  // A field of the document stands for one level: the same selection and the same arguments, whichever parent it is read for.
  const ones = new Map<FieldNode, DataLoader<string, Row | null>>();
  const manys = new Map<FieldNode, DataLoader<string, Row[]>>();

  function oneLoader(relation: OneShape, info: GraphQLResolveInfo): DataLoader<string, Row | null> {
    const shape = shapeOf(relation.target());
    const columns = selectedColumns(info, shape);
    return new DataLoader(async (ids) => {
      const rows = await readRows(database, shape, columns, {}, { column: "id", values: ids });
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => byId.get(id) ?? null);
    });
  }

  function manyLoader(relation: ManyShape, page: Page, info: GraphQLResolveInfo): DataLoader<string, Row[]> {
    const shape = shapeOf(relation.target());
    const columns = selectedColumns(info, shape);
    return new DataLoader(async (ids) => {
      const lists = new Map<string, Row[]>(ids.map((id) => [id, []]));
      for (const row of await readRows(database, shape, columns, page, { column: relation.column, values: ids })) {
        lists.get(row[relation.column] as string)!.push(row);
      }
      return ids.map((id) => lists.get(id)!);
    });
  }

  return {
    one(relation, row, info) {
      const id = row[relation.column];
      if (id === null || id === undefined) return null;
      const key = info.fieldNodes[0]!;
      let loader = ones.get(key);
      if (!loader) ones.set(key, (loader = oneLoader(relation, info)));
      return loader.load(id as string);
    },
    many(relation, row, page, info) {
      const key = info.fieldNodes[0]!;
      let loader = manys.get(key);
      if (!loader) manys.set(key, (loader = manyLoader(relation, page, info)));
      return loader.load(row.id);
    },
  };
}

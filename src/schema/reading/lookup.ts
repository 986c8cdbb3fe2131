import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { shapeOf } from "../../entities/mapping/shape.ts";
import { within } from "./condition.ts";
import type { Context } from "../context.ts";
import { readRows, type Row } from "./list.ts";
import { weighRow, weightOf } from "./weights.ts";
import { alsoReading, selectedColumns } from "./selection.ts";

/**
 * Reads, for a computed field, the object of a model whose unique `column` holds a value: with the columns of its selection, and for all rows of the level in
 * one statement.
 */
export function lookup(model: object, column: string) {
  const shape = shapeOf(model);
  return (value: string, { reader, relations }: Context, info: GraphQLResolveInfo): Promise<Row | null> =>
    relations.batch<Row | null>(value, info, () => {
      const selected = selectedColumns(info, shape);
      const columns = alsoReading(selected, [column]);
      const weight = weightOf(selected);
      return { load, weigh: (row) => weighRow(row, weight) };

      async function load(values: readonly string[]): Promise<(Row | null)[]> {
        const isWanted = within(reader, sql.ref(`${shape.table}.${column}`), values, "text");
        const rows = await readRows(reader, shape, columns, { where: [() => isWanted] });
        const found = new Map(rows.map((row) => [row[column], row]));
        return values.map((wanted) => found.get(wanted) ?? null);
      }
    });
}

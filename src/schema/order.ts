import { type RawBuilder, sql } from "kysely";
import type { ModelShape } from "../entities/shape.ts";
import { AppError } from "../errors.ts";

/** One key of an order. */
export interface OrderKey {
  column: string;
  descending: boolean;
  nullable: boolean;
}

/**
 * A total order from wire names, `-` for descending; the model's own when there are none. Where the keys leave ties, the id settles them, in the direction of the last key.
 * @throws {@link AppError} BAD_USER_INPUT for a name that is not a column.
 */
export function orderOf(shape: ModelShape, sort: readonly string[] = shape.ordering): readonly OrderKey[] {
  const keys = sort.map((key) => keyOf(shape, key));
  const sorted = new Set(keys.map(({ column }) => column));
  if (shape.keys.some((group) => group.every((column) => sorted.has(column)))) return keys;
  return [...keys, { column: "id", descending: keys.at(-1)?.descending ?? false, nullable: false }];
}

function keyOf(shape: ModelShape, key: string): OrderKey {
  const name = key.replace(/^-/, "");
  const reference = shape.one.get(name);
  const column = shape.columns.get(name);
  if (!reference && (!column || column.kind === "json")) {
    const names = [...shape.columns].filter(([, { kind }]) => kind !== "json").map(([known]) => known);
    const message = `"${name}" is not a field to sort by. Sort by one of: ${[...names, ...shape.one.keys()].toSorted().join(", ")}.`;
    throw new AppError("BAD_USER_INPUT", message, [{ field: "sort", message }]);
  }
  return { column: reference?.column ?? name, descending: key.startsWith("-"), nullable: (reference ?? column)!.nullable };
}

/** The order as SQL. Rows without a value come last, and first when descending, on every database. */
export function orderBy(order: readonly OrderKey[], table: string): RawBuilder<unknown> {
  return sql.join(
    order.map(({ column, descending, nullable }) => {
      const ref = sql.ref(`${table}.${column}`);
      // Said only where it matters: an index serves the plain order.
      const nulls = nullable ? sql.raw(descending ? " nulls first" : " nulls last") : sql``;
      return sql`${ref}${descending ? sql` desc` : sql``}${nulls}`;
    }),
  );
}

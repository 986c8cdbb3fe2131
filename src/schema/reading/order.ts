import { type RawBuilder, sql } from "kysely";
import type { ModelShape } from "../../entities/mapping/shape.ts";
import { fieldError } from "../../errors.ts";
import { columnRef } from "./column-ref.ts";
import type { Reader } from "./reader.ts";

/** A key of an order. */
export interface OrderKey {
  column: string;
  descending: boolean;
  nullable: boolean;
}

/**
 * A total order from wire names, `-` for descending; the model's own when there are none. Where the keys leave ties, the id settles them, in the direction of the last key.
 * @throws {@link AppError} BAD_USER_INPUT for a name that is not a column.
 */
export function orderOf(shape: ModelShape, sort?: readonly string[]): readonly OrderKey[] {
  if (sort) return totalOrder(shape, sort);
  let order = ownOrders.get(shape);
  if (!order) ownOrders.set(shape, (order = totalOrder(shape, shape.ordering)));
  return order;
}

const ownOrders = new WeakMap<ModelShape, readonly OrderKey[]>();

function totalOrder(shape: ModelShape, sort: readonly string[]): readonly OrderKey[] {
  const sorted = new Set<string>();
  const keys: OrderKey[] = [];
  for (const key of sort.map((name) => findKey(shape, name) ?? refuseKey(shape, name))) {
    // A field that comes again has nothing left to order.
    if (!sorted.has(key.column)) keys.push(key);
    sorted.add(key.column);
  }
  if (shape.keys.some((group) => group.every((column) => sorted.has(column)))) return keys;
  return [...keys, { column: "id", descending: keys.at(-1)?.descending ?? false, nullable: false }];
}

function findKey(shape: ModelShape, key: string): OrderKey | undefined {
  const name = key.replace(/^-/, "");
  const reference = shape.one.get(name);
  const column = shape.columns.get(name);
  if (!reference && (!column || column.kind === "json")) return undefined;
  return { column: reference?.column ?? name, descending: key.startsWith("-"), nullable: (reference ?? column)!.nullable };
}

function refuseKey(shape: ModelShape, key: string): never {
  const name = key.replace(/^-/, "");
  const names = [...shape.columns].filter(([, { kind }]) => kind !== "json").map(([known]) => known);
  const message = `"${name}" is not a field to sort by. Sort by one of: ${[...names, ...shape.one.keys()].toSorted().join(", ")}.`;
  throw fieldError("BAD_USER_INPUT", "sort", message);
}

/**
 * Tells whether an index holds rows in an order of wire names, but for ties; true where one of them is rejected.
 * @param owner column that holds the id of the one object whose rows are read, where they are not all rows.
 */
export function isServed(shape: ModelShape, sort: readonly string[], owner?: string): boolean {
  if (sort.some((key) => !findKey(shape, key))) return true;
  const keys = orderOf(shape, sort).filter(({ column }) => column !== owner);
  return shape.sorted.some((group) => {
    if (owner !== undefined && group[0] !== owner) return false;
    const columns = group.filter((column) => column !== owner);
    const isHeld = (column: string, n: number) => keys[n]?.column === column && keys[n]!.descending === keys[0]!.descending;
    const settlesTies = shape.keys.includes(group) || keys.slice(columns.length).every(({ column }) => column === "id");
    return columns.length > 0 && settlesTies && columns.every(isHeld);
  });
}

/** The order as SQL. Rows without a value come last, and first when descending, on every database. */
export function orderBy(reader: Reader, shape: ModelShape, order: readonly OrderKey[], table = shape.table): RawBuilder<unknown> {
  return sql.join(
    order.map(({ column, descending, nullable }) => {
      const ref = columnRef(reader, shape, column, table);
      // Said only where it matters: an index serves the plain order.
      const nulls = nullable ? sql.raw(descending ? " nulls first" : " nulls last") : sql``;
      return sql`${ref}${descending ? sql` desc` : sql``}${nulls}`;
    }),
  );
}

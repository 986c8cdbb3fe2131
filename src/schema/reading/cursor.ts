import { type RawBuilder, sql, type SqlBool } from "kysely";
import { readTime } from "../../entities/times/read-time.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import type { ModelShape } from "../../entities/mapping/shape.ts";
import { isOdd } from "../../entities/told-rows.ts";
import { isoTime } from "../../entities/times/timestamp.ts";
import { fieldError } from "../../errors.ts";
import { columnRef, storedRef } from "./column-ref.ts";
import type { Condition } from "./condition.ts";
import type { Row } from "./list.ts";
import type { OrderKey } from "./order.ts";
import { isStorable } from "./storable-texts.ts";

/** Stands for the value that a row has in the database, where a cursor cannot have it: the row's id. */
interface ValueOf {
  of: string;
}

const isValueOf = (value: unknown): value is ValueOf =>
  typeof value === "object" && value !== null && "of" in value && typeof value.of === "string" && isStorable(value.of);

/** A place in an ordered list: the sort values of the row that stands there. Opaque to clients. @param row with its id. */
export function encodeCursor(shape: ModelShape, row: Row, order: readonly OrderKey[]): string {
  const values = order.map(({ column }) => (hasPlainly(shape, row, column) ? (row[column] ?? null) : { of: row.id }));
  return Buffer.from(JSON.stringify([nameOf(order), values])).toString("base64url");
}

/** Tells whether a row has a value as the server would write it: a cursor with another one would not be known again. */
function hasPlainly(shape: ModelShape, row: Row, column: string): boolean {
  if (isOdd(row, column)) return false;
  const kind = shape.columns.get(column)?.kind ?? "uuid";
  return kind !== "uuid" || row[column] === null || uuidOf(row[column]) !== undefined;
}

/** A cursor is good for the order that it was made in, and for no other. */
const nameOf = (order: readonly OrderKey[]) => order.map(({ column, descending }) => `${descending ? "-" : ""}${column}`).join();

/**
 * The rows after a cursor, or before it: read from the index at that place, however far into the list it is.
 * @param owning column with the owner's id, for a list of the objects of one that the reader sees.
 * @throws {@link AppError} BAD_USER_INPUT that names the argument.
 */
export function seek(
  shape: ModelShape,
  order: readonly OrderKey[],
  argument: "after" | "before",
  cursor: string,
  owning?: string,
): Condition {
  const values = decode(shape, argument, cursor, order);
  const forward = argument === "after";
  const isPlain = order.every((key) => key.descending === order[0]!.descending && !key.nullable);
  return (reader) => {
    const refOf = (column: string, table?: string) => (column === owning ? storedRef : columnRef)(reader, shape, column, table);
    const valueOf = (column: string, value: unknown) => {
      if (!isValueOf(value)) return value;
      if (reader.database.checksTypes && uuidOf(value.of) === undefined) refuse(argument);
      return sql`(select ${refOf(column, "placed")} from ${sql.table(shape.table)} placed where placed.id = ${value.of})`;
    };
    const keys = order.map((key, n) => ({
      ...key,
      ref: refOf(key.column),
      value: valueOf(key.column, values[n]),
    }));
    return isPlain ? compareAll(keys, forward) : compareEach(keys, forward);
  };
}

interface Key extends OrderKey {
  ref: RawBuilder<unknown>;
  value: unknown;
}

/** All keys at once, which an index on them serves directly. */
function compareAll(keys: readonly Key[], forward: boolean): RawBuilder<SqlBool> {
  const operator = sql.raw(keys[0]!.descending === forward ? "<" : ">");
  return sql`((${sql.join(keys.map((key) => key.ref))}) ${operator} (${sql.join(keys.map((key) => key.value))}))`;
}

/** Equal in the first keys and beyond in the next, for each of them; for keys of mixed directions or without a value. */
function compareEach([first, ...rest]: readonly Key[], forward: boolean): RawBuilder<SqlBool> {
  const beyond = isBeyond(first!, forward);
  if (rest.length === 0) return beyond;
  const same = first!.value === null ? sql`${first!.ref} is null` : sql`${first!.ref} = ${first!.value}`;
  return sql`(${beyond} or (${same} and ${compareEach(rest, forward)}))`;
}

/** Without a value counts as greater than any. */
function isBeyond({ ref, value, descending, nullable }: Key, forward: boolean): RawBuilder<SqlBool> {
  const greater = descending !== forward;
  if (value === null) return greater ? sql`false` : sql`${ref} is not null`;
  const beyond = sql<SqlBool>`${ref} ${sql.raw(greater ? ">" : "<")} ${value}`;
  return greater && nullable ? sql`(${beyond} or ${ref} is null)` : beyond;
}

/** Tells whether a value can be one of a column: a cursor of our own has no other, and a database might refuse it. */
function isOf(shape: ModelShape, { column, nullable }: OrderKey, value: unknown): boolean {
  if (value === null) return nullable;
  if (isValueOf(value)) return true;
  switch (shape.columns.get(column)?.kind) {
    case "boolean":
      return typeof value === "boolean" || value === 0 || value === 1;
    case "float":
      return typeof value === "number";
    case "integer":
      return ((value as number) | 0) === value;
    case "timestamp":
      return typeof value === "string" && TIME.test(value) && readTime(isoTime(value)) !== undefined;
    case "uuid":
    // A reference.
    case undefined:
      return uuidOf(value) !== undefined;
    default:
      return typeof value === "string" && isStorable(value);
  }
}

/** As rows of either database have it. */
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00)$/;

function decode(shape: ModelShape, argument: string, cursor: string, order: readonly OrderKey[]): readonly unknown[] {
  let decoded: unknown;
  try {
    decoded = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    decoded = undefined;
  }
  const [name, values] = Array.isArray(decoded) ? (decoded as unknown[]) : [];
  const fits =
    name === nameOf(order) &&
    Array.isArray(values) &&
    values.length === order.length &&
    order.every((key, n) => isOf(shape, key, values[n]));
  return fits ? values : refuse(argument);
}

function refuse(argument: string): never {
  const message = `${argument} is not a cursor of this list in this order.`;
  throw fieldError("BAD_USER_INPUT", argument, message);
}

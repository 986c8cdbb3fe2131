import { type RawBuilder, sql, type SqlBool } from "kysely";
import { type ModelShape, shapeOf } from "../../entities/mapping/shape.ts";
import { type Reader, visible } from "./reader.ts";

/**
 * Returns a column of a model's rows as clients see it: of an empty reference with a stand-in, the stand-in's id; null for a reference to an object that the
 * reader does not see.
 * @param table name of the model's table in the statement.
 */
export function columnRef(reader: Reader, shape: ModelShape, column: string, table = shape.table): RawBuilder<unknown> {
  const ref = storedRef(reader, shape, column, table);
  const target = targetOf(shape, column);
  if (target && visible(reader, target)?.isNone) return sql`cast(null as uuid)`;
  const isSeen = target && seenBy(reader, target, ref);
  return isSeen ? sql`(case when ${isSeen} then ${ref} end)` : ref;
}

/** Returns the same to be selected, under the column's name. @param isSeen true for a reference to an object that the reader is known to see. */
export function selectedRef(
  reader: Reader,
  shape: ModelShape,
  column: string,
  table = shape.table,
  isSeen = false,
): RawBuilder<unknown> {
  const ref = (isSeen ? storedRef : columnRef)(reader, shape, column, table);
  const isPlain = !standInOf(shape, column) && (isSeen || !isRestricted(reader, shape, column));
  return isPlain ? ref : sql`${ref} as ${sql.ref(column)}`;
}

/** Returns a condition: a column holds the id of an object that the reader sees. Undefined where the reader sees all objects of the model. */
export function seenBy(reader: Reader, target: ModelShape, ref: RawBuilder<unknown>): RawBuilder<SqlBool> | undefined {
  const seen = visible(reader, target);
  if (!seen) return undefined;
  const there = sql`${sql.table(target.table)} as seen`;
  return sql<SqlBool>`(exists (select 1 from ${there} where seen.id = ${ref} and ${seen(reader.database, "seen")}))`;
}

/** Returns a reference without a look at the object that it leads to: of an empty one with a stand-in, the stand-in's id. */
export function storedRef(reader: Reader, shape: ModelShape, column: string, table = shape.table): RawBuilder<unknown> {
  const ref = sql.ref(`${table}.${column}`);
  const standIn = standInOf(shape, column);
  if (!standIn) return ref;
  const { other, via } = standIn;
  const stand = sql.ref(`${other.table}.${standIn.column}`);
  const isIt = sql`${sql.ref(`${other.table}.id`)} = ${sql.ref(`${table}.${via}`)}`;
  return sql`coalesce(${ref}, (select ${stand} from ${sql.table(other.table)} where ${isIt}${andSeen(reader, other)}))`;
}

/** Returns a test whether the same is a value: one that indexes serve, for each of many values. */
export function columnIs(reader: Reader, shape: ModelShape, column: string, value: RawBuilder<unknown>): RawBuilder<SqlBool> {
  const standIn = standInOf(shape, column);
  if (!standIn) return sql`${storedRef(reader, shape, column)} = ${value}`;
  const { other, via } = standIn;
  const own = sql`select own.id from ${sql.table(shape.table)} own where ${sql.ref(`own.${column}`)} = ${value}`;
  const others = sql`select own.id from ${sql.table(other.table)} join ${sql.table(shape.table)} own
    on ${sql.ref(`own.${via}`)} = ${sql.ref(`${other.table}.id`)} and ${sql.ref(`own.${column}`)} is null
    where ${sql.ref(`${other.table}.${standIn.column}`)} = ${value}${andSeen(reader, other)}`;
  return sql`${sql.ref(`${shape.table}.id`)} in (${own} union all ${others})`;
}

/** Returns the end of a condition on a model's rows: the reader sees the object. Empty where it sees all. */
export function andSeen(reader: Reader, shape: ModelShape): RawBuilder<unknown> {
  const seen = visible(reader, shape);
  return seen ? sql` and ${seen(reader.database)}` : sql``;
}

/** Tells whether a column is a reference that may lead to an object which the reader does not see. */
function isRestricted(reader: Reader, shape: ModelShape, column: string): boolean {
  const target = targetOf(shape, column);
  return target !== undefined && visible(reader, target) !== undefined;
}

/** The model that a reference leads to; undefined for any other column. */
function targetOf(shape: ModelShape, column: string): ModelShape | undefined {
  const relation = shape.one.get(column.replace(/_id$/, ""));
  return relation?.column === column ? shapeOf(relation.target()) : undefined;
}

/** The column of another model that stands in, that model, and the column that leads there. */
function standInOf(shape: ModelShape, column: string): { column: string; other: ModelShape; via: string } | undefined {
  const { orElse } = shape.one.get(column.replace(/_id$/, "")) ?? {};
  if (!orElse) return undefined;
  const via = shape.one.get(orElse.via)!;
  const other = shapeOf(via.target());
  return { column: other.one.get(orElse.name)!.column, other, via: via.column };
}

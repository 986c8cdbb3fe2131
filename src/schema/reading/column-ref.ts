import { type RawBuilder, sql, type SqlBool } from "kysely";
import { type ModelShape, shapeOf } from "../../entities/mapping/shape.ts";

/**
 * Returns a column of a model's rows as clients see it: of an empty reference with a stand-in, the stand-in's id.
 * @param table name of the model's table in the statement.
 */
export function columnRef(shape: ModelShape, column: string, table = shape.table): RawBuilder<unknown> {
  const ref = sql.ref(`${table}.${column}`);
  const standIn = standInOf(shape, column);
  if (!standIn) return ref;
  const other = sql`select ${sql.ref(`other.${standIn.column}`)} from ${sql.table(standIn.table)} other`;
  return sql`coalesce(${ref}, (${other} where other.id = ${sql.ref(`${table}.${standIn.via}`)}))`;
}

/** Returns the same to be selected, under the column's name. */
export function selectedRef(shape: ModelShape, column: string, table = shape.table): RawBuilder<unknown> {
  const ref = columnRef(shape, column, table);
  return standInOf(shape, column) ? sql`${ref} as ${sql.ref(column)}` : ref;
}

/** Returns a test whether the same is a value: one that indexes serve, for each of many values. */
export function columnIs(shape: ModelShape, column: string, value: RawBuilder<unknown>): RawBuilder<SqlBool> {
  const standIn = standInOf(shape, column);
  if (!standIn) return sql`${columnRef(shape, column)} = ${value}`;
  const own = sql`select own.id from ${sql.table(shape.table)} own where ${sql.ref(`own.${column}`)} = ${value}`;
  const others = sql`select own.id from ${sql.table(standIn.table)} other join ${sql.table(shape.table)} own
    on ${sql.ref(`own.${standIn.via}`)} = other.id and ${sql.ref(`own.${column}`)} is null where ${sql.ref(`other.${standIn.column}`)} = ${value}`;
  return sql`${sql.ref(`${shape.table}.id`)} in (${own} union all ${others})`;
}

/** The column of another model that stands in, that model's table, and the column that leads there. */
function standInOf(shape: ModelShape, column: string): { column: string; table: string; via: string } | undefined {
  const { orElse } = shape.one.get(column.replace(/_id$/, "")) ?? {};
  if (!orElse) return undefined;
  const via = shape.one.get(orElse.via)!;
  const other = shapeOf(via.target());
  return { column: other.one.get(orElse.name)!.column, table: other.table, via: via.column };
}

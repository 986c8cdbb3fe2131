import { cutText } from "../cut-text.ts";
import type { SqlEntityManager } from "@mikro-orm/sql";
import type { Kysely } from "kysely";
import { contentTypeLabel } from "../entities/content-types.ts";
import { type Database, statementsOf } from "../entities/database.ts";
import type { Snapshot } from "../entities/models/object-change.ts";
import { type ColumnShape, type ManyShape, type ModelShape, shapeOf, tableOf } from "../entities/mapping/shape.ts";
import { type AnyTables, ofAnyTable } from "../entities/tables.ts";
import { isDeep } from "../entities/stored-json.ts";
import { storedValue, tellWholeRows } from "../entities/told-rows.ts";
import { isoTime } from "../entities/times/timestamp.ts";

type Row = Record<string, unknown>;

/** Objects in one statement. */
const CHUNK = 500;

/**
 * Returns the current state of objects, by id: columns as the API spells them, a reference as `{ id, object_type, name }`, links as a list of such, by name.
 * Takes one statement, and one more for each kind of link, for every 500 objects, inside the transaction of `em`.
 */
export async function readSnapshots(
  database: Database,
  em: SqlEntityManager,
  shape: ModelShape,
  ids: readonly string[],
): Promise<Map<string, Snapshot>> {
  const rows = ofAnyTable(statementsOf(em));
  const snapshots = new Map<string, Snapshot>();
  for (let n = 0; n < ids.length; n += CHUNK) {
    const some = ids.slice(n, n + CHUNK);
    for (const row of tellWholeRows(database, shape.model, await readObjects(rows, shape, some)))
      snapshots.set(storedValue(row, "id") as string, snapshotOf(shape, row));
    for (const [name, link] of shape.many) {
      if (!link.isKeeper) continue;
      for (const { owner, id, name: linked } of await readLinks(rows, link, some))
        (snapshots.get(owner as string)?.[name] as Row[] | undefined)?.push(reference(link.target(), id, linked));
    }
  }
  return snapshots;
}

/** Returns the name of an object for people. */
export function reprOf(shape: ModelShape, snapshot: Snapshot): string {
  const column = shape.naturalKey ?? shape.search.find((name) => !name.includes(".")) ?? "id";
  return cutText(String(snapshot[column] ?? snapshot["id"]), 200);
}

function readObjects(rows: Kysely<AnyTables>, shape: ModelShape, ids: readonly string[]): Promise<Row[]> {
  const { table } = shape;
  let query = rows.selectFrom(table).selectAll(table).where(`${table}.id`, "in", ids);
  for (const [name, { column, target }] of shape.one) {
    const { naturalKey, table: other } = shapeOf(target());
    if (!naturalKey) continue;
    query = query
      .leftJoin(`${other} as ${name}_`, `${name}_.id`, `${table}.${column}`)
      .select(`${name}_.${naturalKey} as ${name}_name_`);
  }
  return query.execute() as Promise<Row[]>;
}

function readLinks(rows: Kysely<AnyTables>, { column, through, target }: ManyShape, ids: readonly string[]): Promise<Row[]> {
  const { naturalKey = "id", table } = shapeOf(target());
  return rows
    .selectFrom(through!)
    .innerJoin(table, `${table}.id`, `${through!}.${tableOf(target())}_id`)
    .where(`${through!}.${column}`, "in", ids)
    .select([`${through!}.${column} as owner`, `${table}.id as id`, `${table}.${naturalKey} as name`])
    .orderBy(`${table}.${naturalKey}`)
    .execute() as Promise<Row[]>;
}

function snapshotOf(shape: ModelShape, row: Row): Snapshot {
  const snapshot: Snapshot = { id: row["id"], object_type: contentTypeLabel(shape.model as { name: string }) };
  for (const [name, column] of shape.columns) if (!column.unlogged) snapshot[name] = plain(column, row[name]);
  for (const [name, { column, target }] of shape.one)
    snapshot[name] = row[column] === null ? null : reference(target(), row[column], row[`${name}_name_`]);
  for (const [name, { isKeeper }] of shape.many) if (isKeeper) snapshot[name] = [];
  return snapshot;
}

function reference(model: object, id: unknown, name: unknown): Row {
  return { id, object_type: contentTypeLabel(model as { name: string }), ...(typeof name === "string" && { name }) };
}

/** A value of a row of either database as JSON. */
function plain({ kind }: ColumnShape, value: unknown): unknown {
  if (value === null) return null;
  if (kind === "boolean") return Boolean(value);
  // A transaction's driver may have read the JSON already, whose length nobody knows then.
  if (kind === "json" && isDeep(value)) return {};
  return kind === "timestamp" ? isoTime(value as Date | string) : value;
}

import { sql } from "kysely";
import { type Database, statementsOf } from "../../../src/entities/database.ts";
import { MODELS, OWN_MODELS } from "../../../src/entities/index.ts";
import { type ModelShape, shapeOf, tableOf } from "../../../src/entities/mapping/shape.ts";
import { newId } from "../../../src/entities/new-id.ts";
import { ofAnyTable } from "../../../src/entities/tables.ts";

/** Models that clients know. */
export const SHAPES: readonly ModelShape[] = MODELS.filter((model) => !OWN_MODELS.has(model)).map(shapeOf);

type AnyRows = ReturnType<typeof ofAnyTable>;

/** Objects that are in a database, by table. */
export type Ids = ReadonlyMap<string, readonly string[]>;

/** Returns the ids of all objects. */
export async function allIds(database: Database): Promise<Ids> {
  const rows = ofAnyTable(database.rows);
  const ids = new Map<string, string[]>();
  for (const { table } of SHAPES) {
    const found = await rows.selectFrom(table).select("id").orderBy("id").execute();
    ids.set(
      table,
      found.map(({ id }) => id as string),
    );
  }
  return ids;
}

/** Twins that are to be stored. */
export interface Twins {
  /** Id of each object's twin. */
  ids: ReadonlyMap<string, string>;
  /** Natural keys of the twins, by table. */
  names: ReadonlyMap<string, readonly string[]>;
  /** End of the names. */
  mark: string;
}

/** Returns the ids and names that twins of objects are to have. */
export async function planTwins(database: Database, ids: Ids, mark = "~~"): Promise<Twins> {
  const names = new Map<string, string[]>();
  for (const { table, naturalKey } of SHAPES) {
    if (!naturalKey) continue;
    const rows = await ofAnyTable(database.rows).selectFrom(table).select(naturalKey).orderBy("id").execute();
    names.set(
      table,
      rows.map((row) => `${String(row[naturalKey])}${mark}`),
    );
  }
  return { ids: new Map([...ids.values()].flat().map((id) => [id, newId()])), names, mark };
}

/** Stores a twin of each object that refers to nothing, as far as that is possible, and has no objects of its own. */
export async function storeBareTwins(database: Database): Promise<void> {
  const ids = await allIds(database);
  const twins = await planTwins(database, ids, "~");
  const rows = ofAnyTable(database.rows);
  for (const shape of SHAPES)
    for (const id of ids.get(shape.table)!) {
      const twin = twinOf(shape, await rowOf(rows, shape, id), twins);
      for (const { column, nullable } of shape.one.values()) if (nullable) twin[column] = null;
      await rows.insertInto(shape.table).values(twin).execute();
    }
}

const rowOf = async (rows: AnyRows, { table }: ModelShape, id: string) =>
  (await rows.selectFrom(table).selectAll().where("id", "=", id).executeTakeFirst())!;

/**
 * Stores a twin of each object, with a name of its own. Twins belong to other objects than those whose twins they are, and are linked to all. References of
 * the objects themselves that led nowhere lead to twins, in another order than the objects'.
 */
export async function storeTwins(database: Database, ids: Ids, planned: Twins): Promise<void> {
  const { ids: twins } = planned;
  const neighbors = new Map([...ids.values()].flatMap((all) => all.map((id, n) => [id, all[(n + 1) % all.length]!] as const)));
  await database.transaction(async (em) => {
    const rows = ofAnyTable(statementsOf(em));
    for (const shape of SHAPES) {
      for (const id of ids.get(shape.table)!) {
        const row = await rowOf(rows, shape, id);
        for (const [column, value] of Object.entries(row))
          if (column !== "id") row[column] = neighbors.get(value as string) ?? value;
        const twin = twinOf(shape, row, planned);
        await rows.insertInto(shape.table).values(twin).execute();
      }
    }
    for (const shape of SHAPES) {
      for (const relation of shape.one.values()) {
        const targets = ids.get(tableOf(relation.target()))!;
        if (!relation.nullable || targets.length === 0) continue;
        const own = ids.get(shape.table)!;
        for (const [n, id] of own.entries())
          await rows
            .updateTable(shape.table)
            .set({ [relation.column]: twins.get(targets[(own.length - n) % targets.length]!) })
            .where("id", "=", id)
            .where(relation.column, "is", null)
            .execute();
      }
      for (const { through, column, isKeeper, target } of shape.many.values()) {
        // The table of a model has twins already.
        if (!through || !isKeeper || SHAPES.some(({ table }) => table === through)) continue;
        const other = `${tableOf(target())}_id`;
        for (const link of await rows.selectFrom(through).selectAll().execute()) {
          const [one, two] = [link[column] as string, link[other] as string];
          for (const [a, b] of [
            [one, twins.get(two)],
            [twins.get(one), two],
            [twins.get(one), twins.get(two)],
          ])
            if (a !== undefined && b !== undefined)
              await rows
                .insertInto(through)
                .values({ [column]: a, [other]: b })
                .onConflict((conflict) => conflict.doNothing())
                .execute();
        }
      }
    }
  });
}

/** A row that differs in its id, and in the columns of which no two rows may have the same. */
function twinOf(shape: ModelShape, row: Record<string, unknown>, { ids: twins, mark }: Twins): Record<string, unknown> {
  const twin: Record<string, unknown> = { ...row, id: twins.get(row["id"] as string) };
  const groups = [...shape.unique, ...[...shape.columns].filter(([, { unique }]) => unique).map(([name]) => [name])];
  for (const group of groups) {
    const columns = group.map((name) => shape.one.get(name)?.column ?? name);
    const text = columns.find((name) => typeof twin[name] === "string" && !shape.one.has(name.replace(/_id$/, "")));
    const count = columns.find((name) => typeof twin[name] === "number");
    const last = columns.at(-1)!;
    if (text) twin[text] = `${String(row[text])}${mark}`;
    else if (count) twin[count] = Number(row[count]) + 1000 * mark.length;
    else twin[last] = twins.get(row[last] as string) ?? row[last];
  }
  // As long as others, and one of its own.
  if (twin["key_hash"]) twin["key_hash"] = `${mark}${String(row["key_hash"])}`.slice(0, 64);
  for (const [name, value] of Object.entries(twin)) {
    if (typeof value === "object" && value !== null && !(value instanceof Date)) twin[name] = JSON.stringify(value);
    if (typeof value === "boolean") twin[name] = sql.lit(value);
  }
  return twin;
}

import type { Database } from "../../src/entities/database.ts";
import { MODELS } from "../../src/entities/index.ts";
import { shapeOf } from "../../src/entities/mapping/shape.ts";
import { ofAnyTable } from "../../src/entities/tables.ts";

const SHAPES = MODELS.map(shapeOf);
const TABLES = new Set([
  ...SHAPES.map(({ table }) => table),
  ...SHAPES.flatMap(({ many }) => [...many.values()].flatMap(({ through }) => through ?? [])),
]);

/** Columns that change without anybody's wish: keys are in use, and workers give signs of life. */
const UNWISHED = new Set(["beats", "last_used", "last_login"]);

/** Returns all rows of all tables that have to do with objects, as texts, by table: two of them are the same where nothing has been written in between. */
export async function storedRows({ rows }: Database): Promise<Record<string, readonly string[]>> {
  const stored: Record<string, readonly string[]> = {};
  for (const table of TABLES) {
    const found = await ofAnyTable(rows).selectFrom(table).selectAll().execute();
    stored[table] = found.map((row) => JSON.stringify(Object.entries(row).filter(([name]) => !UNWISHED.has(name)))).toSorted();
  }
  return stored;
}

import type { Database } from "../../entities/database.ts";

/** Milliseconds that an estimate holds. */
const FRESH_MS = 10_000;

/** A table counts as having so many rows at least: those that were made since the last estimate are in none. */
const FEWEST_ROWS = 20;

/** Most rows of a table, by its name. */
export type RowsOf = (table: string) => number;

/**
 * Estimates of the sizes of a database's tables, made again in the background when a caller finds them old.
 * @param unknown rows of a table without an estimate.
 * @returns at once, but for the first time.
 */
export function createTableSizes(database: Database, unknown: number): () => RowsOf | Promise<RowsOf> {
  let known: RowsOf | undefined;
  let asked = -Infinity;
  let underWay: Promise<RowsOf> | undefined;
  const nothing: RowsOf = () => unknown;

  async function estimate(): Promise<RowsOf> {
    try {
      const rows = await database.estimateRows();
      known = (table) => Math.max(FEWEST_ROWS, rows.get(table) ?? unknown);
    } catch {
      // The operation's own reads report that the database is away.
    } finally {
      underWay = undefined;
    }
    return known ?? nothing;
  }

  return () => {
    const now = performance.now();
    if (!underWay && now - asked > FRESH_MS) {
      asked = now;
      underWay = estimate();
    }
    return known ?? underWay ?? nothing;
  };
}

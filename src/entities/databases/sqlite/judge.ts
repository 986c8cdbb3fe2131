import type { Database, Statement } from "better-sqlite3";
import { rowsIn } from "./estimates.ts";
import { countOwners } from "./owners.ts";
import { type Plan, readPlan } from "./plan.ts";

/** Rows that a read may look at in the server's own thread: some 20 ms. A little more than the longest page has by default. */
const LIGHT_ROWS = 12_000;

/** Rows that such a read may match with regular expressions. */
const LIGHT_MATCHES = 500;

/** Milliseconds that the size of a table is remembered. */
const SIZE_MS = 1000;

/** Tells whether a statement is light: it looks at so few rows that it holds its thread for a moment only. */
export type Judge = (parameters: readonly unknown[]) => boolean;

/** Returns a function that makes the judge of a statement's text. The text must be valid. */
export function createJudges(connection: Database): (sql: string, parameters: readonly unknown[]) => Judge {
  const sizeOf = createSizes(connection);

  return (sql, parameters) => {
    if (!sql.startsWith("select ")) return () => true;
    const most = sql.includes("matches(") ? LIGHT_MATCHES : LIGHT_ROWS;
    const plan = readPlan(connection, sql, parameters, most);
    let probe: Statement | undefined;

    function isLight(given: readonly unknown[]): boolean {
      const sizes = plan.accesses.map(({ table }) => sizeOf(table));
      if (plan.isCorrelated) return sizes.reduce((product, size) => product * size, 1) <= most;
      if (sizes.every((size) => size <= most)) return true;
      if (plan.isDirect && returnsAtMost(plan, given) <= most) return true;
      if (!plan.probe) return false;
      probe ??= connection.prepare(plan.probe.sql);
      return probe.get(...given.slice(plan.probe.from, plan.probe.to)) === undefined;
    }
    return isLight;
  };
}

/** Rows that a statement returns at most. */
function returnsAtMost({ bounds, isPerOwner }: Plan, given: readonly unknown[]): number {
  if (bounds === 0) return Infinity;
  const rows = given.slice(-bounds).reduce<number>((sum, value) => sum + Number(value), 0);
  return isPerOwner ? rows * countOwners(given[0]) : rows;
}

/** Returns a function that estimates the number of rows of a table, from the numbers of its rows. Infinite for a name that is no table. */
function createSizes(connection: Database): (table: string) => number {
  const sizes = new Map<string, number>();
  let end = 0;

  function measure(table: string): number {
    try {
      const counted = connection.prepare(`select ${rowsIn(table)}`);
      return Number(counted.pluck().get());
    } catch {
      return Infinity;
    }
  }

  return (table) => {
    const now = performance.now();
    if (now > end) {
      sizes.clear();
      end = now + SIZE_MS;
    }
    let size = sizes.get(table);
    if (size === undefined) sizes.set(table, (size = measure(table)));
    return size;
  };
}

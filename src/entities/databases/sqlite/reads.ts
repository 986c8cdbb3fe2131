import Sqlite, { type Statement } from "better-sqlite3";
import type { CompiledQuery } from "kysely";
import { LRUCache } from "lru-cache";
import type { ReadBounds } from "../../database.ts";
import type { ReadLimits } from "../read-limits.ts";
import { readBatches, type Rows } from "./batches.ts";
import { isBusy, whenUnlocked } from "./busy.ts";
import { estimateRows } from "./estimates.ts";
import { createJudges, type Judge } from "./judge.ts";
import { addMatchers } from "./matcher.ts";
import { createScans } from "./scans.ts";

/** Statements that are kept prepared. Clients choose the columns, so their number has to be bounded. */
export const MAX_STATEMENTS = 500;

/** Connections that only read: they see no transaction that is under way, and wait for none. */
export interface SqliteReads {
  read(statement: CompiledQuery, bounds?: ReadBounds): Promise<Rows>;
  /** About how many rows each table has: at once, in no lane. */
  estimateRows(): Promise<ReadonlyMap<string, number>>;
  close(): void;
}

/** Opens the connections that read a database's file, which exists. */
export function openReads(file: string, limits: ReadLimits): SqliteReads {
  const connection = new Sqlite(file, { readonly: true, timeout: 0 });
  addMatchers(connection);
  const judgeOf = createJudges(connection);
  const prepared = new LRUCache<string, { statement: Statement; judge?: Judge }>({
    max: MAX_STATEMENTS,
    memoMethod: (text) => ({ statement: connection.prepare(text) }),
  });
  const scans = createScans(file, limits);
  // Reads of the server itself do not wait behind clients.
  const ownScans = createScans(file, { ...limits, readerProcesses: 1 });
  const pages = connection.prepare("select page_count * page_size from pragma_page_count, pragma_page_size").pluck();
  const fileBytes = rememberFor(1000, () => pages.get() as number);

  /** The rows of a light statement; undefined for one that belongs into the other lane. */
  function readNow({ sql, parameters }: CompiledQuery, maxBytes: number | undefined): Rows | undefined {
    const kept = prepared.memo(sql);
    kept.judge ??= judgeOf(sql, parameters);
    if (!kept.judge(parameters)) return undefined;
    // To count costs a third of the time, and a database that is smaller than the bound has no such rows.
    return maxBytes === undefined || fileBytes() <= maxBytes
      ? (kept.statement.all(...parameters) as Rows)
      : [...readBatches(kept.statement, parameters, maxBytes)].flat();
  }

  return {
    // Most are answered at once: no turn of the thread is lost on them.
    read(statement, bounds) {
      const scan = () => (bounds ? scans : ownScans).read(statement, bounds);
      try {
        const rows = readNow(statement, bounds?.maxBytes);
        return rows ? Promise.resolve(rows) : scan();
      } catch (error) {
        if (!isBusy(error)) return Promise.reject(error as Error);
        return whenUnlocked(() => readNow(statement, bounds?.maxBytes)).then((rows) => rows ?? scan());
      }
    },
    estimateRows: () => whenUnlocked(() => estimateRows(connection)),
    close() {
      scans.close();
      ownScans.close();
      connection.close();
    },
  };
}

/** Returns a value that is made again only after a time. */
function rememberFor<T>(ms: number, make: () => T): () => T {
  let value: T;
  let end = 0;
  return () => {
    if (performance.now() < end) return value;
    end = performance.now() + ms;
    return (value = make());
  };
}

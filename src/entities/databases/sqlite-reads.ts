import Sqlite from "better-sqlite3";
import type { CompiledQuery } from "kysely";
import { LRUCache } from "lru-cache";
import type { ReadBounds } from "../database.ts";
import { isBusy, whenUnlocked } from "./sqlite-busy.ts";
import { createMatcher } from "./sqlite-matcher.ts";

/** Statements that are kept prepared. Clients choose the columns, so their number has to be bounded. */
export const MAX_STATEMENTS = 500;

type Rows = Record<string, unknown>[];

/** Connections that only read: they see no transaction that is under way, and wait for none. */
export interface SqliteReads {
  read(statement: CompiledQuery, bounds?: ReadBounds): Promise<Rows>;
  close(): Promise<void>;
}

/** Opens the connections that read a database's file, which exists. */
export function openReads(file: string): SqliteReads {
  const connection = new Sqlite(file, { readonly: true, timeout: 0 });
  connection.function("matches", { deterministic: true }, createMatcher());
  const prepared = new LRUCache({ max: MAX_STATEMENTS, memoMethod: (text: string) => connection.prepare(text) });
  const readNow = ({ sql, parameters }: CompiledQuery) => prepared.memo(sql).all(...parameters) as Rows;
  return {
    async read(statement, bounds) {
      bounds?.signal?.throwIfAborted();
      try {
        return readNow(statement);
      } catch (error) {
        if (!isBusy(error)) throw error;
        return whenUnlocked(() => readNow(statement));
      }
    },
    close: async () => void connection.close(),
  };
}

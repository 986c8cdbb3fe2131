import { LRUCache } from "lru-cache";
import type { Database } from "../entities/database.ts";

/** Milliseconds between two writes for one key. */
const EVERY_MS = 60_000;
/** Keys whose last write is remembered. */
const MAX_KEYS = 10_000;
/** Milliseconds that uses are collected for one statement. */
const COLLECT_MS = 500;

/** Uses of keys. */
export interface LastUsed {
  /** Notes that a key is used. It is written later, once a minute at most; a failure is nobody's. */
  note(tokenId: string): void;
  /** Resolves when nothing is being written any more. */
  close(): Promise<void>;
}

/** @param elapsed milliseconds of a clock that nobody sets. */
export function createLastUsed(database: Database, now = Date.now, elapsed = () => performance.now()): LastUsed {
  const written = new LRUCache<string, number>({ max: MAX_KEYS });
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<unknown> = Promise.resolve();

  function write(): void {
    timer = undefined;
    const ids = [...waiting];
    waiting.clear();
    const before = underWay;
    underWay = (async () => {
      await before;
      await database.rows
        .updateTable("token")
        .set({ last_used: new Date(now()).toISOString() })
        .where("id", "in", ids)
        .execute();
    })().catch(() => undefined);
  }

  return {
    note(tokenId) {
      const at = elapsed();
      if (at - (written.get(tokenId) ?? -Infinity) < EVERY_MS) return;
      written.set(tokenId, at);
      waiting.add(tokenId);
      timer ??= setTimeout(write, COLLECT_MS).unref();
    },
    async close() {
      clearTimeout(timer);
      if (timer) write();
      await underWay;
    },
  };
}

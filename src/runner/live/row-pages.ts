import { LRUCache } from "lru-cache";
import type { Database } from "../../entities/database.ts";
import { JobConsoleEntry, JobLogEntry } from "../../entities/index.ts";
import { HAS_PLACE, type RowKind } from "../../entities/sequences.ts";
import { tellWholeRows } from "../../entities/told-rows.ts";
import type { TailOf } from "./row-tail.ts";

/** Rows that are read at once. */
const PAGE_ROWS = 500;
/** Bytes that are read at once, roughly: long rows come fewer at a time. */
const PAGE_BYTES = 256 * 1024;
/** Rows that a condition is asked of at once: one that few rows fulfil does not keep a connection for as long as a run has lines. */
const TESTED_ROWS = 5000;
/** Pages of one tail that are kept for later followers. */
const KEPT_PAGES = 16;

const MODELS: Record<RowKind, object> = { job_console_entry: JobConsoleEntry, job_log_entry: JobLogEntry };

/** A row with all its columns. */
export type FollowedRow = Record<string, unknown> & { sequence: number };

/** Rows that follow each other: all with a sequence above `from` and up to `to` that are wanted. */
export interface Batch {
  from: number;
  to: number;
  rows: readonly FollowedRow[];
  /** Roughly. */
  bytes: number;
}

/** Reads rows of one run. */
export interface RowPages {
  /** The first rows above `from`, none above `last`; of those, with a condition, only so many are looked at. */
  read(from: number, last: number): Promise<Batch>;
  /** Reads as `read`. Followers that ask at about the same time share one result. */
  page(from: number, last: number): Promise<Batch>;
}

/** Opens the pages of a run's rows. Rows never change, so pages stay valid. */
export function openRowPages(database: Database, { kind, jobResultId, where }: TailOf): RowPages {
  const kept = new LRUCache<number, Promise<Batch>>({ max: KEPT_PAGES });
  const text = kind === "job_log_entry" ? "message" : "text";
  let most = PAGE_ROWS;
  const rowsAfter = (from: number) =>
    database.rows.selectFrom(kind).where("job_result_id", "=", jobResultId).where("sequence", ">", from).where(HAS_PLACE);

  /** Returns the end of a range without a wanted row: the next row may be far away. */
  async function emptyUntil(end: number, last: number): Promise<number> {
    if (end === last) return end;
    const [found] = await database.read(
      rowsAfter(end)
        .select(({ fn }) => fn.min("sequence").as("next"))
        .compile(),
    );
    return Number(found?.next ?? last + 1) - 1;
  }

  async function read(from: number, last: number): Promise<Batch> {
    // Pages of all rows begin at the same places for all, wherever each of them began.
    const limit = where ? most : most - (from % most);
    const end = where ? Math.min(last, from + TESTED_ROWS) : last;
    let query = rowsAfter(from).selectAll().where("sequence", "<=", end);
    if (where) query = query.where(where);
    const found = (await database.read(query.orderBy("sequence").limit(limit).compile())) as FollowedRow[];
    const rows = tellWholeRows(database, MODELS[kind], found);
    const bytes = rows.reduce((sum, row) => sum + 200 + (row[text] as string).length, 0);
    if (rows.length > 0) most = Math.max(1, Math.min(PAGE_ROWS, Math.floor((PAGE_BYTES * rows.length) / bytes)));
    const to = rows.length < limit ? await emptyUntil(end, last) : rows.at(-1)!.sequence;
    return { from, to, rows, bytes };
  }

  return {
    read,
    page(from, last) {
      let page = kept.get(from);
      if (!page) {
        page = read(from, last);
        kept.set(from, page);
        page.catch(() => kept.delete(from));
      }
      return page;
    },
  };
}

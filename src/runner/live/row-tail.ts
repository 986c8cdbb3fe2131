import type { Expression, SqlBool } from "kysely";
import { FINAL_STATUSES } from "../../entities/choices.ts";
import type { Database } from "../../entities/database.ts";
import { lastSequenceOf, type RowKind } from "../../entities/sequences.ts";
import type { Broker } from "../messaging/broker.ts";
import type { Family } from "../messaging/notifier.ts";
import { watch } from "../messaging/watch.ts";
import { createCalls } from "./calls.ts";
import { type Batch, openRowPages } from "./row-pages.ts";

/** After a lost notification, the next look comes after this long. */
const SAFETY_MS = 5000;
/** Bytes of rows that stay for those who are a little behind, roughly. */
const RECENT_BYTES = 512 * 1024;
/** Longest pause between two reads, and how many followers make it a millisecond longer. */
const MAX_PAUSE_MS = 20;
const FOLLOWERS_A_MS = 10;

/** Followed rows of a run. */
export interface TailOf {
  kind: RowKind;
  jobResultId: string;
  /** Condition of the rows; all when absent. */
  where: Expression<SqlBool> | undefined;
}

/** The end of a run's rows, read once for all of its followers. */
export interface RowTail {
  /**
   * The batch after a cursor: undefined when it is still to come, null when there will be none. Followers at the same place are given the
   * same object.
   */
  after(cursor: number): Promise<Batch> | Batch | null | undefined;
  /** Is called with every change until the returned function is. */
  onMore(wake: () => void): () => void;
  close(): void;
}

const FAMILIES: Record<RowKind, Family> = { job_log_entry: "lines", job_console_entry: "console" };

/** Follows a run's rows until it has settled and all are read. @param followers how many there are now. */
export function openRowTail(deps: { database: Database; broker: Broker }, of: TailOf, followers: () => number): RowTail {
  const { database, broker } = deps;
  const { kind, jobResultId } = of;
  const pages = openRowPages(database, of);
  const wake = createCalls();
  const recent: Batch[] = [];
  let recentBytes = 0;
  /** All rows up to this sequence were read, or were there before anybody followed. */
  let head: number | undefined;
  let isOver = false;
  let failure: { error: unknown } | undefined;

  const lastOne = lastSequenceOf(database.rows, kind, jobResultId);
  const status = database.rows
    .selectFrom("job_result")
    .select(["status", lastOne.as("last")])
    .where("id", "=", jobResultId)
    .compile();

  /** Reads the new rows. The status is read before the rows: when it is final, no later rows will come. */
  async function look(): Promise<boolean> {
    try {
      const [run] = await database.read(status);
      const last = Number(run?.last ?? 0);
      head ??= last;
      while (head < last) {
        const batch = await pages.read(head, last);
        head = batch.to;
        keep(batch);
        wake.all();
      }
      isOver = !run || FINAL_STATUSES.includes(run.status);
    } catch (error) {
      failure = { error };
    }
    wake.all();
    return !isOver && !failure;
  }

  /** Keeps a batch without a gap before it: a follower at its beginning finds the next rows here. */
  function keep(batch: Batch): void {
    const before = recent.at(-1);
    if (before && batch.rows.length === 0) return void recent.splice(-1, 1, { ...before, to: batch.to });
    recent.push(batch);
    recentBytes += batch.bytes;
    while (recentBytes > RECENT_BYTES && recent.length > 1) recentBytes -= recent.shift()!.bytes;
  }

  const watching = watch({
    notifications: [
      (notify) => broker.listen(`${FAMILIES[kind]}:${jobResultId}`, notify),
      (notify) => broker.listen(`result:${jobResultId}`, notify),
    ],
    look,
    safetyMs: SAFETY_MS,
    // The more follow, the longer a batch is put off: each is sent to them all.
    pauseMs: () => Math.min(MAX_PAUSE_MS, followers() / FOLLOWERS_A_MS),
  });

  return {
    after(cursor) {
      if (failure) throw failure.error;
      if (head === undefined) return undefined;
      if (cursor >= head) return isOver ? null : undefined;
      const batch = recent.find(({ from, to }) => from <= cursor && cursor < to);
      if (!batch) return pages.page(cursor, recent[0]?.from ?? head);
      return batch.from === cursor ? batch : { ...batch, from: cursor, rows: batch.rows.filter((row) => row.sequence > cursor) };
    },
    onMore: wake.add,
    close: () => void watching.close(),
  };
}

import type { Statement } from "better-sqlite3";
import { TooManyBytes } from "../read-refusals.ts";

/** Rows as SQLite gives them. */
export type Rows = Record<string, unknown>[];

/** Bytes of a value that is no text. */
const VALUE_BYTES = 8;

/** Bytes of a batch, roughly. */
const BATCH_BYTES = 1 << 18;

/**
 * Yields the rows of a statement, counted while they are read.
 * @throws TooManyBytes as soon as they have more than `maxBytes`.
 */
export function* readBatches(statement: Statement, parameters: readonly unknown[], maxBytes = Infinity): Generator<Rows> {
  let batch: Rows = [];
  let bytes = 0;
  let before = 0;
  for (const row of statement.iterate(...parameters) as IterableIterator<Record<string, unknown>>) {
    for (const name in row) bytes += sizeOf(row[name]);
    if (bytes > maxBytes) throw new TooManyBytes(maxBytes);
    batch.push(row);
    if (bytes - before < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    before = bytes;
  }
  yield batch;
}

const sizeOf = (value: unknown) => (typeof value === "string" ? value.length : VALUE_BYTES);

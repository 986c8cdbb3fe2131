import { setImmediate, setTimeout as delay } from "node:timers/promises";

/** Pause between two small transactions: rows of all runs that come meanwhile share the next one. */
const INTERVAL_MS = 5;
/** Rows in one transaction. On SQLite a transaction blocks this thread, so it must stay short. */
const MAX_ROWS = 1000;
/** With this many rows there is no pause: somebody has a lot to say. */
const MANY_ROWS = 200;

interface Waiting<Row> {
  rows: readonly Row[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Makes one transaction of what many append at about the same time. Memory is bounded by the callers: each waits for what it appended.
 * @param store writes rows in one transaction.
 * @param onStored hears of each run whose rows were stored.
 * @returns what resolves once the rows are stored, and rejects when they could not be.
 */
export function createBatchWriter<Row extends { job_result_id: string }>(
  store: (rows: readonly Row[]) => Promise<void>,
  onStored: (jobResultId: string) => void,
): (rows: readonly Row[]) => Promise<void> {
  let waiting: Waiting<Row>[] = [];
  let writing = false;

  function takeBatch(): Waiting<Row>[] {
    let rows = 0;
    const end = waiting.findIndex((item) => (rows += item.rows.length) > MAX_ROWS);
    // One item alone may be larger than a batch.
    return end === -1 ? waiting.splice(0) : waiting.splice(0, Math.max(1, end));
  }

  async function write(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const started = performance.now();
      const batch = takeBatch();
      const rows = batch.flatMap((item) => item.rows);
      try {
        await store(rows);
        for (const item of batch) item.resolve();
        for (const id of new Set(batch.map((item) => item.rows[0]!.job_result_id))) onStored(id);
      } catch (error) {
        for (const item of batch) item.reject(error);
      }
      const rest = INTERVAL_MS - (performance.now() - started);
      await (rows.length >= MANY_ROWS || rest <= 0 ? setImmediate() : delay(rest));
    }
    writing = false;
  }

  return (rows) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ rows, resolve, reject });
      if (!writing) void write();
    });
}

import { setImmediate, setTimeout as delay } from "node:timers/promises";
import type { Hold } from "../../entities/database.ts";
import type { Recorder } from "./recorder.ts";

/** Pause between two small transactions: rows of all runs that come meanwhile share the next one. */
const INTERVAL_MS = 5;
/** Rows in one transaction. On SQLite a transaction blocks this thread, so it must stay short. */
const MAX_ROWS = 1000;
/** With this many rows there is no pause: somebody has a lot to say. */
const MANY_ROWS = 200;

/** Error for rows of a run that are not stored: another worker has taken the run over, or it has ended. */
export class RunLost extends Error {
  override readonly name = "RunLost";

  constructor(jobResultId: string) {
    super(`The run ${jobResultId} is no longer this worker's: it was taken over, or it has ended.`);
  }
}

/** Rows that a run appends together, and the hold on it; a test's run needs no hold. */
interface Item<Row> {
  jobResultId: string;
  hold: Hold | undefined;
  rows: readonly Row[];
}

interface Waiting<Row> extends Item<Row> {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Makes one transaction of the rows that many runs append at about the same time, and repeats it while the database is away. Memory is bounded by the callers:
 * each waits for its own rows.
 * @param store writes rows in one transaction. Returns the ids of the runs that are no longer held.
 * @param onStored is called with each run whose rows were stored.
 * @returns a function whose promise resolves once the rows are stored. It rejects with {@link RunLost} when the run is no longer held, or when its rows cannot
 * be stored.
 */
export function createBatchWriter<Row>(
  store: (rows: readonly Row[], holds: readonly Hold[]) => Promise<readonly string[]>,
  onStored: (jobResultId: string) => void,
  { record }: Recorder,
): (item: Item<Row>) => Promise<void> {
  let waiting: Waiting<Row>[] = [];
  let writing = false;

  function takeBatch(): Waiting<Row>[] {
    let rows = 0;
    const end = waiting.findIndex((item) => (rows += item.rows.length) > MAX_ROWS);
    // A single item may be larger than a batch.
    return end === -1 ? waiting.splice(0) : waiting.splice(0, Math.max(1, end));
  }

  async function writeBatch(batch: readonly Waiting<Row>[]): Promise<void> {
    const rows = batch.flatMap((item) => item.rows);
    const holds = new Map(batch.flatMap(({ jobResultId, hold }) => (hold ? [[jobResultId, hold]] : [])));
    try {
      const lost = new Set(await record(() => store(rows, [...holds.values()])));
      for (const { jobResultId, resolve, reject } of batch) {
        if (lost.has(jobResultId)) reject(new RunLost(jobResultId));
        else resolve();
      }
      for (const id of new Set(batch.map((item) => item.jobResultId))) if (!lost.has(id)) onStored(id);
    } catch (error) {
      // A row that cannot be stored is nothing for other runs to fail for.
      if (batch.length > 1) for (const item of batch) await writeBatch([item]);
      else batch[0]!.reject(error);
    }
  }

  async function write(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const started = performance.now();
      const batch = takeBatch();
      await writeBatch(batch);
      const rest = INTERVAL_MS - (performance.now() - started);
      const isMany = batch.reduce((sum, item) => sum + item.rows.length, 0) >= MANY_ROWS;
      await (isMany || rest <= 0 ? setImmediate() : delay(rest));
    }
    writing = false;
  }

  return (item) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ ...item, resolve, reject });
      if (!writing) void write();
    });
}

import { setImmediate, setTimeout as delay } from "node:timers/promises";
import type { Hold, RunRow } from "../../entities/database.ts";
import { newId } from "../../entities/new-id.ts";
import type { Broker } from "../messaging/broker.ts";
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

/**
 * Stores rows of one run. Resolves once they are stored and their followers are notified, however long the database is away.
 * Rejects with {@link RunLost} when the run is no longer held, or when its rows cannot be stored.
 */
export type Append<Said> = (said: readonly Said[]) => Promise<void>;

/** Stores rows of one kind, of all runs of this process, in batches. */
export interface RowWriter<Said> {
  /**
   * Returns a function that appends rows to a run.
   * @param hold of the run, without which nothing is stored.
   * @param after sequence of the run's last row; 0 for a new run.
   */
  open(hold: Hold, after: number): Append<Said>;
}

interface Waiting<Row> {
  hold: Hold;
  rows: readonly Row[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Gives rows their id, run and sequence, makes one transaction of the rows that many runs append at about the same time, and repeats it while the database
 * is away. Memory is bounded by the callers: each waits for its own rows.
 * @param store writes rows in one transaction. Returns the ids of the runs that are no longer held.
 * @param family of the topics that tell of stored rows.
 */
export function createRowWriter<Said extends object>(
  store: (rows: readonly (RunRow & Said)[], holds: readonly Hold[]) => Promise<readonly string[]>,
  family: "console" | "lines",
  { broker, recorder }: { broker: Broker; recorder: Recorder },
): RowWriter<Said> {
  type Batch = readonly Waiting<RunRow & Said>[];
  let waiting: Waiting<RunRow & Said>[] = [];
  let writing = false;

  function takeBatch(): Batch {
    let rows = 0;
    const end = waiting.findIndex((item) => (rows += item.rows.length) > MAX_ROWS);
    // A single item may be larger than a batch.
    return end === -1 ? waiting.splice(0) : waiting.splice(0, Math.max(1, end));
  }

  async function writeBatch(batch: Batch): Promise<void> {
    const rows = batch.flatMap((item) => item.rows);
    const holds = new Map(batch.map(({ hold }) => [hold.job_result_id, hold]));
    try {
      const lost = new Set(await recorder.record(() => store(rows, [...holds.values()])));
      for (const { hold, resolve, reject } of batch) {
        if (lost.has(hold.job_result_id)) reject(new RunLost(hold.job_result_id));
        else resolve();
      }
      for (const id of holds.keys()) if (!lost.has(id)) broker.notify(`${family}:${id}`);
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

  return {
    open(hold, after) {
      let sequence = after;
      const { job_result_id } = hold;
      return (said) =>
        new Promise((resolve, reject) => {
          const rows = said.map((row) => ({ ...row, id: newId(), job_result_id, sequence: ++sequence }));
          waiting.push({ hold, rows, resolve, reject });
          if (!writing) void write();
        });
    },
  };
}

import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { newId } from "../entities/new-id.ts";
import type { Database, LineRow } from "../entities/database.ts";
import type { Broker } from "./broker.ts";
import type { SaidLine } from "./sandbox.ts";

/** Pause between two small transactions: lines of all runs that come meanwhile share the next one. */
const INTERVAL_MS = 5;
/** Lines in one transaction. On SQLite a transaction blocks this thread, so it must stay short. */
const MAX_LINES = 1000;
/** With this many lines there is no pause: somebody has a lot to say. */
const MANY_LINES = 200;

/** The lines of one run on their way into the database. */
export interface RunLines {
  /** Resolves once the batch is stored and its followers were rung; rejects when it could not be stored. */
  append(batch: readonly SaidLine[]): Promise<void>;
}

/** Stores the lines of all runs of this process, in batches. */
export interface LogWriter {
  /** @param after sequence of the run's last line; 0 for a new run. */
  open(jobResultId: string, after?: number): RunLines;
}

/** Sequence of a run's last line; 0 for none. */
export async function lastSequence(database: Database, jobResultId: string): Promise<number> {
  const last = await database.rows
    .selectFrom("job_log_entry")
    .select((eb) => eb.fn.max("sequence").as("sequence"))
    .where("job_result_id", "=", jobResultId)
    .executeTakeFirst();
  return Number(last?.sequence ?? 0);
}

interface Waiting {
  rows: LineRow[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Gives lines their sequence and id, and writes them. Memory is bounded by its callers: each waits for what it appended. */
export function createLogWriter({ database, broker }: { database: Database; broker: Broker }): LogWriter {
  let waiting: Waiting[] = [];
  let writing = false;

  function takeBatch(): Waiting[] {
    let lines = 0;
    const end = waiting.findIndex((item) => (lines += item.rows.length) > MAX_LINES);
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
        await database.appendLines(rows);
        for (const item of batch) item.resolve();
        for (const id of new Set(batch.map((item) => item.rows[0]!.job_result_id))) broker.notify(`lines:${id}`);
      } catch (error) {
        for (const item of batch) item.reject(error);
      }
      const rest = INTERVAL_MS - (performance.now() - started);
      await (rows.length >= MANY_LINES || rest <= 0 ? setImmediate() : delay(rest));
    }
    writing = false;
  }

  return {
    open(jobResultId, after = 0) {
      let sequence = after;
      return {
        append(batch) {
          const rows = batch.map((line) => ({
            id: newId(),
            job_result_id: jobResultId,
            sequence: ++sequence,
            log_level: line.level,
            grouping: line.grouping,
            message: line.message,
            created: new Date(line.created).toISOString(),
            log_object: line.object,
            absolute_url: line.url,
          }));
          return new Promise<void>((resolve, reject) => {
            waiting.push({ rows, resolve, reject });
            if (!writing) void write();
          });
        },
      };
    },
  };
}

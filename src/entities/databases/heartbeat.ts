import { once } from "node:events";
import { hostname } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";

/** Signs of life of a worker. */
export interface Heartbeat {
  /** Ends them, and takes the worker's row away; resolves without that when the database is away. */
  close(): Promise<void>;
}

/** Data that the thread is started with. */
export interface HeartbeatData {
  /** Path of a SQLite database, or URL of one on PostgreSQL. */
  database: { file: string } | { url: string };
  worker: { id: string; host: string; pid: number; started: string };
  everyMs: number;
}

/** How long the thread may take to say goodbye, in milliseconds. */
const GOODBYE_MS = 1000;

/** Beside this file, as source or as built. */
const ENTRY = new URL(`./heartbeat-thread${extname(import.meta.url)}`, import.meta.url);

/** Bounds of a thread that does next to nothing, in MiB; without them its heap grows at leisure. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 };

/**
 * Writes a worker's row, and lets its `beats` grow every so often, from a thread with its own connection: nothing that holds up this one can make
 * the worker look dead. Resolves after the first sign of life.
 */
export async function keepAlive(database: HeartbeatData["database"], id: string, everyMs: number): Promise<Heartbeat> {
  const worker = { id, host: hostname(), pid: process.pid, started: new Date().toISOString() };
  const thread = new Worker(ENTRY, {
    workerData: { database, worker, everyMs } satisfies HeartbeatData,
    resourceLimits: LIMITS,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  await once(thread, "message");
  thread.unref();
  return {
    async close() {
      const gone = once(thread, "exit");
      thread.postMessage("close");
      const late = setTimeout(() => void thread.terminate(), GOODBYE_MS);
      await gone;
      clearTimeout(late);
    },
  };
}

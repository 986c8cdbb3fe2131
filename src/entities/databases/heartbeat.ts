import { once } from "node:events";
import { hostname } from "node:os";
import { extname } from "node:path";
import { MessageChannel, type MessagePort, SHARE_ENV, Worker } from "node:worker_threads";

/** Signs of life of a worker. */
export interface Heartbeat {
  /** Ends them, and takes the worker's row away; resolves without that when the database is away. */
  close(): Promise<void>;
}

/** Message that has the thread give signs of life of one more worker. */
export interface HeartbeatData {
  /** Path of a SQLite database, or URL of one on PostgreSQL. */
  database: { file: string } | { url: string };
  worker: { id: string; host: string; pid: number; started: string };
  everyMs: number;
  /** Tells the first sign of life, or why there is none; a message from the other end asks for the last. */
  port: MessagePort;
}

/** First message of the thread about a worker. */
export type FirstSign = { alive: true } | { error: Error };

/** Milliseconds that the thread has to say goodbye. */
const GOODBYE_MS = 1000;

/** Beside this file, as source or as built. */
const ENTRY = new URL(`./heartbeat-thread${extname(import.meta.url)}`, import.meta.url);

/** Bounds of a thread that does next to nothing, in MiB; without them its heap grows at leisure. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 };

// The thread for all workers of a process: it costs as much processor time as the rest of a start. It stays, and keeps no process alive.
let thread: Worker | undefined;

function startThread(): Worker {
  const started = new Worker(ENTRY, {
    resourceLimits: LIMITS,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: SHARE_ENV,
  });
  started.unref();
  return started;
}

/**
 * Writes a worker's row, and lets its `beats` grow every so often, from a thread with its own connection: nothing that holds up this one can make
 * the worker look dead. Resolves after the first sign of life.
 */
export async function keepAlive(database: HeartbeatData["database"], id: string, everyMs: number): Promise<Heartbeat> {
  const worker = { id, host: hostname(), pid: process.pid, started: new Date().toISOString() };
  const { port1: port, port2 } = new MessageChannel();
  thread ??= startThread();
  thread.postMessage({ database, worker, everyMs, port: port2 } satisfies HeartbeatData, [port2]);
  const [first] = (await once(port, "message")) as [FirstSign];
  if ("error" in first) throw first.error;
  port.unref();
  return {
    async close() {
      const gone = once(port, "close");
      port.ref();
      port.postMessage("close");
      const late = setTimeout(() => port.close(), GOODBYE_MS);
      await gone;
      clearTimeout(late);
    },
  };
}

import { setTimeout as delay } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { isPassing } from "../faults.ts";
import type { FirstSign, HeartbeatData } from "./heartbeat.ts";

/** Runs statements with parameters as `$1`. */
interface Connection {
  run(statement: string, values: unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** A connection may take this long to come, and a statement to answer, in milliseconds. */
const TIMEOUT_MS = 5000;

/** Pause after a sign of life that failed, in milliseconds. */
const AGAIN_MS = 500;

async function connectSqlite(file: string, everyMs: number): Promise<Connection> {
  const { default: Sqlite } = await import("better-sqlite3");
  const connection = new Sqlite(file, { timeout: Math.min(everyMs, TIMEOUT_MS) });
  return {
    run: async (statement, values) => connection.prepare(statement.replaceAll(/\$\d/g, "?")).run(...values),
    close: async () => void connection.close(),
  };
}

async function connectPostgresql(url: string): Promise<Connection> {
  const { Client } = await import("pg");
  const { connectionOf } = await import("./postgresql/connection.ts");
  const client = new Client({
    ...connectionOf(url, "jobgraph heartbeat"),
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  // The next statement fails, and tells.
  client.on("error", () => undefined);
  await client.connect();
  return {
    run: (statement, values) => client.query(statement, values),
    close: () => client.end(),
  };
}

const BEAT = `insert into worker (id, host, pid, started, beats) values ($1, $2, $3, $4, 0)
  on conflict (id) do update set beats = worker.beats + 1`;

async function keepAlive({ database, worker, everyMs, port }: HeartbeatData): Promise<void> {
  const connect = () => ("file" in database ? connectSqlite(database.file, everyMs) : connectPostgresql(database.url));
  const closing = new AbortController();
  port.on("message", () => closing.abort());
  const say = (first: FirstSign) => port.postMessage(first);
  let connection: Connection | undefined;
  let isAlive = false;

  /** @returns how long to wait until the next, in milliseconds. */
  async function beat(): Promise<number> {
    try {
      connection ??= await connect();
      await connection.run(BEAT, [worker.id, worker.host, worker.pid, worker.started]);
      if (!isAlive) say({ alive: true });
      isAlive = true;
      return everyMs;
    } catch (error) {
      // Before the first sign of life somebody waits, and is told.
      if (!isAlive && !isPassing(error)) {
        say({ error: error as Error });
        closing.abort();
      }
      // The database is away: a new connection is tried the next time.
      await connection?.close().catch(() => undefined);
      connection = undefined;
      return Math.min(everyMs, AGAIN_MS);
    }
  }

  while (!closing.signal.aborted) {
    const pauseMs = await beat();
    await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
  }
  await connection?.run("delete from worker where id = $1", [worker.id]).catch(() => undefined);
  await connection?.close().catch(() => undefined);
  port.close();
}

parentPort!.on("message", (data: HeartbeatData) => void keepAlive(data));

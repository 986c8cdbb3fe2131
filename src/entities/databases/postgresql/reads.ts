import { setTimeout as delay } from "node:timers/promises";
import type { CompiledQuery } from "kysely";
import { Pool, type PoolClient } from "pg";
import type { ReadBounds } from "../../database.ts";
import { createLane } from "../lane.ts";
import { cancelStatement } from "./cancel.ts";
import { createJudge } from "./judge.ts";
import { createNames, Reading, ReadingClient } from "./reading.ts";
import type { Row } from "./rows.ts";
import type { ReadLimits } from "../read-limits.ts";
import { laneIsFull, tookTooLong, TooManyBytes } from "../read-refusals.ts";
import { watchRead } from "../watch-read.ts";

/** Milliseconds that a read may hold a place among the short ones. A longer read begins again among the long ones. */
const QUICK_MS = 1000;

/** The error of a statement that the server canceled. */
const QUERY_CANCELED = "57014";

/** The error of a server, or of a role, with as many connections as it may have. */
const TOO_MANY_CONNECTIONS = "53300";
const CONNECT_PAUSE_MS = 50;

/** Error that ends a read among the short ones, when it takes longer. */
const NOT_QUICK = new Error("The statement takes longer than was expected.");

/** Reads of clients, on their own connections, so that they keep no writes waiting. */
export interface PostgresqlReads {
  read(statement: CompiledQuery, bounds: ReadBounds): Promise<Row[]>;
  close(): Promise<void>;
}

/** Opens the lanes of reading beside a pool that writes. */
export function openReads(writers: Pool, { readerConnections, statementTimeoutMs }: ReadLimits): PostgresqlReads {
  const { options } = writers;
  const pool = new Pool({
    ...options,
    // It is not enumerable.
    password: options.password,
    Client: ReadingClient,
    max: readerConnections,
    // Also for the statements of a process that is gone.
    options: `${options.options} -c statement_timeout=${statementTimeoutMs}`,
  } as never);
  // A connection that breaks while it is idle has been given up already.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const connections = createLane(readerConnections, statementTimeoutMs);
  const slow = createLane(Math.max(1, Math.floor(readerConnections / 2)), statementTimeoutMs);
  const quickMs = Math.min(QUICK_MS, statementTimeoutMs / 2);
  const nameOf = createNames("read");
  const judge = createJudge();

  /** Runs a statement on a connection, which is given up when it breaks. */
  async function withConnection<T>(bounds: ReadBounds, use: (client: PoolClient) => Promise<T>): Promise<T> {
    const leave = await connections.enter(bounds);
    try {
      const client = await connect(pool, statementTimeoutMs);
      try {
        const result = await use(client);
        client.release();
        return result;
      } catch (error) {
        client.release(isAnswer(error) ? undefined : (error as Error));
        throw error;
      }
    } finally {
      leave();
    }
  }

  /** The outcome of a statement after which the connection is as it was before. */
  type Outcome = { rows: Row[] } | { ended: unknown };

  async function run(
    client: PoolClient,
    statement: CompiledQuery,
    bounds: ReadBounds,
    ms: number,
    late: Error,
  ): Promise<Outcome> {
    if (bounds.signal?.aborted) return { ended: bounds.signal.reason };
    let isOver = false;
    let ended: { reason: unknown; canceled: Promise<void> } | undefined;
    const end = (reason: unknown) => {
      ended ??= { reason, canceled: cancelStatement(client, () => isOver) };
    };
    const { maxBytes = Infinity } = bounds;
    // A row comes whole, however long it is.
    if (maxBytes === 0) return { ended: new TooManyBytes(maxBytes) };
    const text = statement.sql;
    const name = nameOf(text);
    const query = { text, values: statement.parameters as unknown[], ...(name && { name }) };
    const reading = new Reading(query, { bytes: maxBytes, onMore: () => end(new TooManyBytes(maxBytes)) });
    const unwatch = watchRead(bounds, ms, late, end);
    try {
      await reading.by(client);
    } catch (error) {
      // The server's own limit may come first.
      if (!ended && (error as { code?: unknown }).code === QUERY_CANCELED) return { ended: tookTooLong(statementTimeoutMs) };
      if (!isAnswer(error)) throw ended && ended.reason !== NOT_QUICK ? ended.reason : error;
      if (!ended) throw error;
    } finally {
      isOver = true;
      unwatch();
    }
    if (!ended) {
      bounds.onRead?.(reading.bytes);
      return { rows: reading.found };
    }
    // A request that is late would meet the next statement: let it be this one.
    await ended.canceled;
    await client.query("select").catch((error: unknown) => {
      if (!isAnswer(error)) throw error;
    });
    return { ended: ended.reason };
  }

  /** A read that is expected to be short; `NOT_QUICK` when it is not. */
  const readQuick = (statement: CompiledQuery, bounds: ReadBounds) =>
    withConnection(bounds, async (client): Promise<Outcome> => {
      const isSlow = judge.isSlow(statement.sql) ?? (await judge.ask(client, statement.sql, statement.parameters as unknown[]));
      return isSlow ? { ended: NOT_QUICK } : run(client, statement, bounds, quickMs, NOT_QUICK);
    });

  async function readSlow(statement: CompiledQuery, bounds: ReadBounds): Promise<Outcome> {
    const leave = await slow.enter(bounds);
    try {
      const late = tookTooLong(statementTimeoutMs);
      return await withConnection(bounds, (client) => run(client, statement, bounds, statementTimeoutMs, late));
    } finally {
      leave();
    }
  }

  return {
    async read(statement, bounds) {
      let outcome: Outcome = { ended: NOT_QUICK };
      if (!judge.isSlow(statement.sql)) outcome = await readQuick(statement, bounds);
      if ("ended" in outcome && outcome.ended === NOT_QUICK) {
        judge.tookLong(statement.sql);
        outcome = await readSlow(statement, bounds);
      }
      if ("ended" in outcome) throw outcome.ended;
      return outcome.rows;
    },
    close: () => pool.end(),
  };
}

/** Returns a connection, also from a server that has none to give just now. @throws AppError LIMIT_EXCEEDED after a time. */
async function connect(pool: Pool, maxWaitMs: number): Promise<PoolClient> {
  for (const end = performance.now() + maxWaitMs; ; await delay(CONNECT_PAUSE_MS)) {
    try {
      return await pool.connect();
    } catch (error) {
      if ((error as { code?: unknown }).code !== TOO_MANY_CONNECTIONS) throw error;
      if (performance.now() > end) throw laneIsFull();
    }
  }
}

/** Tells whether an error is one that the server answered with: the connection goes on. */
const isAnswer = (error: unknown) => (error as { severity?: unknown }).severity === "ERROR";

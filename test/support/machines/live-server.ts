import { pino } from "pino";
import { onTestFinished } from "vitest";
import WebSocket from "ws";
import { letAdministratorIn } from "../../../src/access/administrator.ts";
import { createAuthenticator } from "../../../src/access/authenticate.ts";
import { type Config, loadConfig } from "../../../src/config.ts";
import { type Database, openDatabase } from "../../../src/entities/database.ts";
import { createMemoryBroker } from "../../../src/runner/messaging/brokers/memory.ts";
import { type Runner, systemClock } from "../../../src/runner/index.ts";
import { createFeedFollowers } from "../../../src/runner/live/follow-feed.ts";
import { createRowFollowers } from "../../../src/runner/live/follow-rows.ts";
import { createStateFollowers } from "../../../src/runner/live/follow-state.ts";
import { type Append, createRowWriter } from "../../../src/runner/outputs/row-writer.ts";
import { ownLine } from "../../../src/runner/sandbox/own-line.ts";
import type { SaidLine } from "../../../src/runner/sandbox/sandbox.ts";
import { createNotifier, type Notifier } from "../../../src/runner/messaging/notifier.ts";
import { openServer } from "../../../src/server/server.ts";
import { KEY } from "../app.ts";
import { freshDatabaseUrl } from "../database.ts";
import { recorder } from "../recorder.ts";
import { storeHeldRun } from "../rows.ts";

/** A server that runs no jobs: its test writes the output of runs, and sees the listeners. */
export interface LiveServer {
  /** URL of the server, without a path. */
  url: string;
  database: Database;
  notifier: Notifier;
  /** Tails that are open, of all kinds. */
  tails(): number;
  /** Statements that were read so far. */
  reads(): number;
  /** Stores a run that has not ended. @returns its id. */
  startRun(): Promise<string>;
  /** Appends lines `line FROM` to `line TO`, all said at the same moment. */
  say(jobResultId: string, from: number, to: number): Promise<void>;
  /** A run's last word. */
  end(jobResultId: string): Promise<void>;
}

/** The moment at which all lines are said. */
const FROZEN = Date.UTC(2026, 0, 1);

/** Settings that a test has otherwise. */
export interface LiveServerOptions {
  limits?: Partial<Config>;
  /** The database that operations read from. */
  reading?: (database: Database) => Database;
}

/** Opens a server that is closed when the test is over. */
export async function openLiveServer({
  limits = {},
  reading = (database) => database,
}: LiveServerOptions = {}): Promise<LiveServer> {
  const database = await openDatabase(await freshDatabaseUrl());
  await letAdministratorIn(database, KEY);
  let reads = 0;
  const counted: Database = {
    ...database,
    read(statement, bounds) {
      reads += 1;
      return database.read(statement, bounds);
    },
  };
  const notifier = createNotifier();
  const broker = createMemoryBroker(notifier);
  const followers = { database: counted, broker };
  const follow = createRowFollowers(followers);
  const followState = createStateFollowers(followers);
  const followFeed = createFeedFollowers(followers);
  const server = await openServer({
    database: reading(counted),
    runner: { follow, followState, followFeed, changed: async () => undefined } as unknown as Runner,
    authenticate: createAuthenticator(database, 60_000),
    limits: {
      ...loadConfig({}),
      maxStreamsPerUser: 10_000,
      maxSubscriptionsPerUser: 100_000,
      maxUnreadBytesPerUser: 2 ** 30,
      ...limits,
    },
    browsers: loadConfig({}),
    userOf: () => Promise.reject(new Error("Nobody comes from elsewhere.")),
    audit: () => undefined,
    clock: systemClock,
    log: pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
  });
  onTestFinished(async () => {
    await server.close();
    await database.close();
  });
  const writer = createRowWriter<SaidLine>(database.appendLines, "lines", { broker, recorder });
  const logs = new Map<string, Append<SaidLine>>();

  return {
    url: server.url,
    database,
    notifier,
    tails: () => follow.tails.size + followState.tails.size + followFeed.tails.size,
    reads: () => reads,
    async startRun() {
      const hold = await storeHeldRun(database);
      logs.set(hold.job_result_id, writer.open(hold, 0));
      return hold.job_result_id;
    },
    say(jobResultId, from, to) {
      return logs.get(jobResultId)!(Array.from({ length: to - from + 1 }, (_, n) => ownLine("INFO", `line ${from + n}`, FROZEN)));
    },
    async end(jobResultId) {
      await database.rows
        .updateTable("job_result")
        .set({ status: "SUCCESS", date_done: new Date(FROZEN).toISOString() })
        .where("id", "=", jobResultId)
        .execute();
      broker.notify(`result:${jobResultId}`);
    },
  };
}

/** Opens a WebSocket that has authenticated. Passes on each later message, as it came. */
export async function openSocket(url: string, onMessage: (message: string) => void = () => undefined): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  onTestFinished(() => socket.terminate());
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => socket.send(message("connection_init", undefined, { Authorization: `Token ${KEY}` })));
    socket.once("message", () => resolve());
    socket.once("close", (code, reason) => reject(new Error(`closed with ${code} ${String(reason)}`)));
    socket.on("error", reject);
  });
  socket.on("message", (data: Buffer) => onMessage(data.toString()));
  return socket;
}

/** A message of the protocol `graphql-transport-ws`. */
export const message = (type: string, id?: string, payload?: object) => JSON.stringify({ id, type, payload });

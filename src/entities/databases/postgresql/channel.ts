import { setTimeout as delay } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import { type Channel, CHANNEL_PACE, type ChannelListener } from "../../channel.ts";

/** Name of the channel; PostgreSQL has one of this name in each database. */
const NAME = "jobgraph";

const { timeoutMs, pauseMs: firstPauseMs, maxPauseMs, tryMs } = CHANNEL_PACE;

/**
 * Opens a channel between the processes that use a database, by LISTEN and NOTIFY on a connection of its own: in a transaction, NOTIFY would hold up all other
 * commits. Resolves after the first attempt to connect; later ones follow for as long as the channel is open.
 */
export async function openChannel(connection: ClientConfig, listener: ChannelListener): Promise<Channel> {
  const closing = new AbortController();
  const tried = Promise.withResolvers<void>();
  let client: Client | undefined;

  async function connect(): Promise<{ fresh: Client; gone: Promise<void> }> {
    const fresh = new Client({
      ...connection,
      keepAlive: true,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    const gone = new Promise<void>((resolve) => fresh.once("end", resolve));
    // The end follows.
    fresh.on("error", () => undefined);
    fresh.on("notification", ({ payload = "" }) => listener.onMessage(payload));
    try {
      await fresh.connect();
      await fresh.query(`listen ${NAME}`);
    } catch (error) {
      void fresh.end().catch(() => undefined);
      throw error;
    }
    return { fresh, gone };
  }

  /** Resolves once a connection is broken. */
  async function whileAlive(fresh: Client, gone: Promise<void>): Promise<void> {
    const isOver = gone.then(() => true);
    for (;;) {
      const pause = new AbortController();
      const waited = delay(tryMs, false, { signal: pause.signal, ref: false }).catch(() => true);
      const over = await Promise.race([isOver, waited]);
      pause.abort();
      if (over) return;
      try {
        await fresh.query("select 1");
      } catch (error) {
        void fresh.end().catch(() => undefined);
        throw error;
      }
    }
  }

  async function stayConnected(): Promise<void> {
    for (let pauseMs: number = firstPauseMs; !closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      try {
        const { fresh, gone } = await connect();
        if (closing.signal.aborted) return await fresh.end();
        client = fresh;
        pauseMs = firstPauseMs;
        listener.onGap();
        tried.resolve();
        await whileAlive(fresh, gone);
      } catch (error) {
        listener.onFailure(error as Error);
        tried.resolve();
      }
      client = undefined;
      await delay(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  }

  const staying = stayConnected();
  await tried.promise;
  return {
    async send(message) {
      if (!client) throw new Error("The channel is not connected.");
      await client.query("select pg_notify($1, $2)", [NAME, message]);
    },
    async close() {
      closing.abort();
      await client?.end().catch(() => undefined);
      await staying;
    },
  };
}

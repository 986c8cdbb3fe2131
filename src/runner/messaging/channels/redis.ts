import type { Channel, ChannelListener } from "../../../entities/database.ts";

/** Name of the channel. Servers of several databases may share it: they find nothing under each other's ids. */
const NAME = "jobgraph";

/** A connection may take this long to come, and one on which nothing happens is tried so often, in milliseconds. */
const TIMEOUT_MS = 5000;
const TRY_MS = 10_000;

/** Pauses between two attempts to connect: the first, and the longest. */
const PAUSE_MS = 50;
const MAX_PAUSE_MS = 5000;

/** Opens a channel over Redis. Resolves after the first attempt to connect; later ones follow for as long as the channel is open. */
export async function openRedisChannel(url: string, listener: ChannelListener): Promise<Channel> {
  // Loaded by those who have a Redis alone.
  const { createClient } = await import("@redis/client");
  const tried = Promise.withResolvers<void>();
  const create = () =>
    createClient({
      url,
      disableOfflineQueue: true,
      pingInterval: TRY_MS,
      socket: {
        connectTimeout: TIMEOUT_MS,
        reconnectStrategy: (attempts) => Math.min(PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS),
      },
    });
  const publisher = create();
  // A connection that listens sends nothing else.
  const subscriber = create();
  publisher.on("error", () => undefined);
  subscriber.on("error", (error: Error) => {
    listener.onFailure(error);
    tried.resolve();
  });
  let isSubscribed = false;
  // Both, since who hears again may look, and who sends again has messages that wait.
  const connectedAgain = () => {
    if (isSubscribed && publisher.isReady && subscriber.isReady) listener.onGap();
  };
  publisher.on("ready", connectedAgain);
  subscriber.on("ready", connectedAgain);
  async function connect(): Promise<void> {
    await Promise.all([publisher.connect(), subscriber.connect()]);
    await subscriber.subscribe(NAME, listener.onMessage);
    isSubscribed = true;
    listener.onGap();
  }
  // It gives up when the channel is closed.
  void connect()
    .catch(() => undefined)
    .finally(tried.resolve);
  await tried.promise;
  return {
    async send(message) {
      await publisher.publish(NAME, message);
    },
    async close() {
      for (const client of [publisher, subscriber]) if (client.isOpen) client.destroy();
    },
  };
}

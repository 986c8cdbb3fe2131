import { type Channel, CHANNEL_PACE, type ChannelListener } from "../../../entities/channel.ts";

/** Name of the channel. Servers of several databases may share it: they find nothing under each other's ids. */
const NAME = "jobgraph";

const { timeoutMs, pauseMs, maxPauseMs, tryMs } = CHANNEL_PACE;

/** Opens a channel over Redis. Resolves after the first attempt to connect; later ones follow for as long as the channel is open. */
export async function openRedisChannel(url: string, listener: ChannelListener): Promise<Channel> {
  // Loaded by those who have a Redis alone.
  const { createClient } = await import("@redis/client");
  const tried = Promise.withResolvers<void>();
  const create = () =>
    createClient({
      url,
      disableOfflineQueue: true,
      pingInterval: tryMs,
      socket: {
        connectTimeout: timeoutMs,
        reconnectStrategy: (attempts) => Math.min(pauseMs * 2 ** attempts, maxPauseMs),
      },
    });
  const publisher = create();
  // A connection that listens sends nothing else.
  const subscriber = create();
  let isSubscribed = false;
  function fail(error: Error): void {
    listener.onFailure(error);
    tried.resolve();
  }
  /** Waits for both: who hears again may look, and who sends again has messages that wait. */
  async function listen(): Promise<void> {
    if (!publisher.isReady || !subscriber.isReady) return;
    // From then on the client subscribes again by itself.
    if (!isSubscribed) await subscriber.subscribe(NAME, listener.onMessage);
    isSubscribed = true;
    listener.onGap();
    tried.resolve();
  }
  publisher.on("error", () => undefined);
  subscriber.on("error", fail);
  // They try until the channel is closed.
  for (const client of [publisher, subscriber]) {
    client.on("ready", () => void listen().catch(fail));
    void client.connect().catch(() => undefined);
  }
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

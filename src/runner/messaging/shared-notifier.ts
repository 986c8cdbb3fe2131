import type { Logger } from "pino";
import type { Channel, ChannelListener } from "../../entities/channel.ts";
import { logFailure } from "./log-failure.ts";
import { newId } from "../../entities/new-id.ts";
import { createNotifier, type Notifier, type Topic } from "./notifier.ts";

/** Characters of one message, all of them ASCII: PostgreSQL takes 8,000 bytes. */
const MAX_MESSAGE = 7000;

/** Topics that wait to be sent. Of more, others are only told that there were some. */
const MAX_WAITING = 5000;

/** Stands for more topics than were kept. */
const ALL = "*";

/** A notifier that also notifies, and hears, those of other processes. */
export interface SharedNotifier extends Notifier {
  /** Sends the notifications that wait, if the others can be reached, and hears no more. */
  close(): Promise<void>;
}

/**
 * Opens a notifier over a channel. Listeners of this process are notified at once. Others get the topics that gathered while the last message was under way in
 * one message, without a timer, and each topic once.
 */
export async function openSharedNotifier(
  openChannel: (listener: ChannelListener) => Promise<Channel>,
  log: Logger,
): Promise<SharedNotifier> {
  const own = createNotifier();
  const sender = newId();
  let waiting = new Set<string>();
  let sending: Promise<void> | undefined;
  let isSending = false;
  /** Told once, however many attempts fail. */
  let isAway = false;
  let channel: Channel | undefined;

  function wait(topic: string): void {
    waiting.add(topic);
    if (waiting.size > MAX_WAITING) waiting = new Set([ALL]);
  }

  async function sendWaiting(to: Channel): Promise<void> {
    isSending = true;
    while (waiting.size > 0) {
      const topics = firstOf(waiting);
      for (const topic of topics) waiting.delete(topic);
      try {
        await to.send([sender, ...topics].join("\n"));
      } catch {
        // They wait for the next topic, or until the channel is connected again.
        for (const topic of topics) wait(topic);
        break;
      }
    }
    isSending = false;
  }

  function send(): void {
    if (channel && !isSending) sending = sendWaiting(channel);
  }

  channel = await openChannel({
    onMessage(message) {
      const [from, ...topics] = message.split("\n");
      if (from === sender) return;
      if (topics.includes(ALL)) own.notifyAll();
      else for (const topic of topics) own.notify(topic as Topic);
    },
    onGap() {
      isAway = false;
      own.notifyAll();
      send();
    },
    onFailure(error) {
      if (!isAway) logFailure(log, error, "notifications of other servers cannot be heard");
      isAway = true;
    },
  });

  return {
    notify(topic) {
      own.notify(topic);
      wait(topic);
      send();
    },
    listen: (topic, onNotified) => own.listen(topic, onNotified),
    listenAll: (family, onNotified, onGap) => own.listenAll(family, onNotified, onGap),
    notifyAll: () => own.notifyAll(),
    get listeners() {
      return own.listeners;
    },
    async close() {
      await sending;
      await channel.close();
    },
  };
}

/** Returns as many topics as one message takes. */
function firstOf(waiting: ReadonlySet<string>): string[] {
  const topics: string[] = [];
  let length = 0;
  for (const topic of waiting) {
    length += topic.length + 1;
    if (length > MAX_MESSAGE) break;
    topics.push(topic);
  }
  return topics;
}

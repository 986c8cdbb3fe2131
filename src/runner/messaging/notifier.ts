import { EventEmitter } from "node:events";
import { PubSub } from "graphql-subscriptions";

/** Family of a topic: lines or printed texts of a run, or an object itself. */
export type Family = "change" | "console" | "job" | "lines" | "result" | "schedule";

/** Topic of a notification: a family, with the id of the run or object. The notification has no content; the change is in the database. */
export type Topic = "cancels" | `${Family}:${string}`;

/** Notifications inside one process. */
export interface Notifier {
  notify(topic: Topic): void;
  /** Calls `onNotified` from this moment on, until the returned function is called. */
  listen(topic: Topic, onNotified: () => void): () => void;
  /**
   * Calls `onNotified` for all notifications of a family, with the id of the topic, until the returned function is called.
   * @param onGap is called when notifications may have been lost.
   */
  listenAll(family: Family, onNotified: (id: string) => void, onGap: () => void): () => void;
  /** Says that notifications may have been lost: every listener is to look. */
  notifyAll(): void;
  /** Number of listeners. */
  readonly listeners: number;
}

/** Notifications over `graphql-subscriptions`. */
export function createNotifier(): Notifier {
  const eventEmitter = new EventEmitter();
  eventEmitter.setMaxListeners(0);
  const pubSub = new PubSub({ eventEmitter });
  const listeners = new Set<{ onGap: () => void }>();

  function subscribe(name: string, onNotified: (id: string) => void, onGap: () => void): () => void {
    const listener = { onGap };
    listeners.add(listener);
    const subscription = pubSub.subscribe(name, (id: string) => listeners.has(listener) && onNotified(id));
    return () => {
      if (listeners.delete(listener)) void subscription.then((number) => pubSub.unsubscribe(number));
    };
  }

  return {
    notify(topic) {
      const [family, id = ""] = topic.split(":") as [string, string?];
      void pubSub.publish(topic, id);
      void pubSub.publish(family, id);
    },
    listen: (topic, onNotified) => subscribe(topic, onNotified, onNotified),
    listenAll: subscribe,
    notifyAll() {
      for (const { onGap } of listeners) onGap();
    },
    get listeners() {
      return listeners.size;
    },
  };
}

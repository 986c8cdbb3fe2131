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
  /** Calls `onNotified` for all notifications of a family, with the id of the topic, until the returned function is called. */
  listenAll(family: Family, onNotified: (id: string) => void): () => void;
  /** Number of listeners. */
  readonly listeners: number;
}

/** Notifications over `graphql-subscriptions`. */
export function createNotifier(): Notifier {
  const eventEmitter = new EventEmitter();
  eventEmitter.setMaxListeners(0);
  const pubSub = new PubSub({ eventEmitter });
  let listeners = 0;

  function subscribe(name: string, onNotified: (id: string) => void): () => void {
    let listening = true;
    listeners += 1;
    const subscription = pubSub.subscribe(name, (id: string) => listening && onNotified(id));
    return () => {
      if (!listening) return;
      listening = false;
      listeners -= 1;
      void subscription.then((number) => pubSub.unsubscribe(number));
    };
  }

  return {
    notify(topic) {
      const [family, id = ""] = topic.split(":") as [string, string?];
      void pubSub.publish(topic, id);
      void pubSub.publish(family, id);
    },
    listen: subscribe,
    listenAll: subscribe,
    get listeners() {
      return listeners;
    },
  };
}

import { EventEmitter } from "node:events";
import { PubSub } from "graphql-subscriptions";

/** The name of a bell. What happened is in the database; that something happened is all that a bell says. */
export type Topic = "cancels" | `lines:${string}` | `result:${string}`;

/** Bells inside one process. */
export interface Notifier {
  ring(topic: Topic): void;
  /**
   * Rings from this moment on, however many came between two reads as one. `return()` frees it at once, also while a read is waiting.
   */
  listen(topic: Topic): AsyncIterableIterator<void>;
  /** How many listen now. */
  readonly listeners: number;
}

/** Bells over `graphql-subscriptions`, whose queue per listener is left unused: a listener that is away needs to know of one ring only. */
export function createNotifier(): Notifier {
  const eventEmitter = new EventEmitter();
  eventEmitter.setMaxListeners(0);
  const pubSub = new PubSub({ eventEmitter });
  let listeners = 0;

  return {
    ring: (topic) => void pubSub.publish(topic, undefined),
    get listeners() {
      return listeners;
    },
    listen(topic) {
      let rang = false;
      let done = false;
      let wake: (() => void) | undefined;
      const subscription = pubSub.subscribe(topic, () => {
        rang = true;
        wake?.();
      });
      listeners += 1;
      return {
        async next() {
          if (!rang && !done) await new Promise<void>((resolve) => (wake = resolve));
          rang = false;
          return done ? { done: true, value: undefined } : { done: false, value: undefined };
        },
        async return() {
          if (!done) {
            done = true;
            listeners -= 1;
            pubSub.unsubscribe(await subscription);
          }
          wake?.();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
  };
}

import type { Family, Topic } from "./notifier.ts";

/** A message to a worker: a run and its queue. */
export interface Delivery {
  /** Id of a JobResult. */
  id: string;
  /** Name of a JobQueue. */
  queue: string;
}

/**
 * Carries ids and notifications between processes. Remembers nothing that the database does not already know: lost deliveries and notifications are found
 * again from the rows.
 */
export interface Broker {
  /** Delivers at least once; does nothing while the same id is in flight. */
  enqueue(delivery: Delivery): Promise<void>;
  /** Hands deliveries of these queues to `handle`, at most `concurrency` at a time in all. A delivery whose handler rejects is dropped. Called again, it changes the queues. */
  consume(
    queues: readonly string[],
    handle: (delivery: Delivery) => Promise<void>,
    options: { concurrency: number },
  ): Promise<void>;
  /** Returns the number of workers that take deliveries of each of these queues. */
  countWorkers(queues: readonly string[]): Promise<number[]>;
  /** Notifies listeners here and in every other process. A notification may be lost. Never throws. */
  notify(topic: Topic): void;
  /** Calls `onNotified` from this moment on, also when notifications may have been lost, until the returned function is called. */
  listen(topic: Topic, onNotified: () => void): () => void;
  /**
   * Calls `onNotified` for all notifications of a family, with the id of the topic, until the returned function is called.
   * @param onGap is called when notifications may have been lost.
   */
  listenAll(family: Family, onNotified: (id: string) => void, onGap: () => void): () => void;
  /** Takes no further deliveries, and waits for none; handlers that run go on. */
  stopConsuming(): Promise<void>;
  close(): Promise<void>;
}

import type { Family, Topic } from "./notifier.ts";

/** A message to a worker: a run and its queue. */
export interface Delivery {
  /** Id of a JobResult. */
  id: string;
  /** Name of a JobQueue. */
  queue: string;
}

/**
 * Carries ids and notifications between processes. Remembers nothing that the database does not already know: whatever it loses is found again
 * from the rows.
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
  /** How many workers take deliveries of each of these queues. */
  countWorkers(queues: readonly string[]): Promise<number[]>;
  /** Notifies listeners here and in every other process. A notification may be lost. Never throws. */
  notify(topic: Topic): void;
  /** Calls `onNotified` from this moment on, until the returned function is called. */
  listen(topic: Topic, onNotified: () => void): () => void;
  /** The same for all notifications of a family; `onNotified` gets the id of the topic. */
  listenAll(family: Family, onNotified: (id: string) => void): () => void;
  /** Takes no further deliveries, and waits for none; handlers that run go on. */
  stopConsuming(): Promise<void>;
  close(): Promise<void>;
}

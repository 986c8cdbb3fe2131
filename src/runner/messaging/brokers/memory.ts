import type { Broker, Delivery } from "../broker.ts";
import { createNotifier, type Notifier } from "../notifier.ts";

/**
 * A broker whose deliveries stay in this process: they are an array.
 * @param notifier carries its notifications, to this process alone unless it is a shared one.
 */
export function createMemoryBroker(notifier: Notifier = createNotifier()): Broker {
  const inFlight = new Set<string>();
  let waiting: Delivery[] = [];
  let consumed: ReadonlySet<string> = new Set();
  let handle: ((delivery: Delivery) => Promise<void>) | undefined;
  let free = 0;

  function deliver(): void {
    while (handle && free > 0) {
      const next = waiting.findIndex((delivery) => consumed.has(delivery.queue));
      if (next === -1) return;
      const [delivery] = waiting.splice(next, 1);
      free -= 1;
      void handle(delivery!)
        .catch(() => undefined)
        .finally(() => {
          inFlight.delete(delivery!.id);
          free += 1;
          deliver();
        });
    }
  }

  return {
    async enqueue(delivery) {
      if (inFlight.has(delivery.id)) return;
      inFlight.add(delivery.id);
      waiting.push(delivery);
      // On SQLite a run's start is one turn of this thread. The answer to the run's request needs the thread too, and must not wait for the start.
      setImmediate(deliver);
    },
    async consume(queues, handler, { concurrency }) {
      if (!handle) free = concurrency;
      consumed = new Set(queues);
      handle = handler;
      deliver();
    },
    countWorkers: async (queues) => queues.map((queue) => (handle && consumed.has(queue) ? 1 : 0)),
    notify: (topic) => notifier.notify(topic),
    listen: (topic, onNotified) => notifier.listen(topic, onNotified),
    listenAll: (family, onNotified, onGap) => notifier.listenAll(family, onNotified, onGap),
    async stopConsuming() {
      handle = undefined;
    },
    async close() {
      handle = undefined;
      waiting = [];
    },
  };
}

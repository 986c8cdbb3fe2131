import { expect, onTestFinished, test } from "vitest";
import type { Broker, Delivery } from "../../../src/runner/messaging/broker.ts";

/** The promises of every broker, run against each implementation. */
export function brokerContract(open: () => Promise<Broker>): void {
  async function setup(): Promise<Broker> {
    const broker = await open();
    onTestFinished(() => broker.close());
    return broker;
  }

  /** Takes deliveries and holds each until it is let go. */
  function holdingHandler() {
    const held: (Delivery & { release: () => void })[] = [];
    const arrivals: (() => void)[] = [];
    const handle = (delivery: Delivery) =>
      new Promise<void>((resolve) => {
        held.push({ ...delivery, release: resolve });
        for (const arrived of arrivals.splice(0)) arrived();
      });
    /** Resolves once so many deliveries have arrived in all. */
    const arrived = async (count: number) => {
      while (held.length < count) await new Promise<void>((resolve) => arrivals.push(resolve));
    };
    return { held, handle, arrived };
  }

  test("delivers runs that were enqueued before and after consuming began, in order", async () => {
    const broker = await setup();
    const { held, handle, arrived } = holdingHandler();
    await broker.enqueue({ id: "1", queue: "q" });
    await broker.consume(["q"], handle, { concurrency: 9 });
    await broker.enqueue({ id: "2", queue: "q" });
    await arrived(2);
    expect(held.map(({ id, queue }) => [id, queue])).toEqual([
      ["1", "q"],
      ["2", "q"],
    ]);
  });

  test("keeps to its concurrency over all queues, and to its queues", async () => {
    const broker = await setup();
    const { held, handle, arrived } = holdingHandler();
    await broker.consume(["a", "b"], handle, { concurrency: 2 });
    for (const [id, queue] of [
      ["1", "a"],
      ["x", "other"],
      ["2", "b"],
      ["3", "a"],
    ] as const)
      await broker.enqueue({ id, queue });
    await arrived(2);
    expect(held.map(({ id }) => id)).toEqual(["1", "2"]);
    held[1]!.release();
    await arrived(3);
    expect(held.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  });

  test("ignores an id that is in flight, and takes it again afterwards", async () => {
    const broker = await setup();
    const { held, handle, arrived } = holdingHandler();
    await broker.consume(["q"], handle, { concurrency: 9 });
    await broker.enqueue({ id: "1", queue: "q" });
    await arrived(1);
    await broker.enqueue({ id: "1", queue: "q" });
    await broker.enqueue({ id: "2", queue: "q" });
    await arrived(2);
    expect(held.map(({ id }) => id)).toEqual(["1", "2"]);
    held[0]!.release();
    held[1]!.release();
    await new Promise((resolve) => setImmediate(resolve));
    await broker.enqueue({ id: "1", queue: "q" });
    await arrived(3);
    expect(held.at(-1)!.id).toBe("1");
  });

  test("goes on after a handler that rejects", async () => {
    const broker = await setup();
    const { held, handle, arrived } = holdingHandler();
    await broker.consume(
      ["q"],
      async (delivery) => (delivery.id === "bad" ? Promise.reject(new Error("no")) : handle(delivery)),
      { concurrency: 1 },
    );
    await broker.enqueue({ id: "bad", queue: "q" });
    await broker.enqueue({ id: "good", queue: "q" });
    await arrived(1);
    expect(held[0]!.id).toBe("good");
  });

  test("delivers nothing more once it was told to stop", async () => {
    const broker = await setup();
    const { held, handle, arrived } = holdingHandler();
    await broker.consume(["q"], handle, { concurrency: 1 });
    await broker.enqueue({ id: "1", queue: "q" });
    await broker.enqueue({ id: "2", queue: "q" });
    await arrived(1);
    await broker.stopConsuming();
    held[0]!.release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(held.map(({ id }) => id)).toEqual(["1"]);
  });

  test("counts the workers of each queue", async () => {
    const broker = await setup();
    expect(await broker.countWorkers(["a"])).toEqual([0]);
    await broker.consume(["a", "b"], async () => undefined, { concurrency: 2 });
    expect(await broker.countWorkers(["b", "c", "a"])).toEqual([1, 0, 1]);
    await broker.stopConsuming();
    expect(await broker.countWorkers(["a"])).toEqual([0]);
  });

  test("rings every listener of a topic, from the moment it listens", async () => {
    const broker = await setup();
    const rings: string[] = [];
    const heard = (count: number) => expect.poll(() => rings).toHaveLength(count);
    broker.notify("lines:1");
    for (const [name, topic] of [
      ["one", "lines:1"],
      ["two", "lines:1"],
      ["other", "lines:2"],
    ] as const)
      broker.listen(topic, () => rings.push(name));
    const gap = () => rings.push("gap");
    broker.listenAll("lines", (id) => rings.push(`all ${id}`), gap);
    broker.listenAll("console", (id) => rings.push(`console ${id}`), gap);
    broker.notify("lines:1");
    await heard(3);
    broker.notify("lines:3");
    broker.notify("cancels");
    await heard(4);
    expect(rings.toSorted()).toEqual(["all 1", "all 3", "one", "two"]);
  });

  test("notifies no listener that has stopped", async () => {
    const broker = await setup();
    const rings: string[] = [];
    const stop = broker.listen("lines:1", () => rings.push("stopped"));
    broker.listen("lines:1", () => rings.push("goes on"));
    stop();
    stop();
    broker.notify("lines:1");
    await expect.poll(() => rings).toEqual(["goes on"]);
  });
}

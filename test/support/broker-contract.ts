import { expect, onTestFinished, test } from "vitest";
import type { Broker, Delivery } from "../../src/runner/broker.ts";

/** What every broker promises, run against each implementation. */
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

  test("delivers what was enqueued before and after consuming began, in order", async () => {
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

  test("rings every listener of a topic, from the moment it listens", async () => {
    const broker = await setup();
    broker.notify("lines:1");
    const [one, two, other] = [broker.listen("lines:1"), broker.listen("lines:1"), broker.listen("lines:2")];
    const rings = Promise.all([one.next(), two.next()]);
    broker.notify("lines:1");
    await rings;
    // Many rings that nobody took are one.
    for (let n = 0; n < 5; n++) broker.notify("lines:1");
    await one.next();
    const silent = await Promise.race([one.next(), other.next(), new Promise((resolve) => setImmediate(resolve, "silent"))]);
    expect(silent).toBe("silent");
  });

  test("return() ends a wait at once", async () => {
    const broker = await setup();
    const bell = broker.listen("lines:1");
    const waiting = bell.next();
    await bell.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await bell.next()).toEqual({ done: true, value: undefined });
  });
}

import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { Channel, ChannelListener } from "../../../src/entities/channel.ts";
import { openSharedNotifier, type SharedNotifier } from "../../../src/runner/messaging/shared-notifier.ts";

/** A way between processes, and how to harm it. */
export interface Way {
  openChannel(listener: ChannelListener): Promise<Channel>;
  /** Cuts all connections of channels; they can be opened again. */
  cut(): Promise<void>;
}

const silent = pino({ level: "silent" });

/** The promises of notifications between processes, run against each channel. */
export function sharedNotifierContract(openWay: () => Promise<Way>): void {
  async function setup(count: number): Promise<{ way: Way; notifiers: SharedNotifier[] }> {
    const way = await openWay();
    const notifiers = [];
    for (let n = 0; n < count; n++) {
      const notifier = await openSharedNotifier((listener) => way.openChannel(listener), silent);
      onTestFinished(() => notifier.close());
      notifiers.push(notifier);
    }
    return { way, notifiers };
  }

  test("a notification reaches the listeners of all processes, and those of its own at once and one time", async () => {
    const { notifiers } = await setup(3);
    const rings: string[] = [];
    for (const [n, notifier] of notifiers.entries()) {
      notifier.listen("lines:1", () => rings.push(`${n} one`));
      notifier.listenAll(
        "lines",
        (id) => rings.push(`${n} all ${id}`),
        () => rings.push(`${n} gap`),
      );
    }
    notifiers[0]!.notify("lines:1");
    notifiers[0]!.notify("cancels");
    expect(rings).toEqual(["0 one", "0 all 1"]);
    // What its own process sends comes back to it as well, and before what others answer.
    await expect.poll(() => rings).toHaveLength(6);
    notifiers[1]!.notify("lines:2");
    await expect.poll(() => rings).toHaveLength(9);
    expect(rings.toSorted()).toEqual(
      ["0 all 1", "0 all 2", "0 one", "1 all 1", "1 all 2", "1 one", "2 all 1", "2 all 2", "2 one"].toSorted(),
    );
  });

  test("thousands of topics at once all reach others, or are told together", async () => {
    const { notifiers } = await setup(2);
    const heard = new Set<string>();
    let gaps = 0;
    const listen = () => void (gaps += 1);
    notifiers[1]!.listenAll("result", (id) => heard.add(id), listen);
    for (let n = 0; n < 3000; n++) notifiers[0]!.notify(`result:00000000-0000-0000-0000-${String(n).padStart(12, "0")}`);
    await expect.poll(() => heard.size).toBe(3000);
    expect(gaps).toBe(0);
    for (let n = 0; n < 30_000; n++) notifiers[0]!.notify(`result:${n}`);
    await expect.poll(() => gaps).toBeGreaterThan(0);
    notifiers[0]!.notify("result:last");
    await expect.poll(() => heard.has("last")).toBe(true);
  });

  test("who was cut off looks, and then hears on; notifications from meanwhile are told later", async () => {
    const { way, notifiers } = await setup(2);
    const rings: string[] = [];
    notifiers[1]!.listen("lines:1", () => rings.push("one"));
    notifiers[1]!.listenAll(
      "change",
      (id) => rings.push(id),
      () => rings.push("gap"),
    );
    await way.cut();
    for (const notifier of notifiers) notifier.notify("change:meanwhile");
    await expect.poll(() => rings).toEqual(expect.arrayContaining(["one", "gap", "meanwhile"]));
    // The other end may come back later: it tells then.
    await expect
      .poll(() => {
        notifiers[0]!.notify("change:after");
        return rings;
      })
      .toContain("after");
  });

  test("a process that has closed hears nothing, and disturbs nobody", async () => {
    const { notifiers } = await setup(2);
    const rings: string[] = [];
    notifiers[0]!.listen("lines:1", () => rings.push("closed"));
    notifiers[1]!.listen("lines:1", () => rings.push("open"));
    await notifiers[0]!.close();
    notifiers[1]!.notify("lines:1");
    notifiers[1]!.notify("lines:1");
    await notifiers[1]!.close();
    expect(rings).toEqual(["open", "open"]);
  });
}

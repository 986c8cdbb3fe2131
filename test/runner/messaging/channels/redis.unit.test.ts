import { createClient } from "@redis/client";
import pino from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { createMemoryBroker } from "../../../../src/runner/messaging/brokers/memory.ts";
import { openRedisChannel } from "../../../../src/runner/messaging/channels/redis.ts";
import { openSharedNotifier } from "../../../../src/runner/messaging/shared-notifier.ts";
import { brokerContract } from "../../../support/contracts/broker.ts";
import { sharedNotifierContract } from "../../../support/contracts/shared-notifier.ts";
import { freePort } from "../../../support/machines/free-port.ts";
import { HAS_REDIS, openRedis } from "../../../support/machines/own-redis.ts";

const silent = pino({ level: "silent" });

describe.runIf(HAS_REDIS)("notifications over Redis", () => {
  sharedNotifierContract(async () => {
    const redis = await openRedis();
    return {
      openChannel: (listener) => openRedisChannel(redis.url, listener),
      cut: async () => {
        await redis.stop();
        await redis.start();
      },
    };
  });
});

describe.runIf(HAS_REDIS)("a broker over Redis", () => {
  brokerContract(async () => {
    const { url } = await openRedis();
    const notifier = await openSharedNotifier((listener) => openRedisChannel(url, listener), silent);
    onTestFinished(() => notifier.close());
    return createMemoryBroker(notifier);
  });
});

test.runIf(HAS_REDIS)("a Redis that lets nobody listen is told of, and is heard once it does", async () => {
  const { url } = await openRedis();
  const admin = createClient({ url });
  await admin.connect();
  onTestFinished(() => admin.destroy());
  await admin.sendCommand(["ACL", "SETUSER", "default", "resetchannels"]);
  const failures: string[] = [];
  const heard: string[] = [];
  const channel = await openRedisChannel(url, {
    onMessage: (message) => heard.push(message),
    onGap: () => undefined,
    onFailure: ({ message }) => failures.push(message),
  });
  onTestFinished(() => channel.close());
  expect(failures).toEqual([expect.stringContaining("NOPERM")]);
  await admin.sendCommand(["ACL", "SETUSER", "default", "allchannels"]);
  await admin.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
  await expect
    .poll(async () => {
      await channel.send("heard").catch(() => undefined);
      return heard;
    })
    .toContain("heard");
});

test("without a Redis a process is notified of its own changes, says so once, and can close", async () => {
  const url = `redis://127.0.0.1:${await freePort()}`;
  const logged: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
  const notifier = await openSharedNotifier((listener) => openRedisChannel(url, listener), log);
  const rings: string[] = [];
  notifier.listen("lines:1", () => rings.push("one"));
  notifier.notify("lines:1");
  expect(rings).toEqual(["one"]);
  await notifier.close();
  expect(logged).toEqual(["notifications of other servers cannot be heard; trying again"]);
});

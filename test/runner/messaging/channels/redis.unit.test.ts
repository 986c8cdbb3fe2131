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

import { describe, expect, test } from "vitest";
import { createMemoryBroker } from "../../../../src/runner/messaging/brokers/memory.ts";
import { createNotifier } from "../../../../src/runner/messaging/notifier.ts";
import { brokerContract } from "../../../support/contracts/broker.ts";

describe("memory", () => brokerContract(async () => createMemoryBroker()));

test("a bell that is no longer listened to is gone", async () => {
  const notifier = createNotifier();
  const stops = Array.from({ length: 100 }, () => notifier.listen("lines:1", () => undefined));
  expect(notifier.listeners).toBe(100);
  for (const stop of [...stops, ...stops]) stop();
  expect(notifier.listeners).toBe(0);
});

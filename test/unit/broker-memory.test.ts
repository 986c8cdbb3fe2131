import { describe, expect, test } from "vitest";
import { createMemoryBroker } from "../../src/runner/brokers/memory.ts";
import { createNotifier } from "../../src/runner/notifier.ts";
import { brokerContract } from "../support/broker-contract.ts";

describe("memory", () => brokerContract(async () => createMemoryBroker()));

test("a bell that is no longer listened to is gone", async () => {
  const notifier = createNotifier();
  const bells = Array.from({ length: 100 }, () => notifier.listen("lines:1"));
  expect(notifier.listeners).toBe(100);
  await Promise.all(bells.map((bell) => bell.return?.()));
  expect(notifier.listeners).toBe(0);
});

import { expect, test } from "vitest";
import { expectExactOverCuts } from "../support/machines/cut-run.ts";

test("a client that is cut 20 times in 20,000 lines gets each once, over server-sent events", async () => {
  const { upgrades } = await expectExactOverCuts({ WebSocket: null });
  expect(upgrades).toBe(0);
});

test("a client that is cut 20 times in 20,000 lines gets each once, where WebSockets are refused", async () => {
  const { upgrades } = await expectExactOverCuts({}, (proxy) => proxy.refuseUpgrades());
  expect(upgrades).toBe(1);
});

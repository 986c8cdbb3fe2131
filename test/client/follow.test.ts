import { expect, test } from "vitest";
import { createClient, type LogLine } from "../../src/client/index.ts";
import { KEY, openTestApp, restart } from "../support/app.ts";
import { expectExactOverCuts, numbers, QUICK } from "../support/machines/cut-run.ts";
import { openProxy } from "../support/machines/proxy.ts";

const JOBS = `
export const Fails = defineJob({
  name: "Fails", enabled: true, retry: { limit: 1, backoff: 1 },
  run({ logger }) { logger.info("tried"); throw new Error("on purpose"); },
});
`;

test("a client that is cut 20 times in 20,000 lines gets each once, over a WebSocket", async () => {
  const { upgrades } = await expectExactOverCuts({});
  expect(upgrades).toBeGreaterThanOrEqual(20);
});

test("a client goes on where it was on the server that comes after", async () => {
  const app = await openTestApp({ "jobs.ts": JOBS });
  const proxy = await openProxy(app.url);
  const client = createClient({ url: proxy.url, token: KEY, retry: QUICK });
  const lines: LogLine[] = [];
  const cuts: string[] = [];
  let restarted: Promise<void> | undefined;
  const run = await client.runAndFollow("jobs.Fails", undefined, {
    onRetry: (error) => void cuts.push(error.message),
    onLine(line) {
      lines.push(line);
      if (line.message === "tried") restarted ??= restart(app).then((next) => proxy.leadTo(next.url));
    },
  });
  await restarted;
  expect(cuts[0]).toBe("The WebSocket was closed with 1001. The server is stopping.");
  expect(lines.map((line) => line.sequence)).toEqual(numbers(lines.length));
  expect(lines.map((line) => line.message)).toEqual(["tried", expect.stringContaining("Attempt 2 of 2 begins"), "tried"]);
  expect(run).toMatchObject({ status: "FAILURE", error: { type: "Error", message: "on purpose" } });
});

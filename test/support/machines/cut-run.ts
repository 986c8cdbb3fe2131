import { randomInt } from "node:crypto";
import { expect, onTestFailed } from "vitest";
import { createRandom } from "../../../src/cli/seed/random.ts";
import { type ClientOptions, createClient, type LogLine } from "../../../src/client/index.ts";
import { KEY, openTestApp } from "../app.ts";
import { openProxy, type Proxy } from "./proxy.ts";

const JOBS = `
export const Counts = defineJob({
  name: "Counts", enabled: true, variables: z.object({ to: z.int() }),
  run({ logger, data }) { for (let n = 1; n <= data.to; n++) logger.info("line " + n); return data.to; },
});
`;
const LINES = 20_000;
const CUTS = 20;

/** Bytes after which connections are cut; enough for a WebSocket to be opened, and together fewer than the lines have. */
const CUT_AFTER = { least: 1000, most: 200_000 };

/** Short, for a test. */
export const QUICK = { minMs: 5, maxMs: 100 };

/** 1, 2, 3 … */
export const numbers = (to: number): number[] => Array.from({ length: to }, (_, index) => index + 1);

/** Cuts a client 20 times at random while it follows a run of 20,000 lines, and expects that it gets each once, in order, and how the run ended. */
export async function expectExactOverCuts(
  options: Partial<ClientOptions>,
  prepare: (proxy: Proxy) => void = () => {},
): Promise<Proxy> {
  const seed = randomInt(2 ** 32);
  onTestFailed(() => console.log(`The seed of the cuts was ${seed}.`));
  const random = createRandom(seed);
  const app = await openTestApp({ "jobs.ts": JOBS });
  const proxy = await openProxy(app.url);
  prepare(proxy);
  proxy.cutAfter(() => (proxy.cuts < CUTS ? random.integer(CUT_AFTER.least, CUT_AFTER.most) : undefined));
  const client = createClient({ url: proxy.url, token: KEY, retry: QUICK, ...options });
  const lines: LogLine[] = [];
  const run = await client.runAndFollow("jobs.Counts", { to: LINES }, { onLine: (line) => void lines.push(line) });
  expect(lines.map((line) => line.sequence)).toEqual(numbers(LINES));
  expect([lines.at(0)!.message, lines.at(-1)!.message]).toEqual(["line 1", `line ${LINES}`]);
  expect(run).toMatchObject({ status: "SUCCESS", result: LINES, info_log_count: LINES });
  expect(proxy.cuts).toBe(CUTS);
  return proxy;
}

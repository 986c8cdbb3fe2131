import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Isolation } from "../../../src/sdk/define-job.ts";
import type { Outcome, Sandbox, TimeLimits } from "../../../src/runner/sandbox/sandbox.ts";
import { writeJobs } from "../app.ts";
import { listen } from "../listen.ts";

const SOURCE = `
import { setTimeout as delay } from "node:timers/promises";
import { SoftTimeLimitExceeded } from "jobgraph";
const job = (name, run) => defineJob({ name, run });
const alive = () => setInterval(() => {}, 1000);
const aborted = (signal) => signal.aborted || new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));

export const Catches = job("Catches", async ({ signal, logger }) => {
  try {
    await delay(60_000, undefined, { signal });
  } catch {
    logger.info(signal.reason.name + ": " + signal.reason.message);
    return signal.reason instanceof SoftTimeLimitExceeded && signal.reason instanceof Error;
  }
});
export const CatchesThrown = job("Catches thrown", async ({ signal }) => {
  try {
    await aborted(signal);
    signal.throwIfAborted();
  } catch (error) {
    if (error instanceof SoftTimeLimitExceeded) return "cleaned up";
    throw error;
  }
});
export const Rethrows = job("Rethrows", async ({ signal, logger }) => {
  logger.info("before");
  await aborted(signal);
  throw signal.reason;
});
export const PassesOn = job("Passes on", ({ signal }) => delay(60_000, undefined, { signal }));
export const FailsOtherwise = job("Fails otherwise", async ({ signal }) => { await aborted(signal); throw new RangeError("mine"); });
export const Ignores = job("Ignores", async ({ signal, logger }) => {
  alive();
  await aborted(signal);
  logger.info("heard");
  await new Promise(() => {});
});
export const Loops = job("Loops", ({ logger }) => { logger.info("one"); logger.info("two"); for (;;); });
export const Sleeps = job("Sleeps", async () => { (await import("node:child_process")).execFileSync("sleep", ["6"]); });
export const NeverSettles = job("Never settles", ({ logger }) => { alive(); logger.info("waiting"); return new Promise(() => {}); });
let count = 0;
export const Counts = job("Counts", ({ signal }) => ({ count: ++count, aborted: signal.aborted }));
export const Outlasts = defineJob({ name: "Outlasts", variables: z.object({ ms: z.int() }),
  async run({ signal, data }) { await delay(data.ms); return signal.aborted; } });
`;

/** Milliseconds of a call that cannot be interrupted. */
const CALL_MS = 6000;

/** The log's message at a soft limit of 50 ms. */
const SAID = "The job was told to stop: it ran longer than its soft time limit of 0.05 s.";
/** Limits that no run of these tests reaches. */
const FAR: TimeLimits = { softMs: 60_000, hardMs: 120_000 };

/** The promises of every sandbox about the time limits of a run. */
export function timeLimitsContract(open: () => Sandbox): void {
  async function setup(files: Record<string, string> = {}) {
    const sandbox = open();
    onTestFinished(() => sandbox.close());
    const root = await writeJobs({ "jobs.ts": SOURCE, ...files });
    return async (exportName: string, limits: TimeLimits, isolation: Isolation = "run", file = "jobs.ts", data = {}) => {
      const { on, lines } = listen();
      const task = { file: join(root, file), exportName, isolation, limits, data, dryRun: false, user: null };
      const started = performance.now();
      const outcome = await sandbox.run(
        { ...task, jobResult: { id: "r", name: exportName, token: "t" } },
        on,
        new AbortController().signal,
      );
      return { outcome, lines: lines.map((line) => line.message), ms: performance.now() - started };
    };
  }
  /** Runs in a thread that has loaded the file already. */
  async function setupWarm() {
    const run = await setup();
    await run("Counts", FAR, "shared");
    return (exportName: string, limits: TimeLimits, data = {}) => run(exportName, limits, "shared", "jobs.ts", data);
  }
  /** The first run that got so far, with limits that leave more and more room: how far a job gets in a time is the machine's affair. */
  async function withRoom<T extends { outcome: Outcome; lines: string[] }>(
    isFar: (ran: { outcome: Outcome; lines: string[] }) => boolean,
    run: (hardMs: number) => Promise<T>,
  ): Promise<T & { hardMs: number }> {
    for (let hardMs = 200; ; hardMs *= 3) {
      const ran = await run(hardMs);
      if (isFar(ran)) return { ...ran, hardMs };
    }
  }
  const saying =
    (...messages: string[]) =>
    ({ lines }: { lines: string[] }) =>
      messages.every((message) => lines.includes(message));
  const soft = (softMs: number): TimeLimits => ({ ...FAR, softMs });
  const hard = (hardMs: number): TimeLimits => ({ ...FAR, hardMs });
  const ended = (seconds: number) => ({
    kind: "failure",
    excType: "TimeLimitExceeded",
    excMessage: expect.stringContaining(` ${seconds} s`),
    traceback: expect.stringContaining("TimeLimitExceeded: "),
  });

  test("a soft limit reaches a job that awaits, which may clean up and succeed", async () => {
    const run = await setup();
    expect(await run("Catches", soft(50))).toMatchObject({
      outcome: { kind: "success", result: true },
      lines: [SAID, expect.stringMatching(/^SoftTimeLimitExceeded: .* 0\.05 s/)],
    });
    // Nothing but its signal keeps this one waiting.
    expect((await run("CatchesThrown", soft(50))).outcome).toEqual({ kind: "success", result: "cleaned up" });
  });

  test("a job that throws the soft limit on has failed of it, also where an awaited call wraps it", async () => {
    const run = await setup();
    const failed = {
      kind: "failure",
      excType: "SoftTimeLimitExceeded",
      excMessage: expect.stringContaining(" 0.05 s"),
      traceback: expect.stringContaining("SoftTimeLimitExceeded: "),
    };
    expect(await run("Rethrows", soft(50))).toMatchObject({ outcome: failed, lines: expect.arrayContaining(["before", SAID]) });
    expect((await run("PassesOn", soft(50))).outcome).toEqual(failed);
    expect((await run("FailsOtherwise", soft(50))).outcome).toMatchObject({ excType: "RangeError", excMessage: "mine" });
  });

  test("a job that ignores the soft limit goes on until the hard one, and its log says that it was told", async () => {
    const run = await setupWarm();
    for (const [exportName, line] of [
      ["Ignores", "heard"],
      ["Loops", "two"],
    ] as const) {
      const { outcome, lines, hardMs } = await withRoom(saying(line), (ms) => run(exportName, { softMs: 50, hardMs: ms }));
      expect(outcome).toEqual(ended(hardMs / 1000));
      expect(lines).toContain(SAID);
    }
  });

  test.for([
    ["a busy loop", "Loops", ["one", "two"]],
    ["a promise that never settles", "NeverSettles", ["waiting"]],
  ] as const)("a hard limit ends %s, and keeps the output", async ([, exportName, lines]) => {
    const run = await setupWarm();
    const ran = await withRoom(saying(...lines), (ms) => run(exportName, hard(ms)));
    expect(ran).toMatchObject({ outcome: ended(ran.hardMs / 1000), lines });
  });

  test("a hard limit ends a call that cannot be interrupted, and waits for it no longer than a moment", async () => {
    const run = await setupWarm();
    const { outcome, ms } = await run("Sleeps", hard(200));
    expect(outcome).toEqual(ended(0.2));
    expect(ms).toBeLessThan(CALL_MS);
  });

  test("loading the job's module counts", async () => {
    const run = await setup({ "slow.ts": `for (;;);` });
    expect((await run("Any", hard(100), "run", "slow.ts")).outcome).toEqual(ended(0.1));
  });

  test("a hard limit at or below the soft one is the only one that fires", async () => {
    const run = await setup();
    expect(await run("Ignores", { softMs: 150, hardMs: 150 })).toMatchObject({ outcome: ended(0.15), lines: [] });
    expect(await run("Ignores", { softMs: 100, hardMs: 50 })).toMatchObject({ outcome: ended(0.05), lines: [] });
  });

  test("limits of a run are over with it: the next one in its thread hears nothing of them", async () => {
    const {
      run,
      outcome: first,
      hardMs,
    } = await withRoom(
      ({ outcome }) => outcome.kind === "success",
      async (ms) => {
        const warm = await setupWarm();
        return { run: warm, ...(await warm("Counts", { softMs: ms - 20, hardMs: ms })) };
      },
    );
    expect(first).toMatchObject({ result: { count: 2 } });
    expect((await run("Outlasts", FAR, { ms: hardMs })).outcome).toEqual({ kind: "success", result: false });
    // Also those that did fire.
    expect((await run("Catches", soft(50))).outcome.kind).toBe("success");
    expect((await run("Counts", FAR)).outcome).toMatchObject({ result: { count: 3, aborted: false } });
  });

  test("a hard limit takes a shared thread with it, and no other", async () => {
    const run = await setup();
    const [other, looping] = await Promise.all([
      run("Outlasts", FAR, "shared", "jobs.ts", { ms: 150 }),
      run("Loops", hard(100), "shared"),
    ]);
    expect([other.outcome, looping.outcome]).toEqual([{ kind: "success", result: false }, ended(0.1)]);
    // The one that is left is the other's.
    expect((await run("Counts", FAR, "shared")).outcome).toMatchObject({ result: { count: 1 } });
    expect((await run("Loops", hard(100), "shared")).outcome).toEqual(ended(0.1));
    expect((await run("Counts", FAR, "shared")).outcome).toMatchObject({ result: { count: 1 } });
  });
}

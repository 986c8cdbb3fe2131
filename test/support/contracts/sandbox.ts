import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Isolation } from "../../../src/sdk/define-job.ts";
import type { Outcome, SaidLine, Sandbox } from "../../../src/runner/sandbox/sandbox.ts";
import type { OnOutput } from "../../../src/runner/sandbox/host/vessel.ts";
import { writeJobs } from "../app.ts";
import { hostileContract } from "../hostile-requests/contract.ts";
import { listen } from "../listen.ts";
import { operationsContract } from "./operations.ts";
import { leavesContract } from "./outputs.ts";
import { redactionContract } from "./redaction.ts";
import { timeLimitsContract } from "./time-limits.ts";

/** Settings with which a sandbox is opened for the contract. */
export interface SandboxSettings {
  env: Readonly<Record<string, string>>;
  graceMs: number;
  onOutput?: OnOutput;
}

const SOURCE = `
const job = (name, run, more = {}) => defineJob({ name, run, ...more });
export const Echo = job("Echo", ({ data, dryRun, user, jobResult }) => ({ data, dryRun, user, jobResult }), {
  variables: z.object({ text: z.string().min(2), times: z.int().default(3) }),
});
export const Says = job("Says", ({ logger }) => {
  logger.debug("one"); logger.info("two", { grouping: "g" }); logger.success("three", { object: { display: "d", absoluteUrl: "/d/1" } });
  logger.warning("four", { object: "o" }); logger.failure("five"); logger.error("six"); logger.critical("seven");
});
export const Floods = job("Floods", ({ logger }) => { for (let n = 1; n <= 20_000; n++) logger.info(String(n)); });
export const Loops = job("Loops", ({ logger }) => { logger.info("looping"); for (;;); });
export const Obeys = job("Obeys", ({ signal, logger }) => new Promise((resolve) => {
  const alive = setInterval(() => {}, 1000);
  signal.addEventListener("abort", () => { clearInterval(alive); resolve("stopped: " + signal.reason.message); });
  logger.info("waiting");
}));
export const Relays = job("Relays", ({ signal, logger }) => new Promise((_, reject) => {
  signal.throwIfAborted();
  signal.addEventListener("abort", () => reject(signal.reason));
  logger.info("waiting");
}));
export const Taints = job("Taints", () => {
  const before = { global: globalThis.tainted ?? null, proto: [].tainted ?? null, env: process.env.TAINTED ?? null };
  globalThis.tainted = Array.prototype.tainted = process.env.TAINTED = "yes";
  return before;
});
let count = 0;
export const Counts = job("Counts", () => ++count);
const talksOn = job("Talks on", ({ logger }) => { setInterval(() => logger.info("still here"), 1); });
export { talksOn as "Talks on" };
export const Fails = job("Fails", () => { throw new Error("no"); });
export const Forgets = job("Forgets", () => { Promise.reject(new Error("nobody looked")); });
export const Posts = job("Posts", async () => {
  const { parentPort } = await import("node:worker_threads");
  parentPort?.postMessage({ kind: "outcome", outcome: { kind: "success", result: "forged" }, fit: true });
  process.send?.({ kind: "outcome", outcome: { kind: "success", result: "forged" }, fit: true });
  await new Promise((resolve) => setTimeout(resolve, 20));
  return "real";
});
export const Environment = job("Environment", () => ({ ...process.env }));
export const Leaves = job("Leaves", () => { setInterval(() => {}, 10); return "done"; });
export const Long = job("Long", ({ logger }) => { for (let n = 0; n < 9; n++) { logger.info("é".repeat(99_000) + n); logger.info("short"); } });
export const SaysThenLoops = job("Says then loops", ({ logger }) => { for (let n = 1; n <= 5; n++) logger.info(String(n)); for (;;); });
export const Picky = job("Picky", () => {}, { variables: z.object({ text: z.string().optional().refine(() => { throw new Error("picky"); }) }) });
export const Loose = job("Loose", ({ logger }) => { logger.info("a", null); logger.info("b", { object: null, grouping: null }); logger.info(undefined, { object: { display: undefined } }); });
export const Enum = job("Typed", (): string => { const typed: string = "ts"; return typed satisfies string; });
`;

/** The promises of every sandbox, run against each implementation. */
export function sandboxContract(open: (settings: SandboxSettings) => Sandbox): void {
  timeLimitsContract(() => open({ env: {}, graceMs: 50 }));
  leavesContract(() => open({ env: {}, graceMs: 50 }));
  redactionContract((onOutput) => open({ env: {}, graceMs: 50, onOutput }));
  operationsContract(() => open({ env: {}, graceMs: 50 }));
  hostileContract(() => open({ env: {}, graceMs: 50 }));

  async function setup(settings: Partial<SandboxSettings> = {}) {
    const sandbox = open({ env: { VISIBLE: "1" }, graceMs: 50, ...settings });
    onTestFinished(() => sandbox.close());
    const root = await writeJobs({ "jobs.ts": SOURCE });
    const file = join(root, "jobs.ts");
    const run = async (
      exportName: string,
      data = {},
      onLines?: (batch: SaidLine[]) => Promise<void>,
      signal = new AbortController().signal,
      isolation: Isolation = "run",
    ) => {
      const { on, ...said } = listen({ lines: onLines });
      const task = {
        file,
        exportName,
        isolation,
        data,
        dryRun: true,
        limits: { softMs: 60_000, hardMs: 120_000 },
        user: { id: "u", username: "ada" },
        jobResult: { id: "r", name: exportName, token: "t" },
      };
      const outcome: Outcome = await sandbox.run(task, on, signal);
      return { outcome, ...said };
    };
    return { sandbox, root, file, run };
  }

  test("gives the job its checked inputs, with defaults, its run and its user", async () => {
    const { run } = await setup();
    expect((await run("Echo", { text: "hi" })).outcome).toEqual({
      kind: "success",
      result: {
        data: { text: "hi", times: 3 },
        dryRun: true,
        user: { id: "u", username: "ada" },
        jobResult: { id: "r", name: "Echo", token: "t" },
      },
    });
  });

  test("delivers every line in order, with its level, grouping and object", async () => {
    const { run } = await setup();
    const { lines } = await run("Says");
    expect(lines.map((line) => [line.log_level, line.message, line.grouping, line.log_object, line.absolute_url])).toEqual([
      ["DEBUG", "one", "main", "", ""],
      ["INFO", "two", "g", "", ""],
      ["SUCCESS", "three", "main", "d", "/d/1"],
      ["WARNING", "four", "main", "o", ""],
      ["FAILURE", "five", "main", "", ""],
      ["ERROR", "six", "main", "", ""],
      ["CRITICAL", "seven", "main", "", ""],
    ]);
  });

  test("takes all values that an author without types passes", async () => {
    const { run } = await setup();
    const { lines, outcome } = await run("Loose");
    expect(outcome.kind).toBe("success");
    expect(lines.map((line) => [line.message, line.grouping, line.log_object, line.absolute_url])).toEqual([
      ["a", "main", "", ""],
      ["b", "main", "", ""],
      ["undefined", "main", "", ""],
    ]);
  });

  test("holds back a job that says more than is stored", async () => {
    const { run } = await setup();
    let underWay = 0;
    let most = 0;
    const { lines, outcome } = await run("Floods", {}, async (batch) => {
      most = Math.max(most, (underWay += batch.length));
      await delay(1);
      underWay -= batch.length;
    });
    expect(outcome.kind).toBe("success");
    expect(lines.map((line) => Number(line.message))).toEqual(Array.from({ length: 20_000 }, (_, n) => n + 1));
    expect(most).toBeLessThan(5000);
  });

  test("fails the run when its lines cannot be stored", async () => {
    const { run } = await setup();
    const { outcome } = await run("Floods", {}, () => Promise.reject(new Error("disk full")));
    expect(outcome).toMatchObject({
      kind: "failure",
      excType: "LogStorageError",
      excMessage: expect.stringContaining("disk full"),
    });
  });

  test("ends a busy loop after the grace, keeps its output, and names the reason", async () => {
    const { run } = await setup();
    const abort = new AbortController();
    const { outcome, lines } = await run("Loops", {}, async () => abort.abort(new RangeError("enough")), abort.signal);
    expect(outcome).toMatchObject({ kind: "failure", excType: "RangeError", excMessage: "enough" });
    expect(lines.map((line) => line.message)).toEqual(["looping"]);
  });

  test("loses no line from just before a loop without end", async () => {
    const { run } = await setup();
    const abort = new AbortController();
    const onLines = async (batch: SaidLine[]) =>
      void (batch.some((line) => line.message === "5") && abort.abort(new Error("enough")));
    const { lines } = await run("SaysThenLoops", {}, onLines, abort.signal);
    expect(lines.map((line) => line.message)).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("takes lines longer than its buffer", async () => {
    const { run } = await setup();
    const { lines } = await run("Long");
    expect(lines.map((line) => line.message)).toEqual(
      Array.from({ length: 9 }, (_, n) => ["é".repeat(99_000) + n, "short"]).flat(),
    );
  });

  test("lets a job that obeys its signal end by itself", async () => {
    const { run } = await setup({ graceMs: 10_000 });
    const abort = new AbortController();
    const { outcome } = await run("Obeys", {}, async () => abort.abort(new Error("please")), abort.signal);
    expect(outcome).toEqual({ kind: "success", result: "stopped: please" });
  });

  test("tells a job that waits for nothing but its signal, also when that was aborted before", async () => {
    const { run } = await setup({ graceMs: 10_000 });
    const abort = new AbortController();
    const stopped = { kind: "failure", excType: "RangeError", excMessage: "please" };
    const onLines = async () => abort.abort(new RangeError("please"));
    expect((await run("Relays", {}, onLines, abort.signal)).outcome).toMatchObject(stopped);
    expect((await run("Relays", {}, onLines, abort.signal)).outcome).toMatchObject(stopped);
  });

  test("shows nothing of one run to the next", async () => {
    const { run } = await setup();
    const clean = { kind: "success", result: { global: null, proto: null, env: null } };
    expect((await run("Taints")).outcome).toEqual(clean);
    expect((await run("Taints")).outcome).toEqual(clean);
  });

  test("lets runs of a file share a place when they ask for it, and only then", async () => {
    const { run } = await setup();
    const shared = (exportName: string) => run(exportName, {}, undefined, undefined, "shared");
    const counts = [await shared("Counts"), await shared("Counts"), await run("Counts"), await shared("Counts")];
    expect(counts.map(({ outcome }) => (outcome as { result: number }).result)).toEqual([1, 2, 1, 3]);
    // A job that fails by throwing leaves the thread as it was. Leftovers of a run have no further output.
    expect((await shared("Fails")).outcome.kind).toBe("failure");
    expect((await shared("Talks on")).lines).toEqual([]);
    expect((await shared("Says")).lines).toHaveLength(7);
    expect((await shared("Counts")).outcome).toEqual({ kind: "success", result: 4 });
    // An uncaught error ends the thread.
    expect((await shared("Forgets")).outcome.kind).toBe("failure");
    expect((await shared("Counts")).outcome).toEqual({ kind: "success", result: 1 });
  });

  test("shows the job only the environment it was opened with", async () => {
    const { run } = await setup();
    const { outcome } = await run("Environment");
    expect(outcome).toMatchObject({ result: { VISIBLE: "1" } });
    expect(Object.keys((outcome as { result: object }).result)).not.toContain("PATH");
  });

  test("hears the job through its own channel only", async () => {
    const { run } = await setup();
    expect((await run("Posts")).outcome).toEqual({ kind: "success", result: "real" });
  });

  test("ends the leftovers of a job", async () => {
    const { run } = await setup();
    expect((await run("Leaves")).outcome).toEqual({ kind: "success", result: "done" });
  });

  test("fails a run whose file or export is gone", async () => {
    const { run } = await setup();
    expect((await run("Nobody")).outcome).toMatchObject({
      kind: "failure",
      excMessage: expect.stringContaining("no longer exports a job named Nobody"),
    });
  });

  test("describes a file's jobs without their code", async () => {
    const { sandbox, file } = await setup();
    const [described] = await sandbox.describe([file]);
    expect(described).toMatchObject({
      jobs: expect.arrayContaining([{ exportName: "Echo", meta: { name: "Echo" }, variablesSchema: expect.anything() }]),
    });
    const echo = (described as { jobs: { exportName: string; variablesSchema: unknown }[] }).jobs.find(
      (job) => job.exportName === "Echo",
    );
    expect(echo?.variablesSchema).toMatchObject({
      properties: { text: { type: "string", minLength: 2 }, times: { default: 3 } },
      required: ["text"],
    });
  });

  test.for([
    ["throws", `throw new Error("broken module");`, "broken module"],
    ["does not parse", `export const a = ;`, "Expression expected"],
    ["exits", `process.exit(3);`, "process.exit(3)"],
    ["imports what is not there", `import "./nowhere.ts";`, "nowhere.ts"],
    ["misspells an option", `export const A = defineJob({ name: "A", timelimit: 3, run() {} } as never);`, "timelimit"],
  ])("tells why a file that %s does not load, and goes on", async ([, source, message]) => {
    const { sandbox, root, file } = await setup();
    await writeJobs({ "broken.ts": source! }, root);
    const [broken, good] = await sandbox.describe([join(root, "broken.ts"), file]);
    expect(broken).toEqual({ error: expect.stringContaining(message!) });
    expect(good).toHaveProperty("jobs");
  });

  test("a file that ends its place later takes no other's description with it", async () => {
    const ends = 'setTimeout(() => process.exit(0), 1); export const Ends = defineJob({ name: "Ends", run() {} });';
    const fine = 'export const Fine = defineJob({ name: "Fine", run() {} });';
    const { sandbox, root } = await setup();
    await writeJobs({ "ends.ts": ends, "fine.ts": fine }, root);
    const files = ["ends.ts", "fine.ts", "ends.ts", "fine.ts"].map((name) => join(root, name));
    const named = (exportName: string) => ({ jobs: [{ exportName }] });
    expect(await sandbox.describe(files)).toMatchObject([named("Ends"), named("Fine"), named("Ends"), named("Fine")]);
  });

  test("describes a file anew each time", async () => {
    const { sandbox, root, file } = await setup();
    await sandbox.describe([file]);
    await writeJobs({ "jobs.ts": `export const Changed = defineJob({ name: "Changed", run() {} });` }, root);
    expect(await sandbox.describe([file])).toMatchObject([{ jobs: [{ exportName: "Changed" }] }]);
  });

  test("a check that throws is a wrong input; code that is gone rejects", async () => {
    const { sandbox, file } = await setup();
    expect(await sandbox.validate({ file, exportName: "Picky" }, { text: "x" })).toEqual([
      { field: "", message: expect.stringContaining("picky") },
    ]);
    await expect(sandbox.validate({ file, exportName: "Nobody" }, {})).rejects.toThrow("no longer exports a job named Nobody");
    expect(await sandbox.validate({ file, exportName: "Picky" }, {})).toHaveLength(1);
  });

  test("a check that hangs keeps only the checks of its own file waiting", async () => {
    const { sandbox, root, file } = await setup();
    const hangs = `export const Hangs = defineJob({ name: "Hangs", run() {}, variables: z.object({ n: z.int().refine(() => { for (;;); }) }) });`;
    await writeJobs({ "hangs.ts": hangs }, root);
    const hung = sandbox.validate({ file: join(root, "hangs.ts"), exportName: "Hangs" }, { n: 1 }).catch((error) => error);
    const queued = sandbox.validate({ file: join(root, "hangs.ts"), exportName: "Hangs" }, {}).catch((error) => error);
    expect(await sandbox.validate({ file, exportName: "Echo" }, { text: "ok" })).toEqual([]);
    await sandbox.close();
    expect(await hung).toBeInstanceOf(Error);
    expect(await queued).toBeInstanceOf(Error);
  });

  test("checks inputs, naming each field that is wrong", async () => {
    const { sandbox, file } = await setup();
    const source = { file, exportName: "Echo" };
    expect(await sandbox.validate(source, { text: "ok" })).toEqual([]);
    expect(
      (await sandbox.validate(source, { text: "x", times: "no", other: 1 })).map((detail) => detail.field).toSorted(),
    ).toEqual(["other", "text", "times"]);
  });

  test("runs many at once, each with its own lines", async () => {
    const { run } = await setup();
    const runs = await Promise.all(Array.from({ length: 8 }, (_, n) => run("Echo", { text: `run ${n}` })));
    expect(runs.map(({ outcome }) => (outcome as { result: { data: { text: string } } }).result.data.text)).toEqual(
      Array.from({ length: 8 }, (_, n) => `run ${n}`),
    );
  });

  test("close ends a run that is under way", async () => {
    const { sandbox, run } = await setup();
    const { promise: started, resolve } = Promise.withResolvers<void>();
    const running = run("Loops", {}, async () => resolve());
    await started;
    await sandbox.close();
    expect((await running).outcome.kind).toBe("failure");
  });
}

import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Isolation } from "../../../src/sdk/define-job.ts";
import type { PrintedText, RunListener, Sandbox } from "../../../src/runner/sandbox/sandbox.ts";
import { writeJobs } from "../app.ts";
import { listen } from "../listen.ts";

const SOURCE = String.raw`
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { JobFailure } from "jobgraph";
const job = (name, run, more = {}) => defineJob({ name, run, ...more });

export const Prints = job("Prints", async ({ logger }) => {
  console.log("one", { two: 2 });
  console.error("three");
  process.stdout.write("no line feed");
  process.stderr.write(Buffer.from("bytes é"));
  logger.info("a line");
  await delay(1);
  console.table([{ a: 1 }]);
  process.stdout.write("nul\0 lone\ud800 \u001b[31mred");
  process.stdout.write("x".repeat(200_000));
});
export const PrintsThenLoops = job("Prints then loops", () => { console.log("out"); console.error("err"); for (;;); });
export const FloodsConsole = job("Floods console", () => { for (let n = 1; n <= 20_000; n++) console[n % 2 ? "log" : "error"](n); });
export const PrintsLate = job("Prints late", () => { setInterval(() => console.log("late"), 1); });
export const Waits = job("Waits", async () => { await delay(30); console.log("mine"); });

export const Counts = job("Counts", ({ progress }) => progress(1));
export const CountsTo = job("Counts to", ({ progress }) => progress(2, 10, "two"));
export const CountsText = job("Counts text", ({ progress }) => { progress(1); progress("3", NaN, null); });
export const CountsThenLoops = job("Counts then loops", ({ progress }) => { progress(7, 9, "nul\0"); for (;;); });

const twice = async function* () { yield "é"; await delay(1); yield Buffer.from([0, 255]); };
export const Files = job("Files", async ({ createFile }) => [
  await createFile("text.txt", "Ünïcode"),
  await createFile("empty", ""),
  await createFile("bytes", new Uint8Array([1, 2, 3])),
  await createFile("buffer", Buffer.alloc(300_000, "ab")),
  await createFile("readable", Readable.from(["a", "b"])),
  await createFile("generated", twice()),
]);
export const ManyFiles = job("Many files", async ({ createFile }) => {
  const piece = (n) => (async function* () { for (let i = 0; i < 40; i++) { yield Buffer.alloc(10_000, n); await delay(0); } })();
  await Promise.all([1, 2, 3].map((n) => createFile("f" + n, piece(n))));
});
export const Forgets = job("Forgets", ({ createFile }) => { createFile("forgotten", Buffer.alloc(3_000_000)); return "done"; });
export const BadNames = job("Bad names", async ({ createFile }) => {
  const wrong = ["", "a/b", "a\\b", "..", ".", "nul\0", "x".repeat(256), "lone\ud800", 7, undefined];
  return Promise.all(wrong.map((name) => createFile(name, "").then(() => "taken", (error) => error.name)));
});
export const BadContent = job("Bad content", async ({ createFile }) => {
  const wrong = [7, null, {}, Readable.from([{}])];
  return Promise.all(wrong.map((content) => createFile("a", content).then(() => "taken", (error) => error.name)));
});
export const Breaks = job("Breaks", ({ createFile }) => createFile("broken", (async function* () { yield "a"; throw new RangeError("torn"); })()));
export const Endless = job("Endless", async ({ createFile }) => {
  let given = 0;
  const endless = (async function* () { for (;;) { given += 100_000; yield Buffer.alloc(100_000); } })();
  const error = await createFile("endless", endless).catch((error) => error);
  return { error: error.name + ": " + error.message, given };
});
export const CutOff = job("Cut off", async ({ createFile }) => { await createFile("cut", (async function* () { yield "a"; for (;;); })()); });
export const LoopsAfter = job("Loops after", async ({ createFile, logger }) => { await createFile("whole", "abc"); logger.info("kept"); for (;;); });

export const Sentence = job("Sentence", () => { throw new JobFailure("There is no such site."); });
class NoSite extends JobFailure { name = "NoSite"; }
export const Subclass = job("Subclass", () => { throw new NoSite("none"); });
export const RejectsSentence = job("Rejects", async () => { Promise.reject(new JobFailure("nobody looked")); await delay(20); });

const hooks = (more = {}) => ({
  beforeStart: async ({ logger, data }) => { await delay(1); logger.info("before " + data.n); },
  onSuccess: ({ logger }, result) => logger.info("success " + JSON.stringify(result)),
  onFailure: ({ logger }, error) => logger.info("failure " + error.message),
  afterReturn: ({ logger }, outcome) => logger.info("after " + outcome.status + " " + (outcome.error?.message ?? JSON.stringify(outcome.result))),
  variables: z.object({ n: z.int().default(1) }),
  ...more,
});
const fail = (text) => () => { throw new Error(text); };
const run = ({ logger }) => { logger.info("run"); return { a: 1, b: undefined }; };
export const Hooked = job("Hooked", run, hooks());
export const HookedFails = job("H fails", fail("no"), hooks());
export const HookedBefore = job("H before", run, hooks({ beforeStart: fail("not now") }));
export const HookedSuccess = job("H success", run, hooks({ onSuccess: fail("spoilt") }));
export const HookedFailure = job("H failure", fail("no"), hooks({ onFailure: fail("worse") }));
export const HookedAfter = job("H after", run, hooks({ afterReturn: fail("too late") }));

const keep = [];
export const Heap = job("Heap", () => { for (let n = 0; ; n++) keep.push({ n, text: "x" + n }); });
export const Buffers = job("Buffers", ({ logger }) => { logger.info("begun"); for (;;) keep.push(Buffer.alloc(1 << 20, 1)); });
export const Arrays = job("Arrays", () => { for (;;) keep.push(new Array(3e6).fill(1.5)); });
export const Awaits = job("Awaits", async () => { for (;;) { keep.push(new ArrayBuffer(1 << 22)); await delay(1); } });
export const Modest = job("Modest", async () => { for (let n = 0; n < 40; n++) { Buffer.alloc(1 << 22, 1); await delay(5); } return "fine"; });
export const OwnLimit = job("Own limit", () => 1, { memoryLimitMb: 64 });
`;

/** The promises of every sandbox about the output of a run, and its memory. */
export function leavesContract(open: () => Sandbox): void {
  async function setup() {
    const sandbox = open();
    onTestFinished(() => sandbox.close());
    const file = join(await writeJobs({ "jobs.ts": SOURCE }), "jobs.ts");
    const run = async (
      exportName: string,
      on: Partial<RunListener> = {},
      { signal = new AbortController().signal, isolation = "run" as Isolation, data = {}, memoryLimitMb = 0 } = {},
    ) => {
      const { on: listener, ...said } = listen(on);
      const task = {
        file,
        exportName,
        isolation,
        data,
        dryRun: false,
        user: null,
        limits: { softMs: 60_000, hardMs: 120_000 },
        memoryLimitMb,
      };
      const outcome = await sandbox.run({ ...task, jobResult: { id: "r", name: exportName, token: "t" } }, listener, signal);
      return { outcome, ...said };
    };
    return { sandbox, file, run };
  }
  const ok = (result: unknown) => ({ kind: "success", result });
  /** Returns the means to end a run by force, once a test has had enough of it. */
  function stopping(): { signal: AbortSignal; enough: () => void } {
    const stop = new AbortController();
    return { signal: stop.signal, enough: () => stop.abort(new Error("enough")) };
  }

  test("the console: every write, in the order of both streams, fit for storage", async () => {
    const { run } = await setup();
    const { printed, lines } = await run("Prints");
    const texts = printed.map(({ output_type, text }) => [output_type, text]);
    expect(texts.slice(0, 4)).toEqual([
      ["STDOUT", "one { two: 2 }\n"],
      ["STDERR", "three\n"],
      ["STDOUT", "no line feed"],
      ["STDERR", "bytes é"],
    ]);
    expect(texts[4]![1]).toContain("│ 0");
    expect(texts[5]).toEqual(["STDOUT", "nul␀ lone� \u001b[31mred"]);
    expect(texts[6]![1]).toMatch(/^x+… \[100000 characters cut\]$/);
    expect(texts[6]![1]).toHaveLength(100_000);
    expect(Date.parse(printed[0]!.timestamp)).toBeGreaterThan(Date.now() - 60_000);
    expect(lines.map((line) => line.message)).toEqual(["a line"]);
  });

  test("the console of a job that never yields is not lost", async () => {
    const { run } = await setup();
    const { signal, enough } = stopping();
    const onPrinted = async (batch: readonly PrintedText[]) => {
      if (batch.some(({ output_type }) => output_type === "STDERR")) enough();
    };
    const { printed } = await run("PrintsThenLoops", { printed: onPrinted }, { signal });
    expect(printed.map(({ output_type, text }) => [output_type, text])).toEqual([
      ["STDOUT", "out\n"],
      ["STDERR", "err\n"],
    ]);
  });

  test("a job that prints more than is stored is held back", async () => {
    const { run } = await setup();
    let most = 0;
    const { printed } = await run("FloodsConsole", {
      printed: async (batch) => {
        most = Math.max(most, batch.length);
        await delay(1);
      },
    });
    expect(printed.map(({ text }) => Number(text))).toEqual(Array.from({ length: 20_000 }, (_, n) => n + 1));
    expect(most).toBeLessThan(5000);
  });

  test("a run fails when its printed text cannot be stored", async () => {
    const { run } = await setup();
    const { outcome } = await run("FloodsConsole", { printed: () => Promise.reject(new Error("disk full")) });
    expect(outcome).toMatchObject({
      excType: "LogStorageError",
      excMessage: "What the job printed could not be stored: disk full",
    });
  });

  test("leftovers of an earlier run print into no later one", async () => {
    const { run } = await setup();
    await run("PrintsLate", {}, { isolation: "shared" });
    const { printed } = await run("Waits", {}, { isolation: "shared" });
    expect(printed.map(({ text }) => text)).toEqual(["mine\n"]);
  });

  test("progress: the job's values, as numbers and text that fit", async () => {
    const { run } = await setup();
    expect((await run("Counts")).progress).toEqual([{ done: 1, total: null, message: "" }]);
    expect((await run("CountsTo")).progress).toEqual([{ done: 2, total: 10, message: "two" }]);
    // Of several at once the last one is told; how many are at once, nobody can say.
    expect((await run("CountsText")).progress.at(-1)).toEqual({ done: 3, total: null, message: "" });
    const { signal, enough } = stopping();
    expect((await run("CountsThenLoops", { progress: enough }, { signal })).progress).toEqual([
      { done: 7, total: 9, message: "nul␀" },
    ]);
  });

  test("files: of every kind of content, byte by byte", async () => {
    const { run } = await setup();
    const { files, outcome } = await run("Files");
    const whole = [
      ["text.txt", Buffer.from("Ünïcode")],
      ["empty", Buffer.alloc(0)],
      ["bytes", Buffer.from([1, 2, 3])],
      ["buffer", Buffer.alloc(300_000, "ab")],
      ["readable", Buffer.from("ab")],
      ["generated", Buffer.from([0xc3, 0xa9, 0, 255])],
    ] as const;
    expect(outcome).toEqual(ok(whole.map(([name, { length }], n) => ({ id: String(n + 1), name, size: length }))));
    expect(files.map(({ name }) => name)).toEqual(whole.map(([name]) => name));
    expect(files.every(({ bytes }, n) => bytes.equals(whole[n]![1]))).toBe(true);
  });

  test("several files at once do not mix", async () => {
    const { run } = await setup();
    const { files } = await run("ManyFiles");
    const sizes = files.map(({ name, bytes }) => [name, bytes.length, new Set(bytes)]).toSorted();
    expect(sizes).toEqual([1, 2, 3].map((n) => [`f${n}`, 400_000, new Set([n])]));
  });

  test("a run that returns waits for its files", async () => {
    const { run } = await setup();
    const { files, outcome } = await run("Forgets", {}, { isolation: "shared" });
    expect([outcome, files[0]?.bytes.length]).toEqual([ok("done"), 3_000_000]);
  });

  test("names and contents that cannot be are refused", async () => {
    const { run } = await setup();
    expect((await run("BadNames")).outcome).toEqual(ok(Array.from({ length: 10 }, () => "TypeError")));
    const { outcome, files } = await run("BadContent");
    expect([outcome, files]).toEqual([ok(Array.from({ length: 4 }, () => "TypeError")), []]);
  });

  test("a file whose content fails is never whole, and fails its run", async () => {
    const { run } = await setup();
    const { outcome, files } = await run("Breaks");
    expect([outcome, files]).toMatchObject([{ excType: "RangeError", excMessage: "torn" }, []]);
  });

  test("a file that is refused stops its job, which is told why", async () => {
    const { run } = await setup();
    const refuse: RunListener["file"] = async (_name, content) => {
      let bytes = 0;
      for await (const chunk of content) if ((bytes += chunk.length) > 500_000) break;
      throw Object.assign(new Error("too much"), { name: "TooMuch" });
    };
    const { outcome } = await run("Endless", { file: refuse });
    expect(outcome).toEqual(ok({ error: "TooMuch: too much", given: expect.any(Number) }));
    expect((outcome as { result: { given: number } }).result.given).toBeLessThan(10_000_000);
    const refused = await run("Files", { file: () => Promise.reject(new RangeError("none at all")) });
    expect(refused.outcome).toMatchObject({ excType: "RangeError", excMessage: "none at all" });
  });

  test("a file that is cut off is given up before the run is over; one that is whole is kept", async () => {
    const { run } = await setup();
    const cut = stopping();
    let why = "";
    const take: RunListener["file"] = async (_name, content) => {
      try {
        await content[Symbol.asyncIterator]().next();
        cut.enough();
        for await (const chunk of content) throw new Error(`more came: ${chunk.length} bytes`);
      } catch (error) {
        await delay(20);
        why = (error as Error).message;
      }
      throw new Error("cut");
    };
    await run("CutOff", { file: take }, { signal: cut.signal });
    expect(why).toBe("The run ended before the file was whole.");
    const { signal, enough } = stopping();
    const { files } = await run("LoopsAfter", { lines: async () => enough() }, { signal });
    expect(files).toEqual([{ name: "whole", bytes: Buffer.from("abc") }]);
  });

  test("a JobFailure is a sentence without a traceback", async () => {
    const { run } = await setup();
    expect((await run("Sentence")).outcome).toEqual({
      kind: "failure",
      excType: "JobFailure",
      excMessage: "There is no such site.",
      traceback: null,
    });
    expect((await run("Subclass")).outcome).toMatchObject({ excType: "NoSite", traceback: null });
    expect((await run("RejectsSentence")).outcome).toMatchObject({ excType: "JobFailure", traceback: null });
  });

  test.for([
    ["Hooked", ok({ a: 1 }), ["before 1", "run", 'success {"a":1}', 'after SUCCESS {"a":1}']],
    ["HookedFails", { excMessage: "no" }, ["before 1", "failure no", "after FAILURE no"]],
    ["HookedBefore", { excMessage: "not now" }, ["failure not now", "after FAILURE not now"]],
    ["HookedSuccess", { excMessage: "spoilt" }, ["before 1", "run", "after FAILURE spoilt"]],
    ["HookedFailure", { excMessage: "no" }, ["before 1", "onFailure failed: Error: worse", "after FAILURE no"]],
    ["HookedAfter", ok({ a: 1 }), ["before 1", "run", 'success {"a":1}', "afterReturn failed: Error: too late"]],
  ] as const)("hooks are called in their order: %s", async ([exportName, outcome, lines]) => {
    const { run } = await setup();
    const ran = await run(exportName);
    expect(ran.lines.map((line) => line.message)).toEqual(lines);
    expect(ran.outcome).toMatchObject(outcome);
  });

  test("hooks are not called when the inputs do not fit, and are no part of a description", async () => {
    const { run, sandbox, file } = await setup();
    const { outcome, lines } = await run("Hooked", {}, { data: { n: "x" } });
    expect([outcome.kind, lines]).toEqual(["failure", []]);
    const [described] = await sandbox.describe([file]);
    const { jobs } = described as { jobs: { exportName: string; meta: object }[] };
    expect(jobs.find((job) => job.exportName === "Hooked")!.meta).toEqual({ name: "Hooked" });
    expect(jobs.find((job) => job.exportName === "OwnLimit")!.meta).toEqual({ name: "Own limit", memoryLimitMb: 64 });
  });

  test.for(["Heap", "Buffers", "Arrays", "Awaits"])("memory: more than the limit ends that run alone, %s", async (exportName) => {
    const { run } = await setup();
    const other = run("Modest", {}, { memoryLimitMb: 128 });
    const { outcome, lines } = await run(exportName, {}, { memoryLimitMb: 64, isolation: "shared" });
    expect(outcome).toEqual({
      kind: "failure",
      excType: "MemoryLimitExceeded",
      excMessage: "The job was ended: it took more memory than its limit of 64 MiB.",
      traceback: expect.stringContaining("MemoryLimitExceeded"),
    });
    if (exportName === "Buffers") expect(lines.map((line) => line.message)).toEqual(["begun"]);
    expect((await other).outcome).toEqual(ok("fine"));
    expect((await run("OwnLimit", {}, { memoryLimitMb: 64, isolation: "shared" })).outcome).toEqual(ok(1));
  });
}

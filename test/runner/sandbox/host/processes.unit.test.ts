import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { openProcesses, openSandbox } from "../../../../src/runner/sandbox/host/cells.ts";
import type { RunListener } from "../../../../src/runner/sandbox/sandbox.ts";
import { gone } from "../../../support/machines/alive.ts";
import { writeJobs } from "../../../support/app.ts";
import { listen } from "../../../support/listen.ts";
import { sandboxContract } from "../../../support/contracts/sandbox.ts";

const SOURCE = `
import fs from "node:fs";
import { spawn } from "node:child_process";
import zlib from "node:zlib";
const never = () => new Promise((resolve) => setTimeout(resolve, 100_000));
const job = (name, run) => defineJob({ name, run });
export const Aborts = job("Aborts", ({ logger }) => { logger.info("before"); process.abort(); });
export const Exits = job("Exits", ({ logger }) => { logger.info("before"); process.exit(7); });
export const Killed = job("Killed", ({ logger }) => { logger.info("before"); process.kill(process.pid, "SIGKILL"); for (;;); });
export const Waits = job("Waits", async ({ logger }) => { logger.info(String(process.pid)); await new Promise((resolve) => setTimeout(resolve, 60_000)); });
export const Loops = job("Loops", ({ logger }) => { logger.info(String(process.pid)); for (;;); });
export const Talks = job("Talks", ({ logger }) => { for (;;) logger.info(String(process.pid)); });
export const Parents = job("Parents", ({ logger }) => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
  logger.info(String(child.pid));
  for (;;);
});
export const LeavesChild = job("Leaves child", () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
  return child.pid;
});
export const Pid = job("Pid", () => process.pid);
const forged = (run) => JSON.stringify(["reply", { kind: "outcome", run, fit: true, outcome: { kind: "success", result: "forged" } }]) + "\\n";
export const Writes = job("Writes", async () => { fs.writeSync(3, "no record\\n"); await never(); });
export const WritesBack = job("Writes back", async () => { fs.writeSync(4, "anything"); await never(); });
export const Forges = job("Forges", async () => { fs.writeSync(3, forged(2)); await never(); });
export const Closes = job("Closes", async () => { fs.closeSync(3); await never(); });
export const ClosesAll = job("Closes all", async ({ logger }) => { for (let fd = 0; fd < 30; fd++) try { fs.closeSync(fd); } catch {} logger.info("said"); await never(); });
export const FloodsPipe = job("Floods pipe", () => { const much = Buffer.alloc(1 << 20, "x"); for (;;) try { fs.writeSync(3, much); } catch {} });
export const FloodsOutput = job("Floods output", () => { const much = Buffer.alloc(1 << 16, "x"); for (let n = 0; n < 100; n++) fs.writeSync(1, much); });
const keep = [];
export const Heap = job("Heap", () => { for (let n = 0; ; n++) keep.push({ n, text: "x" + n }); });
export const OneArray = job("One array", () => { keep.push(new Array(400_000_000).fill(1.1)); });
export const MapGrows = job("Map grows", () => { const map = new Map(); for (let n = 0; ; n++) map.set(n, n); });
export const Buffers = job("Buffers", () => { for (;;) keep.push(Buffer.alloc(1 << 24, 1)); });
export const Shared = job("Shared", () => { for (;;) keep.push(Buffer.from(new SharedArrayBuffer(1 << 24)).fill(1)); });
export const Doubles = job("Doubles", () => { for (let text = "x".repeat(1000); ; text += text) { keep.push(Buffer.from(text).latin1Slice()); } });
export const Zlib = job("Zlib", () => { for (;;) keep.push(zlib.createDeflate({ level: 9, memLevel: 9 })); });
export const Inflates = job("Inflates", async () => { for (;;) keep.push(zlib.gunzipSync(zlib.gzipSync(Buffer.alloc(1 << 26)))); });
export const OneBuffer = job("One buffer", () => { keep.push(Buffer.alloc(8e9, 1)); });
export const Children = job("Children", async ({ logger }) => {
  const source = "const keep = []; setInterval(() => keep.push(Buffer.alloc(1 << 23, 1)), 5)";
  for (let n = 0; n < 2; n++) logger.info(String(spawn(process.execPath, ["-e", source], { stdio: "ignore" }).pid));
  await never();
});
`;

const settings = {
  env: {},
  graceMs: 50,
  spares: 0,
  shared: 2,
  memoryLimitMb: 0,
  maxLines: 10_000_000,
  onOutput: () => undefined,
};

describe("processes", () => {
  sandboxContract((given) => openProcesses({ ...settings, ...given }));
});

async function setup(sandbox = openProcesses(settings)) {
  onTestFinished(() => sandbox.close());
  const file = join(await writeJobs({ "jobs.ts": SOURCE }), "jobs.ts");
  const run = async (
    exportName: string,
    {
      isolation = "run" as "process" | "run",
      memoryLimitMb = 0,
      signal = new AbortController().signal,
      ...on
    } = {} as Partial<RunListener> & {
      isolation?: "process" | "run";
      memoryLimitMb?: number;
      signal?: AbortSignal;
    },
  ) => {
    const { on: listener, ...said } = listen(on);
    const limits = { softMs: 60_000, hardMs: 120_000 };
    const task = { file, exportName, isolation, memoryLimitMb, data: {}, dryRun: false, limits, user: null };
    const outcome = await sandbox.run({ ...task, jobResult: { id: "r", name: exportName, token: "t" } }, listener, signal);
    return { outcome, lines: said.lines.map((line) => line.message) };
  };
  return { file, run, sandbox };
}

test.for([
  ["Aborts", "SIGABRT"],
  ["Killed", "SIGKILL"],
  ["Exits", "process.exit(7)"],
])("a process that ends ends its run alone, which says how: %s", async ([exportName, how]) => {
  const { run } = await setup();
  const [ended, other] = await Promise.all([run(exportName!), run("Pid")]);
  expect(ended).toMatchObject({ outcome: { excType: "JobEnded", excMessage: expect.stringContaining(how!) }, lines: ["before"] });
  expect(other.outcome.kind).toBe("success");
});

test.for([
  ["Writes", "it wrote a record that is not JSON"],
  ["WritesBack", "it wrote where it is only asked"],
  ["Forges", "it told the outcome of another run"],
  ["Closes", "it closed the way to the server"],
  ["ClosesAll", "signal SIG"],
  ["FloodsPipe", "it wrote a record of more than 49000000 bytes"],
])("a job that takes the sandbox's own descriptors ends its run alone, with a reason: %s", async ([exportName, why]) => {
  const { run } = await setup();
  const [ended, other] = await Promise.all([run(exportName!), run("Pid")]);
  expect(ended.outcome).toMatchObject({ kind: "failure", excMessage: expect.stringContaining(why!) });
  expect(other.outcome.kind).toBe("success");
});

test("a flood past the console ends in the server's log after a million characters", async () => {
  let output = "";
  const { run } = await setup(openProcesses({ ...settings, onOutput: (_stream, text) => void (output += text) }));
  expect((await run("FloodsOutput")).outcome.kind).toBe("success");
  expect(output.length).toBeLessThan(1_200_000);
  expect(output).toMatch(/dropped\.$/);
});

test("processes that a job started end with its run, however that ends", async () => {
  const { run } = await setup();
  const abort = new AbortController();
  const { lines } = await run("Parents", { signal: abort.signal, lines: async () => abort.abort(new Error("enough")) });
  expect(await gone(Number(lines[0]))).toBe(true);
  const { outcome } = await run("LeavesChild");
  expect(await gone((outcome as { result: number }).result)).toBe(true);
});

test.for(["Heap", "OneArray", "MapGrows", "Buffers", "Shared", "Doubles", "Zlib", "Inflates", "OneBuffer", "Children"])(
  "memory that passes the limit is told as that, whoever takes it: %s",
  async (exportName) => {
    const { run } = await setup();
    const { outcome, lines } = await run(exportName, { memoryLimitMb: 64 });
    expect(outcome).toMatchObject({
      excType: "MemoryLimitExceeded",
      excMessage: "The job was ended: it took more memory than its limit of 64 MiB.",
    });
    for (const pid of lines) expect(await gone(Number(pid))).toBe(true);
  },
);

test("a file that takes all memory when it is loaded is told as an error, and others load", async () => {
  const { sandbox, file } = await setup(openProcesses({ ...settings, memoryLimitMb: 96 }));
  const root = await writeJobs({
    "a.ts": "const keep = []; for (;;) keep.push(Buffer.alloc(1 << 24, 1));",
    "b.ts": "const keep = new Array(400_000_000).fill(1.1);",
  });
  const error = "The job was ended: it took more memory than its limit of 96 MiB.";
  expect(await sandbox.describe([join(root, "a.ts"), join(root, "b.ts"), file])).toEqual([
    { error },
    { error },
    { jobs: expect.any(Array) },
  ]);
});

/** Ids of the processes that wait for a run of ours. */
const spares = () =>
  execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes("sandbox/entry.js"))
    .map((line) => Number.parseInt(line, 10));

test("a spare that dies while it waits is not given to a run", async () => {
  const { run } = await setup(openProcesses({ ...settings, spares: 1 }));
  await expect.poll(spares).toHaveLength(1);
  const [pid] = spares();
  process.kill(pid!, "SIGKILL");
  await gone(pid!);
  // Its end is known to the system; a few turns later it is known here.
  for (let n = 0; n < 20; n++) await setImmediate();
  expect((await run("Pid")).outcome).toEqual({ kind: "success", result: expect.any(Number) });
});

test("threads hand over the jobs that ask for a process", async () => {
  const { run } = await setup(openSandbox("thread", { ...settings, spares: 1 }));
  const pids = [await run("Pid"), await run("Pid", { isolation: "process" })];
  const own = pids.map(({ outcome }) => (outcome as { result: number }).result === process.pid);
  expect(own).toEqual([true, false]);
});

test.for(["Waits", "Talks", "Loops", "Parents"])("a process whose server was killed ends by itself: %s", async (exportName) => {
  const { file } = await setup();
  const server = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(new URL("../../../support/machines/orphan.ts", import.meta.url)),
      file,
      exportName,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [pid] = await once(server.stdout.setEncoding("utf8"), "data");
  server.kill("SIGKILL");
  expect(await gone(Number.parseInt(pid as string, 10))).toBe(true);
});

const descriptors = async () => (await readdir("/dev/fd")).length;

test("runs leave no descriptor open, however they end", async () => {
  const { run } = await setup();
  const rounds = async (count: number) => {
    for (let n = 0; n < count; n++) await Promise.all(["Pid", "Exits", "LeavesChild", "Killed"].map((name) => run(name)));
  };
  await rounds(1);
  const before = await descriptors();
  await rounds(5);
  await expect.poll(descriptors).toBeLessThanOrEqual(before);
});

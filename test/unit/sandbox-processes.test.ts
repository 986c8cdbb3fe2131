import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { openProcesses, openSandbox } from "../../src/runner/sandbox/cells.ts";
import type { RunListener } from "../../src/runner/sandbox.ts";
import { gone } from "../support/alive.ts";
import { writeJobs } from "../support/app.ts";
import { listen } from "../support/listen.ts";
import { sandboxContract } from "../support/sandbox-contract.ts";

const SOURCE = `
import { spawn } from "node:child_process";
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
export const Heap = job("Heap", () => { const keep = []; for (let n = 0; ; n++) keep.push({ n, text: "x" + n }); });
`;

const settings = { env: {}, graceMs: 50, spares: 0, shared: 2, memoryLimitMb: 0, onOutput: () => undefined };

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

test("processes that a job started end with its run, however that ends", async () => {
  const { run } = await setup();
  const abort = new AbortController();
  const { lines } = await run("Parents", { signal: abort.signal, lines: async () => abort.abort(new Error("enough")) });
  expect(await gone(Number(lines[0]))).toBe(true);
  const { outcome } = await run("LeavesChild");
  expect(await gone((outcome as { result: number }).result)).toBe(true);
});

test("a heap that is full is a limit that was reached, not a signal", async () => {
  const { run } = await setup();
  expect((await run("Heap", { memoryLimitMb: 64 })).outcome).toMatchObject({ excType: "MemoryLimitExceeded" });
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
    ["--disable-warning=ExperimentalWarning", fileURLToPath(new URL("../support/orphan.ts", import.meta.url)), file, exportName],
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

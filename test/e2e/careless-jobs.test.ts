import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { gone } from "../support/machines/alive.ts";
import { scratchFolder, startServer } from "../support/machines/process.ts";

const KEY = "given-key-0123456789";
const JOBS = String.raw`import { defineJob } from "jobgraph";
import fs from "node:fs";
import net from "node:net";
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import zlib from "node:zlib";
const job = (name, run, more = {}) => defineJob({ name, run, enabled: true, ...more });
const brief = { timeLimit: 1 };
const keep = [];

export const SmallObjects = job("Small objects", () => { for (let n = 0; ; n++) keep.push({ n, text: "x" + n }); });
export const OneArray = job("One array", () => { keep.push(new Array(400_000_000).fill(1.1)); });
export const Buffers = job("Buffers", () => { for (;;) keep.push(Buffer.alloc(1 << 24, 1)); });
export const Doubles = job("Doubles", () => { for (let text = "x".repeat(1000); ; text += text) keep.push(Buffer.from(text).latin1Slice()); });
export const Native = job("Native", () => { for (;;) keep.push(zlib.createDeflate({ level: 9, memLevel: 9 })); });
export const ChildMemory = job("Child memory", () => {
  spawn(process.execPath, ["-e", "const keep = []; setInterval(() => keep.push(Buffer.alloc(1 << 23, 1)), 5)"]);
  return delay(100_000);
});

export const Loops = job("Loops", () => { for (;;); }, brief);
export const LoopsAwaiting = job("Loops awaiting", async () => { for (;;) await null; }, brief);
export const LoopsSleeping = job("Loops sleeping", async () => { for (;;) await delay(1); }, brief);
export const NeverSettles = job("Never settles", () => new Promise(() => {}));
export const EndlessFile = job("Endless file", ({ createFile }) => createFile("f", (async function* () { for (;;) { await delay(1); yield ""; } })()), brief);
export const ToJsonLoops = job("toJSON loops", () => ({ toJSON() { for (;;); } }), brief);
export const IgnoresSignals = job("Ignores signals", async ({ signal }) => {
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => {});
  signal.addEventListener("abort", () => {});
  await delay(100_000);
}, brief);

export const ExitsWell = job("Exits well", () => process.exit(0));
export const ExitsBadly = job("Exits badly", () => process.exit(7));
export const ExitHandler = job("Exit handler", () => { process.on("exit", () => { for (;;); }); process.exit(3); }, brief);
export const KillsItself = job("Kills itself", () => { process.kill(process.pid, "SIGKILL"); for (;;); });
export const KillsServer = job("Kills server", () => process.kill(process.ppid, "SIGKILL"));
export const KillsAll = job("Kills all", () => process.kill(-1, "SIGKILL"));
export const KillsGroup = job("Kills group", () => { process.kill(0, "SIGKILL"); for (;;); });
export const Aborts = job("Aborts", () => process.abort());

export const DeepResult = job("Deep result", () => { let value = []; for (let n = 0; n < 2000; n++) value = [value]; return value; });
export const HugeResult = job("Huge result", () => "x".repeat(9_000_000).match(/.{1,1000000}/g).concat("y".repeat(9_000_000)));
export const GetterThrows = job("Getter throws", () => ({ get a() { throw new Error("in a getter"); } }));
export const ThrowsBare = job("Throws bare", () => { throw Object.create(null); });
export const ThrowsNothing = job("Throws nothing", () => { throw undefined; });
export const Forgets = job("Forgets", async () => { Promise.reject(new Error("nobody looked")); await delay(50); });

export const Forges = job("Forges", async () => {
  fs.writeSync(3, JSON.stringify(["reply", { kind: "outcome", run: 9, fit: true, outcome: { kind: "success", result: 1 } }]) + "\n");
  await delay(100_000);
});
export const WritesBack = job("Writes back", async () => { fs.writeSync(4, "x"); await delay(100_000); });
export const FloodsPipe = job("Floods pipe", () => { const much = Buffer.alloc(1 << 20, "x"); for (;;) try { fs.writeSync(3, much); } catch {} });
export const ClosesPipes = job("Closes pipes", async () => { for (let fd = 0; fd < 30; fd++) try { fs.closeSync(fd); } catch {} await delay(100_000); });
export const PatchesBuiltins = job("Patches built-ins", ({ logger }) => { Array.prototype.toJSON = () => "x"; logger.info("said"); });
export const PatchesGlobals = job("Patches globals", ({ logger }) => {
  Date.now = () => NaN; JSON.stringify = () => ""; globalThis.Buffer = null; globalThis.setTimeout = null;
  Object.prototype.kind = "ready"; logger.info("said"); return "fine";
});

export const FloodsLines = job("Floods lines", ({ logger }) => { for (let n = 0; ; n++) logger.info(String(n)); });
export const FloodsConsole = job("Floods console", () => { for (let n = 0; ; n++) console.log(n); });
export const FloodsProgress = job("Floods progress", ({ progress }) => { for (let n = 0; ; n++) progress(n); }, brief);
export const FloodsFiles = job("Floods files", async ({ createFile }) => { for (;;) await createFile("empty", ""); });
export const FillsDisk = job("Fills disk", ({ createFile }) => createFile("big", (async function* () { for (;;) yield Buffer.alloc(1 << 16); })()));
export const FloodsOutput = job("Floods output", () => { const much = Buffer.alloc(1 << 16, "x"); for (let n = 0; n < 200; n++) fs.writeSync(1, much); return "fine"; });

export const Forks = job("Forks", async ({ logger }) => {
  for (let n = 0; n < 5; n++) logger.info(String(spawn("/bin/sh", ["-c", "sleep 100 & (sleep 100 & sleep 100) & wait"], { stdio: "ignore" }).pid));
  return "fine";
});
export const ForksOn = job("Forks on", async () => {
  // Two hundred and fifty at most, here too.
  for (let n = 0; n < 250; n++) { spawn("sleep", ["100"], { stdio: "ignore" }); if (n % 10 === 0) await delay(1); }
  await delay(100_000);
});
export const LeavesSocket = job("Leaves socket", async () => { const server = net.createServer().listen(0, "127.0.0.1"); await delay(10); net.connect(server.address().port); return "fine"; });
export const LeavesTimer = job("Leaves timer", () => { setInterval(() => {}, 1); return "fine"; });

export const Innocent = job("Innocent", ({ logger }) => { logger.info("here"); return "fine"; });
`;

/** The reason that is recorded for each, and "fine" for those that do no harm. */
const REASONS: Readonly<Record<string, string>> = {
  SmallObjects: "took more memory than its limit of 96 MiB",
  OneArray: "took more memory than its limit of 96 MiB",
  Buffers: "took more memory than its limit of 96 MiB",
  Doubles: "took more memory than its limit of 96 MiB",
  Native: "took more memory than its limit of 96 MiB",
  ChildMemory: "took more memory than its limit of 96 MiB",
  Loops: "ran longer than its time limit of 1 s",
  LoopsAwaiting: "ran longer than its time limit of 1 s",
  LoopsSleeping: "ran longer than its time limit of 1 s",
  NeverSettles: "waits for a promise that nothing can settle",
  EndlessFile: "ran longer than its time limit of 1 s",
  ToJsonLoops: "ran longer than its time limit of 1 s",
  IgnoresSignals: "ran longer than its time limit of 1 s",
  ExitsWell: "called process.exit(0)",
  ExitsBadly: "called process.exit(7)",
  ExitHandler: "ran longer than its time limit of 1 s",
  KillsItself: "signal SIGKILL: it or another process killed it",
  KillsServer: "A job may not end the server",
  KillsAll: "A job may not end the server",
  KillsGroup: "signal SIGKILL: it or another process killed it",
  Aborts: "signal SIGABRT: it called process.abort()",
  DeepResult: "result is nested deeper than 500",
  HugeResult: "16000000 can be kept",
  GetterThrows: "in a getter",
  ThrowsBare: "The job threw a value that cannot be read",
  ThrowsNothing: "threw undefined",
  Forgets: "nobody looked",
  Forges: "it told the outcome of another run",
  WritesBack: "it wrote where it is only asked",
  FloodsPipe: "it wrote a record of more than 49000000 bytes",
  ClosesPipes: "signal SIG",
  PatchesBuiltins: "Code of the job has changed a built-in object",
  PatchesGlobals: "fine",
  FloodsLines: "said more than 5000 lines, the most that MAX_RUN_LINES allows",
  FloodsConsole: "printed more than 5000 times, the most that MAX_RUN_LINES allows",
  FloodsProgress: "ran longer than its time limit of 1 s",
  FloodsFiles: "20 files already, the most that MAX_RUN_FILES allows",
  FillsDisk: "larger than 1000000 bytes, the most that MAX_FILE_BYTES allows",
  FloodsOutput: "fine",
  Forks: "fine",
  ForksOn: "had more than 200 processes",
  LeavesSocket: "fine",
  LeavesTimer: "fine",
};

const RUN = `mutation ($job: String!) { run_job(class_path: $job) { id } }`;
const RESULT = `query ($id: ID!) { job_result(id: $id) { status result error { message } job_log_entries { message } } }`;
const READS = [`{ jobs(limit: 5) { name } }`, `{ job_results(limit: 5, sort: ["-date_created"]) { id status } }`];

test("careless and hostile jobs end with a reason, and the server goes on", async () => {
  const folder = await scratchFolder();
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  const server = await startServer({
    DATABASE_URL: `sqlite:${join(folder, "db")}`,
    JOBS_ROOT: join(folder, "jobs"),
    FILES_ROOT: join(folder, "files"),
    ADMIN_TOKEN: KEY,
    LOG_LEVEL: "warn",
    MEMORY_LIMIT_MB: "96",
    MAX_RUN_LINES: "5000",
    MAX_RUN_FILES: "20",
    MAX_FILE_BYTES: "1000000",
    CANCEL_GRACE_MS: "200",
  });
  const { client } = server;
  const end = async (job: string) => {
    const { run_job } = await client.query(RUN, { job: `own.${job}` });
    await client.followLog(run_job.id);
    return (await client.query(RESULT, run_job)).job_result;
  };

  let answered = 0;
  const over = new AbortController();
  /** A client that has nothing to do with any of this. */
  const innocent = (async () => {
    while (!over.signal.aborted) {
      await client.query(READS[answered % READS.length]!);
      answered += 1;
      await delay(5);
    }
  })();

  innocent.catch(() => undefined);

  const reasons = Object.fromEntries(
    await Promise.all(
      Object.keys(REASONS).map(async (job) => {
        const { status, result, error, job_log_entries } = await end(job);
        if (job === "Forks") for (const { message } of job_log_entries) await gone(Number(message));
        if (job === "FloodsLines") expect(job_log_entries.at(-1)!.message).toBe("4999");
        return [job, status === "SUCCESS" ? result : error.message] as const;
      }),
    ),
  );
  const expected = Object.entries(REASONS).map(([job, reason]) => [job, expect.stringContaining(reason)]);
  expect(reasons).toEqual(Object.fromEntries(expected));

  over.abort();
  await innocent;
  expect(answered).toBeGreaterThan(Object.keys(REASONS).length);
  expect((await end("Innocent")).result).toBe("fine");
  expect(server.output()).not.toMatch(/uncaught|unhandled/i);
  expect(await server.stop()).toBe(0);
});

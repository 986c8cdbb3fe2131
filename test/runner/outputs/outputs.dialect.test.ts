import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../../src/entities/database.ts";
import { newId } from "../../../src/entities/new-id.ts";
import { createFileStore } from "../../../src/runner/outputs/files.ts";
import { openTestApp, type TestApp } from "../../support/app.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { recorder } from "../../support/recorder.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "leaves.ts": String.raw`
import { setTimeout as delay } from "node:timers/promises";
import { JobFailure } from "jobgraph";
const job = (name, run, more = {}) => defineJob({ name, enabled: true, run, ...more });
export const Prints = job("Prints", async ({ logger }) => {
  console.log("a");
  console.log("b");
  console.error("c");
  logger.info("a line");
  process.stdout.write("d\0");
}, { consoleLogDefault: true });
export const Quiet = job("Quiet", () => { console.log("for the log"); });
export const Floods = job("Floods", () => { for (let n = 1; n <= 30_000; n++) (n % 10 ? console.log : console.error)(n); }, { consoleLogDefault: true });
export const Steps = job("Steps", async ({ progress }) => {
  for (let n = 1; n <= 400; n++) { progress(n, 400, "step " + n); await delay(1); }
});
export const Holds = job("Holds", async ({ progress, signal }) => {
  progress(1, 400);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
});
export const Spins = job("Spins", ({ progress }) => { for (let n = 1; n <= 100_000; n++) progress(n); });
export const Silent = job("Silent", () => {});
export const Leaves = job("Leaves", async ({ createFile, logger }) => {
  const file = await createFile("Zürich & Söhne.csv", "a;b\n1;2\n");
  logger.info("stored " + file.id);
  return file;
});
export const Empties = job("Empties", async ({ createFile }) => { for (;;) await createFile("empty", ""); });
export const Large = job("Large", async ({ createFile }) => {
  await createFile("fits", Buffer.alloc(1000));
  await createFile("large", Buffer.alloc(1001));
});
export const Many = job("Many", async ({ createFile }) => {
  await createFile("too large", Buffer.alloc(1001)).catch(() => {});
  for (let n = 1; n <= 4; n++) await createFile("f" + n, Buffer.alloc(900, n));
});
export const CutOff = job("Cut off", async ({ createFile }) => {
  await createFile("cut", (async function* () { yield "a"; for (;;); })());
}, { timeLimit: 0.5 });
export const Path = job("Path", async ({ createFile }) => { await createFile("../../etc/passwd", "x"); });
export const Sentence = job("Sentence", () => { throw new JobFailure("There is no such site."); });
export const Hungry = job("Hungry", ({ logger }) => { logger.info("begun"); const keep = []; for (;;) keep.push(Buffer.alloc(1 << 20, 1)); }, { memoryLimitMb: 64 });
`,
};

const LEAVES = `query ($id: ID!) { job_result(id: $id) {
  traceback
  progress { done total message }
  job_console_entries { sequence output_type text timestamp }
  files { id name size download_url job_result { id } }
} }`;

async function leave(app: TestApp, exportName: string) {
  const run = await runToEnd(app.client, `leaves.${exportName}`);
  return { ...run, ...(await app.client.query(LEAVES, { id: run.id })).job_result };
}

describe("the console", () => {
  test("is kept in order with a run that has console_log", async () => {
    const app = await openTestApp(JOBS);
    const run = await leave(app, "Prints");
    const entries = run.job_console_entries as { sequence: number; output_type: string; text: string; timestamp: string }[];
    expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, n) => n + 1));
    // Writes that come in a burst may be one entry.
    const of = (type: string) => entries.filter((entry) => entry.output_type === type).map(({ text }) => text);
    expect([of("STDOUT").join(""), of("STDERR").join("")]).toEqual(["a\nb\nd␀", "c\n"]);
    expect(entries.map(({ text }) => text).join("")).toBe("a\nb\nc\nd␀");
    expect(Math.abs(Date.parse(entries[0]!.timestamp) - Date.now())).toBeLessThan(60_000);
    const kept = await app.client.query(`{ job_console_entries(sort: ["sequence"], q: "c") { text job_result { id } } }`);
    expect(kept.job_console_entries).toEqual([{ text: "c\n", job_result: { id: run.id } }]);
    expect(JSON.stringify(app.logged)).not.toContain("stdout");
  });

  test("goes to the server's log otherwise, and names its run there", async () => {
    const app = await openTestApp(JOBS);
    const run = await leave(app, "Quiet");
    expect(run.job_console_entries).toEqual([]);
    expect(app.logged).toContainEqual(expect.objectContaining({ stream: "stdout", job_result: run.id, msg: "for the log" }));
  });

  test("loses nothing of a flood", async () => {
    const app = await openTestApp(JOBS);
    const { id } = await runToEnd(app.client, "leaves.Floods");
    const { job_console_entries: entries } = await app.client.query(
      `query ($id: [String]) { job_console_entries(job_result: $id, limit: 10000, sort: ["sequence"]) { sequence output_type text } }`,
      { id: [id] },
    );
    expect(entries.map((entry) => entry.sequence)).toEqual(entries.map((_: unknown, n: number) => n + 1));
    expect(entries.map((entry) => entry.text).join("")).toBe(Array.from({ length: 30_000 }, (_, n) => `${n + 1}\n`).join(""));
  });
});

describe("progress", () => {
  test("is stored some ten times a second, the last one always, and null when nothing was said", async () => {
    const app = await openTestApp(JOBS);
    const started = performance.now();
    const run = await leave(app, "Steps");
    expect(run.progress).toEqual({ done: 400, total: 400, message: "step 400" });
    expect(performance.now() - started).toBeGreaterThan(400);
    expect((await leave(app, "Silent")).progress).toBeNull();
    expect((await leave(app, "Spins")).progress).toEqual({ done: 100_000, total: null, message: "" });
  });

  test("is seen while the job runs", async () => {
    const app = await openTestApp(JOBS);
    const { run_job } = await app.client.query(`mutation { run_job(class_path: "leaves.Holds") { id } }`);
    const seen = async () => (await app.client.query(LEAVES, { id: run_job.id })).job_result.progress;
    await expect.poll(seen).toEqual({ done: 1, total: 400, message: "" });
    await app.client.query(`mutation ($id: ID!) { cancel_job_result(id: $id) { id } }`, run_job);
    await app.client.followLog(run_job.id);
  });
});

describe("files", () => {
  const caps = { maxFileBytes: 1000, maxRunFilesBytes: 3000 };

  test("are rows and files on disk, named by their id", async () => {
    const app = await openTestApp(JOBS);
    const run = await leave(app, "Leaves");
    expect(run.files).toEqual([
      {
        id: run.result.id,
        name: "Zürich & Söhne.csv",
        size: 8,
        download_url: `/api/extras/file-proxies/${run.result.id}/download/`,
        job_result: { id: run.id },
      },
    ]);
    expect(run.lines[0]!.message).toBe(`stored ${run.result.id}`);
    expect(await readdir(app.config.filesRoot)).toEqual([run.result.id]);
    expect(await readFile(join(app.config.filesRoot, run.result.id), "utf8")).toBe("a;b\n1;2\n");
  });

  test("have a largest number in a run", async () => {
    const app = await openTestApp(JOBS, { maxRunFiles: 2 });
    const run = await leave(app, "Empties");
    expect(run.error).toMatchObject({
      type: "TooManyFiles",
      message: "The run has 2 files already, the most that MAX_RUN_FILES allows.",
    });
    expect(run.files).toHaveLength(2);
  });

  test("have a largest size, each and those of a run together; nothing is left of a file that is not whole", async () => {
    const app = await openTestApp(JOBS, caps);
    const large = await leave(app, "Large");
    expect(large.error).toMatchObject({
      type: "FileTooLarge",
      message: `The file "large" is larger than 1000 bytes, the most that MAX_FILE_BYTES allows.`,
    });
    expect(large.files.map((file) => file.name)).toEqual(["fits"]);
    const many = await leave(app, "Many");
    expect(many.error!.message).toContain(`With the file "f4"`);
    expect(many.error!.message).toContain("3000 bytes together, the most that MAX_RUN_FILES_BYTES allows");
    expect(many.files.map((file) => file.name)).toEqual(["f1", "f2", "f3"]);
    const cut = await leave(app, "CutOff");
    expect([cut.error!.type, cut.files]).toEqual(["TimeLimitExceeded", []]);
    expect((await leave(app, "Path")).error!.type).toBe("TypeError");
    expect(await readdir(app.config.filesRoot)).toHaveLength(4);
  });

  test("that cannot be stored fail their run", async () => {
    const app = await openTestApp(JOBS);
    await writeFile(app.config.filesRoot, "no folder");
    expect((await leave(app, "Leaves")).error).toMatchObject({
      type: "FileStorageError",
      message: expect.stringMatching(/^The file "Zürich & Söhne.csv" could not be stored: E[A-Z]+\.$/),
    });
  });

  test("that no row knows of are swept after a day", async () => {
    const app = await openTestApp(JOBS);
    const { result } = await leave(app, "Leaves");
    const root = app.config.filesRoot;
    const old = newId().replace(/^.{8}/, "0190a000");
    for (const name of [old, `${old}.part`, `${newId()}.part`, "README"]) await writeFile(join(root, name), "x");
    await utimes(join(root, "README"), 0, 0);
    const database = await openDatabase(app.config.databaseUrl);
    const files = createFileStore({ database, recorder, root, maxBytes: 1, maxRunBytes: 1, maxRunFiles: 1 });
    await files.sweep();
    const left = await readdir(root);
    expect(left).toHaveLength(3);
    expect(left).toEqual(expect.arrayContaining([result.id, "README"]));
    await database.close();
  });

  test("a row of an old file keeps it", async () => {
    const database = await openDatabase(await freshDatabaseUrl());
    const app = await openTestApp(JOBS);
    const root = app.config.filesRoot;
    const old = newId().replace(/^.{8}/, "0190a000");
    await leave(app, "Leaves");
    await writeFile(join(root, old), "x");
    const uploaded = new Date().toISOString();
    await database.rows.insertInto("file_proxy").values({ id: old, name: "old", size: 1, uploaded_at: uploaded }).execute();
    await createFileStore({ database, recorder, root, maxBytes: 1, maxRunBytes: 1, maxRunFiles: 1 }).sweep();
    expect(await readdir(root)).toContain(old);
    await database.close();
  });
});

test("a JobFailure leaves a sentence and no traceback", async () => {
  const run = await leave(await openTestApp(JOBS), "Sentence");
  expect(run).toMatchObject({
    status: "FAILURE",
    error: { type: "JobFailure", message: "There is no such site.", traceback: null },
  });
});

test("a job that takes too much memory fails, and the server goes on", async () => {
  const app = await openTestApp(JOBS);
  const run = await leave(app, "Hungry");
  expect(run).toMatchObject({
    status: "FAILURE",
    error: { type: "MemoryLimitExceeded", message: expect.stringContaining("64 MiB") },
    lines: [{ message: "begun" }],
  });
  expect((await leave(app, "Silent")).status).toBe("SUCCESS");
});

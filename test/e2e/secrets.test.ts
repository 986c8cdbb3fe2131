import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

const KEY = "given-key-0123456789";
const JOBS = String.raw`import { defineJob } from "jobgraph";
import fs from "node:fs";
import { execFileSync } from "node:child_process";
const attempt = (act) => { try { return String(act()); } catch (error) { return error.code ?? error.message; } };
const texts = () => ["self", process.ppid].flatMap((pid) => ["environ", "cmdline"].map((name) => attempt(() => fs.readFileSync("/proc/" + pid + "/" + name, "latin1"))));
export const Reads = defineJob({ name: "Reads", enabled: true, run: () => [JSON.stringify(process.env), ...texts()] });
export const Attacks = defineJob({ name: "Attacks", enabled: true, run: () => ({
  uid: process.getuid(), groups: process.getgroups(),
  environ: attempt(() => fs.readFileSync("/proc/" + process.ppid + "/environ")),
  memory: attempt(() => fs.openSync("/proc/" + process.ppid + "/mem")),
  descriptors: attempt(() => fs.readdirSync("/proc/" + process.ppid + "/fd")),
  key: attempt(() => fs.readFileSync(process.env.SECRET_KEY_FILE)),
  kill: attempt(() => execFileSync("/bin/sh", ["-c", "kill -KILL " + process.ppid], { stdio: "pipe" })),
}) });
`;

async function start(env: Record<string, string> = {}) {
  const folder = await scratchFolder();
  await chmod(folder, 0o755);
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  return startServer({
    DATABASE_URL: `sqlite:${join(folder, "database-file")}`,
    JOBS_ROOT: join(folder, "jobs"),
    FILES_ROOT: join(folder, "files"),
    SECRET_KEY_FILE: join(folder, "secret-key"),
    ADMIN_TOKEN: KEY,
    WEBHOOK_SECRET: "webhook-secret-0123456789",
    ...env,
  });
}

async function resultOf({ client }: ServerProcess, job: string) {
  const { run_job } = await client.query(`mutation ($job: String!) { run_job(class_path: $job) { id } }`, { job: `own.${job}` });
  await client.followLog(run_job.id);
  return (await client.query(`query ($id: ID!) { job_result(id: $id) { result } }`, run_job)).job_result.result;
}

test("the environment of the server, as the system shows it, holds no secret", async () => {
  const server = await start();
  const texts = (await resultOf(server, "Reads")) as string[];
  expect(texts).toHaveLength(5);
  expect(texts[3]).toContain("JOBS_ROOT=");
  expect(texts.filter((text) => /given-key|webhook-secret|database-file/.test(text))).toEqual([]);
  expect(await server.stop()).toBe(0);
});

test.runIf(process.getuid?.() === 0)("jobs of another user can neither read the server nor end it", async () => {
  const server = await start({ JOBS_USER: "65534:65534" });
  expect(await resultOf(server, "Attacks")).toEqual({
    uid: 65_534,
    groups: [65_534],
    environ: "EACCES",
    memory: "EACCES",
    descriptors: "EACCES",
    key: "EACCES",
    kill: expect.stringMatching(/not permitted/),
  });
  expect(await resultOf(server, "Reads")).toHaveLength(5);
  expect(await server.stop()).toBe(0);
});

test("a signal does not open the server's debugger", async () => {
  const server = await start();
  server.process.kill("SIGUSR1");
  expect(await resultOf(server, "Reads")).toHaveLength(5);
  expect(server.output()).not.toContain("Debugger");
});

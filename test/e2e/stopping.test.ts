import { once } from "node:events";
import { chmod, chown, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder, spawnServer, startServer } from "../support/machines/process.ts";

const JOBS = `import { defineJob } from "jobgraph";
export const Stays = defineJob({ name: "Stays", enabled: true, async run({ logger }) { logger.info("here"); await new Promise(() => setInterval(() => {}, 1000)); } });
`;

async function environment(): Promise<Record<string, string>> {
  const folder = await scratchFolder();
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  return {
    DATABASE_URL: `sqlite:${folder}/data/jobgraph.db`,
    JOBS_ROOT: join(folder, "jobs"),
    FILES_ROOT: join(folder, "files"),
    SECRET_KEY: "a secret key of the tests, all the same",
    ADMIN_TOKEN: "given-key-0123456789",
    LOG_LEVEL: "silent",
  };
}

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("a second %s while the server stops ends it at once, and says so", async (signal, code) => {
  const server = await startServer({ ...(await environment()), SHUTDOWN_GRACE_MS: "3600000" });
  const { run_job } = await server.client.query(`mutation { run_job(class_path: "own.Stays") { id } }`);
  await server.client.followLog(run_job.id, { limit: 1 });
  const ended = once(server.process, "exit");
  server.process.kill("SIGTERM");
  await expect.poll(server.output).toContain("SIGTERM: stopping.");
  // The same wish may come twice; one that comes later is another.
  const repeated = setInterval(() => server.process.kill(signal), 100);
  expect(await ended).toEqual([code, null]);
  clearInterval(repeated);
  expect(server.output()).toContain(`${signal} again: ending at once.`);
});

const NOBODY = 65_534;

test.runIf(process.getuid?.() === 0).each(["file", "folder"])(
  "a database whose %s can only be read is told in a sentence at the start",
  async (what) => {
    const env = await environment();
    const folder = env["DATABASE_URL"]!.slice("sqlite:".length, -"/jobgraph.db".length);
    const first = await startServer(env);
    await first.stop();
    for (const name of await readdir(folder)) {
      await chown(join(folder, name), NOBODY, NOBODY);
      await chmod(join(folder, name), what === "file" ? 0o444 : 0o644);
    }
    await chown(folder, what === "file" ? NOBODY : 0, 0);
    await chmod(join(folder, ".."), 0o755);
    const child = spawnServer(env, { uid: NOBODY });
    let output = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    expect((await once(child, "exit"))[0]).toBe(1);
    expect(output).toMatch(/^DATABASE_URL: .+\.?\n$/);
  },
);

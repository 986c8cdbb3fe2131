import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { gone } from "../support/machines/alive.ts";
import { reaches, start } from "../support/control.ts";
import { createPostgresqlUrl } from "../support/database.ts";
import { databaseKinds } from "../support/full.ts";
import { scratchFolder, startServer } from "../support/machines/process.ts";

const postgresqlUrl = inject("postgresqlUrl");

/** Jobs that go on for a minute, with an effect each 20 ms that nobody can take back; the second attempt of the last ends at once. */
const jobs = (marks: string) => `import { appendFileSync, readFileSync } from "node:fs";
import { defineJob } from "jobgraph";
const job = (name, more) => defineJob({ name, enabled: true, ...more, async run({ logger }) {
  const before = readFileSync(${JSON.stringify(marks)}, "utf8");
  appendFileSync(${JSON.stringify(marks)}, name + " begins\\n");
  if (before.includes(name + " begins")) return "again";
  logger.info("pid " + process.pid);
  for (let n = 1; n <= 3000; n++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    appendFileSync(${JSON.stringify(marks)}, name + "\\n");
    if (n % 10 === 0) logger.info("line " + n);
  }
} });
export const Goes = job("Goes", {});
export const Retries = job("Retries", { retry: { limit: 1, backoff: 0 } });
`;

const RUN = `query ($id: ID!) { job_result(id: $id) { status result error { type } attempt error_log_count info_log_count job_log_entries { sequence message } } }`;

test.for(databaseKinds("sqlite"))(
  "a server settles the runs of one that is frozen beside it, which ends its jobs when it wakes, and goes on: %s",
  { timeout: 300_000 },
  async (kind) => {
    const folder = await scratchFolder();
    const marks = join(folder, "marks");
    await mkdir(join(folder, "jobs"));
    await writeFile(marks, "");
    await writeFile(join(folder, "jobs", "own.ts"), jobs(marks));
    const url = kind === "sqlite" ? `sqlite:${folder}/jobgraph.db` : await createPostgresqlUrl(postgresqlUrl!);
    const env = {
      DATABASE_URL: url,
      JOBS_ROOT: join(folder, "jobs"),
      ADMIN_TOKEN: "given-key-0123456789",
      SECRET_KEY: "a secret key that both servers share",
      WORKER_LEASE_SECONDS: "2",
      LOG_LEVEL: "warn",
    };
    const frozen = await startServer(env);
    const other = await startServer(env);
    const ids = [await start(frozen.client, "own.Goes"), await start(frozen.client, "own.Retries")];
    const pids: number[] = [];
    for (const id of ids) {
      const [line] = await frozen.client.followLog(id, { limit: 1 });
      pids.push(Number(/^pid (\d+)$/.exec(line!.message)![1]));
    }

    frozen.process.kill("SIGSTOP");
    await reaches(other.client, ids[0]!, "FAILURE");
    await reaches(other.client, ids[1]!, "SUCCESS");
    frozen.process.kill("SIGCONT");
    // They went on while the server was frozen, and would for a minute.
    for (const pid of pids) await gone(pid);
    await expect.poll(() => frozen.output()).toContain("a run was no longer this worker's when it ended");
    const read = async (id: string) => (await other.client.query(RUN, { id })).job_result;
    const [lost, retried] = [await read(ids[0]!), await read(ids[1]!)];
    expect(lost).toMatchObject({ status: "FAILURE", attempt: 1, error: { type: "WorkerLost" }, error_log_count: 1 });
    expect(retried).toMatchObject({ status: "SUCCESS", attempt: 2, result: "again" });
    for (const { job_log_entries: lines, error_log_count, info_log_count } of [lost, retried]) {
      expect(lines.map((line) => line.sequence)).toEqual(lines.map((_: unknown, n: number) => n + 1));
      expect(error_log_count + info_log_count).toBe(lines.length);
    }
    const effects = (await readFile(marks, "utf8")).split("\n");
    expect(effects.filter((line) => line === "Goes begins")).toHaveLength(1);
    expect(effects.filter((line) => line === "Retries begins")).toHaveLength(2);

    // It is one of them again.
    const next = await start(frozen.client, "own.Goes");
    expect(await reaches(frozen.client, next, "SUCCESS")).toMatchObject({ attempt: 1, result: "again" });
    expect(await Promise.all([frozen.stop(), other.stop()])).toEqual([0, 0]);
  },
);

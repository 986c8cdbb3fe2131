import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { post } from "../support/client.ts";
import { sized } from "../support/full.ts";
import { runToEnd } from "../support/runs.ts";
import { scratchFolder, spawnServer, startServer } from "../support/machines/process.ts";

const JOBS = `import { defineJob, z } from "jobgraph";
export const Lines = defineJob({ name: "Two hundred lines", enabled: true, async run({ logger }) {
  for (let n = 1; n <= 200; n++) { logger.info("line " + n); if (n % 20 === 0) await new Promise((r) => setTimeout(r, 2)); }
} });
export const Short = defineJob({ name: "Short", enabled: true, variables: z.object({ end: z.enum(["return", "throw", "exit"]) }), run({ logger, data }) {
  logger.info("1"); logger.info("2"); logger.info("3");
  if (data.end === "throw") throw new Error("on purpose");
  if (data.end === "exit") process.exit(1);
} });
export const SharedShort = defineJob({ ...Short, name: "Shared short", isolation: "shared" });
export const Loops = defineJob({ name: "Loops", enabled: true, run({ logger }) { logger.info("looping"); for (;;); } });
`;
const RUN = `mutation ($job: String!, $data: GenericScalar) { run_job(class_path: $job, data: $data) { id } }`;
/** Runs that are asked for eight at a time. */
const SHORT_RUNS = sized(200, 1000);
const numbers = (to: number) => Array.from({ length: to }, (_, n) => n + 1);

/** A job folder outside of the project, as an author has it. */
async function outside(): Promise<Record<string, string>> {
  const folder = await scratchFolder();
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  return { DATABASE_URL: `sqlite:${folder}/jobgraph.db`, JOBS_ROOT: join(folder, "jobs") };
}

test("the first start makes an administrator, shows the key once, and the example job runs", async () => {
  const folder = await scratchFolder();
  const env = { DATABASE_URL: `sqlite:${folder}/data/jobgraph.db`, JOBS_ROOT: resolve("jobs") };
  const server = await startServer(env);
  expect(server.key).toMatch(/^[0-9a-f]{40}$/);
  const run = await runToEnd(server.client, "hello_jobs.HelloJobs", { name: "Ada" });
  expect(run).toMatchObject({ status: "SUCCESS", result: { greeting: "Hello, Ada!" } });
  expect(run.lines.map((line) => line.message)).toEqual(["Greeting Ada", "A", "d", "a", "Hello, Ada!"]);
  // The jobs that come with the server come with its build.
  const given = { content_type: "extras.tag", csv_data: "name,color\ncore,112233" };
  expect(await runToEnd(server.client, "jobgraph.import_objects.ImportObjects", given)).toMatchObject({ result: { created: 1 } });
  for (const export_format of ["csv", "yaml"])
    expect(
      await runToEnd(server.client, "jobgraph.export_object_list.ExportObjectList", {
        content_type: "extras.tag",
        export_format,
      }),
    ).toMatchObject({ status: "SUCCESS", result: { count: 1 } });
  expect(await server.stop()).toBe(0);

  const again = await startServer({ ...env, ADMIN_TOKEN: "given-key-0123456789" });
  expect(again.key).toBeUndefined();
  const { body } = await post(again.url, server.key, {
    query: `{ job_results(name: "Hello Jobs") { id job_log_entries { message } } }`,
  });
  expect(body.data.job_results).toMatchObject([{ id: run.id, job_log_entries: run.lines.map(({ message }) => ({ message })) }]);
  expect(await again.client.query(`{ jobs(limit: 1) { grouping } }`)).toEqual({ jobs: [{ grouping: "Examples" }] });
});

test("a 200-line job followed before, during and after its run is 1..200 each time, then complete", async () => {
  const { client } = await startServer({ ...(await outside()), ADMIN_TOKEN: "given-key-0123456789" });
  const { run_job } = await client.query(RUN, { job: "own.Lines" });
  let during: ReturnType<typeof client.followLog> | undefined;
  const before = await client.followLog(run_job.id, { onLines: () => (during ??= client.followLog(run_job.id)) });
  for (const lines of [before, await during!, await client.followLog(run_job.id)])
    expect(lines.map((line) => line.sequence)).toEqual(numbers(200));
});

/*
 * The facts at stake (the last line before the end, the end of a thread that exits, the next run in its place) are the same for a fresh thread and for a
 * shared one, but a fresh one takes some 40 ms of processor time. So a tenth of the runs has one from the start, and so has every ninth run that follows one
 * that exits: each end comes in either isolation.
 */
test("hundreds of short runs that return, throw or exit: every subscriber gets three lines, then complete", async () => {
  const { client } = await startServer({ ...(await outside()), ADMIN_TOKEN: "given-key-0123456789", LOG_LEVEL: "warn" });
  const runs: { messages: string; status: string; expected: string }[] = [];
  let next = 0;
  await Promise.all(
    numbers(8).map(async () => {
      for (let n = next++; n < SHORT_RUNS; n = next++) {
        const end = n % 9 === 8 ? "exit" : ["return", "throw"][n % 2]!;
        const { run_job } = await client.query(RUN, { job: n % 10 === 0 ? "own.Short" : "own.SharedShort", data: { end } });
        const lines = await client.followLog(run_job.id);
        const { job_result } = await client.query(`query ($id: ID!) { job_result(id: $id) { status } }`, { id: run_job.id });
        runs.push({
          messages: lines.map((line) => line.message).join(),
          ...job_result,
          expected: end === "return" ? "SUCCESS" : "FAILURE",
        });
      }
    }),
  );
  expect(runs).toHaveLength(SHORT_RUNS);
  expect(runs.filter((run) => run.messages !== "1,2,3" || run.status !== run.expected)).toEqual([]);
}, 600_000);

test("SIGTERM in mid-run: the socket closes with 1001, the run is recorded, the exit code is 0", async () => {
  const env = { ...(await outside()), ADMIN_TOKEN: "given-key-0123456789", SHUTDOWN_GRACE_MS: "50" };
  const server = await startServer(env);
  const closed = Promise.withResolvers<{ code: number }>();
  server.client.ws.on("closed", (event) => closed.resolve(event as { code: number }));
  const { run_job } = await server.client.query(RUN, { job: "own.Loops" });
  const said = Promise.withResolvers<void>();
  const following = server.client.followLog(run_job.id, { onLines: () => said.resolve() }).catch(() => undefined);
  await said.promise;
  expect(await server.stop()).toBe(0);
  await following;
  expect((await closed.promise).code).toBe(1001);
  const again = await startServer(env);
  const { job_result } = await again.client.query(`query ($id: ID!) { job_result(id: $id) { status error { type } } }`, {
    id: run_job.id,
  });
  expect(job_result).toMatchObject({ status: "FAILURE", error: { type: "WorkerShutdown" } });
});

describe("a start that cannot work ends with one sentence and exit code 1", () => {
  async function refused(env: Record<string, string>): Promise<string> {
    const child = spawnServer(env);
    let output = "";
    child.stdout!.on("data", (chunk) => (output += chunk));
    child.stderr!.on("data", (chunk) => (output += chunk));
    const [code] = await once(child, "close");
    expect(code).toBe(1);
    // Lines of its log (JSON) are not its last words.
    return output
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("{"))
      .join("\n");
  }

  test("a busy port", async () => {
    const busy = createServer().listen(0, "127.0.0.1");
    await once(busy, "listening");
    const { port } = busy.address() as { port: number };
    expect(await refused({ ...(await outside()), PORT: String(port) })).toBe(
      `PORT: ${port} on 127.0.0.1 is in use by another process.`,
    );
    busy.close();
  });

  test("a JOBS_ROOT that is not there", async () => {
    expect(await refused({ ...(await outside()), JOBS_ROOT: "/nowhere/jobs" })).toBe(
      "JOBS_ROOT: cannot read the folder /nowhere/jobs.",
    );
  });

  test("a variable that is wrong", async () => {
    expect(await refused({ PORT: "http" })).toBe("PORT must be a whole number from 0 to 65535.");
  });

  test("a database that cannot be opened", async () => {
    expect(await refused({ ...(await outside()), DATABASE_URL: `sqlite:${resolve("package.json")}/a.db` })).toMatch(
      /^DATABASE_URL: cannot open the database: .+$/,
    );
    expect(await refused({ ...(await outside()), DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" })).toMatch(
      /^DATABASE_URL: cannot open the database: .+$/,
    );
  });
});

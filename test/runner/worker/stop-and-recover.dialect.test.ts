import { expect, test } from "vitest";
import { openDatabase } from "../../../src/entities/database.ts";
import { openTestApp, restart } from "../../support/app.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "jobs.ts": `
export const Waits = defineJob({ name: "Waits", enabled: true, run: async ({ logger, signal }) => {
  logger.info("waiting");
  await new Promise((resolve) => { const t = setInterval(() => {}, 1000); signal.addEventListener("abort", () => { clearInterval(t); resolve(undefined); }); });
  logger.info("told to stop");
  throw new Error("stopped as told");
} });
export const Loops = defineJob({ name: "Loops", enabled: true, run: ({ logger }) => { logger.info("looping"); for (;;); } });
export const Quick = defineJob({ name: "Quick", enabled: true, run: ({ logger }) => { logger.info("quick"); } });
export const Takes = defineJob({ name: "Takes", enabled: true, run: async ({ logger }) => { logger.info("working"); await new Promise((r) => setTimeout(r, 150)); return "done"; } });
`,
};
const RUN = `mutation ($job: String!) { run_job(class_path: $job) { id } }`;
const RESULTS = `{ job_results(sort: ["date_created", "id"]) { id status error { type message } date_done job_log_entries { sequence message } } }`;

test("a stop lets runs end within the grace, takes no new ones, and leaves those that wait for the next start", async () => {
  const app = await openTestApp(JOBS, { shutdownGraceMs: 10_000, workerConcurrency: 1 });
  const running = await app.client.query(RUN, { job: "jobs.Takes" });
  await app.client.followLog(running.run_job.id, { limit: 1 });
  await app.client.query(RUN, { job: "jobs.Quick" });
  await app.close();

  const again = await openTestApp({}, { databaseUrl: app.config.databaseUrl, jobsRoot: app.config.jobsRoot });
  const { job_results } = await again.client.query(`{ job_results(sort: ["date_created"]) { id status result } }`);
  expect(job_results[0]).toMatchObject({ status: "SUCCESS", result: "done" });
  expect((await again.client.followLog(job_results[1]!.id)).map((line) => line.message)).toEqual(["quick"]);
  const { job_result } = await again.client.query(`query ($id: ID!) { job_result(id: $id) { status } }`, {
    id: job_results[1]!.id,
  });
  expect(job_result).toEqual({ status: "SUCCESS" });
});

test("a stop ends runs after the grace: those that listen are told first, and each is recorded with its output", async () => {
  const app = await openTestApp(JOBS, { shutdownGraceMs: 20 });
  for (const job of ["jobs.Waits", "jobs.Loops"]) {
    const { run_job } = await app.client.query(RUN, { job });
    await app.client.followLog(run_job.id, { limit: 1 });
  }
  await app.close();
  const again = await openTestApp({}, { databaseUrl: app.config.databaseUrl, jobsRoot: app.config.jobsRoot });
  const { job_results } = await again.client.query(RESULTS);
  expect(job_results).toMatchObject([
    {
      status: "FAILURE",
      error: { message: "stopped as told" },
      job_log_entries: [{ message: "waiting" }, { message: "told to stop" }],
    },
    {
      status: "FAILURE",
      error: { type: "WorkerShutdown", message: expect.stringContaining("within 20 ms") },
      job_log_entries: [{ message: "looping" }],
    },
  ]);
});

test("a stop closes sockets with 1001", async () => {
  const app = await openTestApp(JOBS);
  const { run_job } = await app.client.query(RUN, { job: "jobs.Loops" });
  const closed = Promise.withResolvers<{ code: number }>();
  app.client.ws.on("closed", (event) => closed.resolve(event as { code: number }));
  const said = Promise.withResolvers<void>();
  const following = app.client.followLog(run_job.id, { onLines: () => said.resolve() }).catch(() => "cut off");
  await said.promise;
  await app.close();
  expect((await closed.promise).code).toBe(1001);
  expect(await following).toBe("cut off");
});

test("runs under way of a lost server fail with a line that says so, and waiting runs start", async () => {
  const first = await openTestApp(JOBS);
  const run = await runToEnd(first.client, "jobs.Quick");
  const waiting = await runToEnd(first.client, "jobs.Quick");
  await first.close();
  // As a process that was killed in mid-run would have left them.
  const database = await openDatabase(first.config.databaseUrl);
  await database.rows.updateTable("job_result").set({ status: "STARTED", date_done: null }).where("id", "=", run.id).execute();
  await database.rows.deleteFrom("job_log_entry").where("job_result_id", "=", waiting.id).execute();
  await database.rows
    .updateTable("job_result")
    .set({ status: "PENDING", date_done: null, worker: null, attempt: null, info_log_count: 0 })
    .where("id", "=", waiting.id)
    .execute();
  await database.close();

  const again = await restart(first, { leaseMs: 300 });
  expect((await again.client.followLog(run.id)).map((line) => [line.sequence, line.log_level, line.message])).toEqual([
    [1, "INFO", "quick"],
    [2, "CRITICAL", expect.stringContaining("worker was lost")],
  ]);
  expect((await again.client.followLog(waiting.id)).map((line) => line.message)).toEqual(["quick"]);
  const { job_results } = await again.client.query(
    `{ job_results(sort: ["date_created", "id"]) { id status error { type } error_log_count info_log_count } }`,
  );
  expect(job_results).toEqual([
    {
      id: run.id,
      status: "FAILURE",
      error: { type: "WorkerLost" },
      error_log_count: 1,
      info_log_count: 1,
    },
    { id: waiting.id, status: "SUCCESS", error: null, error_log_count: 0, info_log_count: 1 },
  ]);
});

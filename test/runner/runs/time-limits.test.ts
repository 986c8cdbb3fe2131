import { expect, test } from "vitest";
import { openDatabase } from "../../../src/entities/database.ts";
import { openTestApp } from "../../support/app.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "jobs.ts": `
const loops = ({ logger }) => { logger.info("looping"); for (;;); };
const waits = ({ signal }) => new Promise((_, reject) => {
  signal.throwIfAborted();
  signal.addEventListener("abort", () => reject(signal.reason));
});
const job = (name, run, more = {}) => defineJob({ name, run, enabled: true, isolation: "shared", ...more });
export const Loops = job("Loops", loops);
export const LoopsBriefly = job("Loops briefly", loops, { softTimeLimit: 0.6, timeLimit: 0.8 });
export const Waits = job("Waits", waits);
export const WaitsBriefly = job("Waits briefly", waits, { softTimeLimit: 0.1 });
export const HardFirst = job("Hard first", ({ logger }) => { logger.info("mine"); return "done"; }, { softTimeLimit: 9, timeLimit: 7.5 });
export const Forever = job("Forever", () => "done", { softTimeLimit: 1e9, timeLimit: 1e10 });
`,
};
const KWARGS = `query ($id: ID!) { job_result(id: $id) { celery_kwargs warning_log_count } }`;
const LINES = [
  { sequence: 1, message: "looping" },
  { sequence: 2, log_level: "WARNING", message: "The job was told to stop: it ran longer than its soft time limit of 0.6 s." },
];
const failure = (type: string, seconds: number) => ({
  status: "FAILURE",
  error: { type, message: expect.stringContaining(` ${seconds} s`) },
});

test("a job's own limits hold: each names itself in the run's result, and earlier output is kept", async () => {
  const { client } = await openTestApp(JOBS);
  const { jobs } = await client.query(`{ jobs(name: "Loops briefly") { soft_time_limit time_limit } }`);
  expect(jobs).toEqual([{ soft_time_limit: 0.6, time_limit: 0.8 }]);
  // Loads the file: from then on a run has said its line well before its limits.
  await runToEnd(client, "jobs.HardFirst");
  const ended = await runToEnd(client, "jobs.LoopsBriefly");
  expect(ended).toMatchObject({ ...failure("TimeLimitExceeded", 0.8), lines: LINES });
  expect(await runToEnd(client, "jobs.WaitsBriefly")).toMatchObject(failure("SoftTimeLimitExceeded", 0.1));
  const { job_result } = await client.query(KWARGS, { id: ended.id });
  expect(job_result.celery_kwargs).toMatchObject({ soft_time_limit: 0.6, time_limit: 0.8 });
});

test("a job without limits has the server's, and its run keeps them", async () => {
  const { client } = await openTestApp(JOBS, { softTimeLimitMs: 100, timeLimitMs: 200 });
  const waited = await runToEnd(client, "jobs.Waits");
  expect(waited).toMatchObject(failure("SoftTimeLimitExceeded", 0.1));
  expect(await runToEnd(client, "jobs.Loops")).toMatchObject(failure("TimeLimitExceeded", 0.2));
  const { job_result } = await client.query(KWARGS, { id: waited.id });
  expect(job_result.celery_kwargs).toMatchObject({ soft_time_limit: 0.1, time_limit: 0.2 });
});

test("limits that were set on the server's side override those of the source", async () => {
  const { client } = await openTestApp(JOBS);
  await client.query(`mutation { update_job(class_path: "jobs.Loops", data: { time_limit: 0.2 }) { id } }`);
  expect(await runToEnd(client, "jobs.Loops")).toMatchObject(failure("TimeLimitExceeded", 0.2));
});

test("limits longer than any timer are as long as one can be", async () => {
  const { client } = await openTestApp(JOBS);
  expect(await runToEnd(client, "jobs.Forever")).toMatchObject({ status: "SUCCESS", result: "done" });
});

test("a hard limit that comes first is warned of before the job's first line", async () => {
  const { client } = await openTestApp(JOBS);
  const run = await runToEnd(client, "jobs.HardFirst");
  expect(run).toMatchObject({
    status: "SUCCESS",
    lines: [
      { sequence: 1, log_level: "WARNING", grouping: "initialization", message: expect.stringMatching(/ 7\.5 s .* 9 s/) },
      { sequence: 2, message: "mine" },
    ],
  });
  expect((await client.query(KWARGS, { id: run.id })).job_result).toMatchObject({ warning_log_count: 1 });
});

test("a run that waited since before limits were recorded has the server's", async () => {
  const first = await openTestApp(JOBS);
  const { run_job } = await first.client.query(`mutation { run_job(class_path: "jobs.HardFirst") { id } }`);
  await first.client.followLog(run_job.id);
  await first.close();
  const database = await openDatabase(first.config.databaseUrl);
  await database.rows.deleteFrom("job_log_entry").where("job_result_id", "=", run_job.id).execute();
  await database.rows
    .updateTable("job_result")
    .set({
      status: "PENDING",
      date_done: null,
      task_name: "jobs.Loops",
      celery_kwargs: JSON.stringify({ queue: "default", dryrun: false }),
    })
    .where("id", "=", run_job.id)
    .execute();
  await database.close();

  const { databaseUrl, jobsRoot } = first.config;
  const again = await openTestApp({}, { databaseUrl, jobsRoot, softTimeLimitMs: 100, timeLimitMs: 200 });
  const lines = await again.client.followLog(run_job.id);
  expect(lines.filter((line) => line.grouping === "initialization")).toEqual([]);
  const { job_result } = await again.client.query(
    `query ($id: ID!) { job_result(id: $id) { status error { type message } } }`,
    run_job,
  );
  expect(job_result).toMatchObject(failure("TimeLimitExceeded", 0.2));
});

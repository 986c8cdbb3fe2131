import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { cancel, reaches, start, startAndHear } from "../../support/control.ts";
import { databaseOf, storeRun } from "../../support/rows.ts";

const JOBS = {
  "jobs.ts": `
const aborted = (signal) => signal.aborted || new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
const job = (name, more, run) => defineJob({ name, run, enabled: true, isolation: "shared", ...more });
const waits = async ({ logger, signal }) => { logger.info("waiting"); await aborted(signal); };
export const Waits = job("Waits", { taskQueues: ["default", "fast"] }, waits);
export const Limited = job("Limited", { maxConcurrent: 1, onLimit: "queue" }, waits);
export const Fails = job("Fails", { retry: { limit: 1, backoff: 3600 } }, () => { throw new Error("no"); });
`,
};

test("a run that waits says why, and its queue how many do and for how long", async () => {
  const app = await openTestApp(JOBS, { workerConcurrency: 2 });
  const { client } = app;
  const retried = await start(client, "jobs.Fails");
  await reaches(client, retried, "RETRY");
  const running = [await startAndHear(client, "jobs.Waits"), await startAndHear(client, "jobs.Limited")];
  const limited = await start(client, "jobs.Limited");
  const queued = await start(client, "jobs.Waits", `job_queue: "fast"`);
  const database = await databaseOf(app);
  const dateCreated = new Date(Date.now() - 90_000);
  const lost = await storeRun(database, { status: "PENDING", dateDone: null, dateCreated, celeryKwargs: { queue: "nowhere" } });
  const { job_results, job_queues } = await client.query(`{
    job_results { id waiting_reason }
    job_queues(sort: ["name"]) { name worker_count depth oldest_waiting_seconds }
  }`);
  expect(Object.fromEntries(job_results.map((run) => [run.id, run.waiting_reason]))).toEqual({
    [retried]: "SCHEDULED_FOR",
    [running[0]!]: null,
    [running[1]!]: null,
    [limited]: "CONCURRENCY_LIMIT",
    [queued]: "QUEUED",
    [lost]: "NO_WORKER",
  });
  expect(job_queues).toEqual([
    { name: "default", worker_count: 1, depth: 1, oldest_waiting_seconds: expect.closeTo(0, -1) },
    { name: "fast", worker_count: 1, depth: 1, oldest_waiting_seconds: expect.closeTo(0, -1) },
  ]);
  // A queue that comes is served at once.
  await client.query(`mutation { create_job_queue(data: { name: "nowhere" }) { id } }`);
  const after = await client.query(`{ job_queues(name: "nowhere") { worker_count depth oldest_waiting_seconds } }`);
  expect(after.job_queues).toEqual([{ worker_count: 1, depth: 1, oldest_waiting_seconds: expect.closeTo(95, -1) }]);
  for (const id of [limited, queued, ...running]) await cancel(client, id);
});

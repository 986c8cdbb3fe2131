import { expect, test } from "vitest";
import { openTestApp, restart } from "../../support/app.ts";
import { cancel, finished, read, start, startAndHear } from "../../support/control.ts";
import { databaseOf } from "../../support/rows.ts";

const JOBS = {
  "jobs.ts": `
import { setTimeout as delay } from "node:timers/promises";
import { JobCanceled } from "jobgraph";
const job = (name, run, more = {}) => defineJob({ name, run, enabled: true, isolation: "shared", ...more });
const aborted = (signal) => signal.aborted || new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
export const Quick = job("Quick", ({ logger }) => { logger.info("quick"); return "done"; });
export const Fails = job("Fails", () => { throw new Error("by itself"); });
export const Loops = job("Loops", ({ logger }) => { logger.info("looping"); while (true) {} });
export const Waits = job("Waits", async ({ logger, signal }) => { logger.info("waiting"); await delay(60_000, undefined, { signal }); });
export const CleansUp = job("Cleans up", async ({ logger, signal }) => {
  logger.info("working");
  await aborted(signal);
  logger.info([signal.reason.name, signal.reason instanceof JobCanceled, signal.reason.message].join("|"));
  return "cleaned up";
});
export const Tries = job("Tries", async ({ logger, signal }) => { logger.info("trying"); await aborted(signal); throw new Error("no"); }, { retry: { limit: 3, backoff: 1 } });
`,
};
const messages = (run: any) => run.job_log_entries.map((line: any) => line.message);

test("a run that waits is revoked at once and never started", async () => {
  const { client } = await openTestApp(JOBS, { workerConcurrency: 1, cancelGraceMs: 0 });
  const first = await startAndHear(client, "jobs.Loops");
  const second = await start(client, "jobs.Quick");
  const third = await start(client, "jobs.Quick");
  expect(await cancel(client, second, "wrong site")).toMatchObject({
    id: second,
    status: "REVOKED",
    cancel_type: "ABANDONED",
    cancel_reason: "wrong site",
    canceled_by: { username: "admin" },
    canceled_by_user_name: "admin",
    date_canceled: expect.any(String),
    date_done: expect.any(String),
    attempt: null,
    error: { type: "JobCanceled", message: "Canceled by admin: wrong site", traceback: null },
    warning_log_count: 1,
    job_log_entries: [{ sequence: 1, log_level: "WARNING", grouping: "main", message: "Canceled by admin: wrong site" }],
  });
  await cancel(client, first);
  expect(await finished(client, third)).toMatchObject({ status: "SUCCESS", result: "done" });
  expect(await finished(client, second)).toMatchObject({ status: "REVOKED", job_log_entries: [{ sequence: 1 }] });
});

test("a run that listens is told of the cancel, its user and its reason, may clean up, and is revoked with any result", async () => {
  const { client } = await openTestApp(JOBS, { cancelGraceMs: 60_000 });
  const id = await startAndHear(client, "jobs.CleansUp");
  expect(await cancel(client, id, "enough")).toMatchObject({
    status: expect.stringMatching(/STARTED|REVOKED/),
    date_canceled: expect.any(String),
    canceled_by_user_name: "admin",
  });
  const run = await finished(client, id);
  expect(run).toMatchObject({
    status: "REVOKED",
    cancel_type: "TERMINATED",
    error: { type: "JobCanceled", message: "Canceled by admin: enough", traceback: null },
    attempt: 1,
  });
  expect(messages(run)).toEqual(["working", "JobCanceled|true|Canceled by admin: enough", "Canceled by admin: enough"]);
  expect(run.job_log_entries.at(-1)).toMatchObject({ sequence: 3, log_level: "WARNING" });
});

test.for(["jobs.Waits", "jobs.Tries"])(
  "%s: what the job throws when it is canceled makes no failure, and no retry",
  async (job) => {
    const { client } = await openTestApp(JOBS, { cancelGraceMs: 60_000 });
    const id = await startAndHear(client, job);
    await cancel(client, id);
    expect(await finished(client, id)).toMatchObject({
      status: "REVOKED",
      cancel_type: "TERMINATED",
      attempt: 1,
      traceback: null,
    });
  },
);

test("a run that never listens is ended after the grace, with its output", async () => {
  const { client } = await openTestApp(JOBS, { cancelGraceMs: 50 });
  const id = await startAndHear(client, "jobs.Loops");
  await cancel(client, id);
  const run = await finished(client, id);
  expect(run).toMatchObject({ status: "REVOKED", cancel_type: "TERMINATED" });
  expect(messages(run)).toEqual(["looping", "Canceled by admin."]);
});

test("a second cancel answers the same run, and changes nothing of it", async () => {
  const { client } = await openTestApp(JOBS, { workerConcurrency: 1, cancelGraceMs: 200 });
  const running = await startAndHear(client, "jobs.Loops");
  const waiting = await start(client, "jobs.Quick");
  const first = await cancel(client, waiting, "once");
  expect(await cancel(client, waiting, "twice")).toEqual(first);
  await cancel(client, running, "once");
  expect(await cancel(client, running, "twice")).toMatchObject({ cancel_reason: "once" });
  const ended = await finished(client, running);
  expect(messages(ended)).toEqual(["looping", "Canceled by admin: once"]);
  expect(await cancel(client, running, "thrice")).toEqual(ended);
});

test("a run that has ended cannot be canceled, nor one that is not there", async () => {
  const { client } = await openTestApp(JOBS);
  const CANCEL = `mutation ($id: ID!) { cancel_job_result(id: $id) { id } }`;
  for (const [job, status] of [
    ["jobs.Quick", "SUCCESS"],
    ["jobs.Fails", "FAILURE"],
  ] as const) {
    const run = await finished(client, await start(client, job));
    expect(await client.refused(CANCEL, run)).toMatchObject({
      message: expect.stringContaining(status),
      extensions: { code: "NOT_CANCELABLE" },
    });
    expect(await read(client, run.id)).toEqual(run);
  }
  for (const id of ["01a20d41-bf32-73c7-86b0-37568f855895", "nonsense"])
    expect(await client.refused(CANCEL, { id })).toMatchObject({ extensions: { code: "NOT_FOUND" } });
});

test("a stop ends a canceled run without waiting for its grace", async () => {
  const app = await openTestApp(JOBS, { cancelGraceMs: 3_600_000, shutdownGraceMs: 20 });
  const id = await startAndHear(app.client, "jobs.Loops");
  await cancel(app.client, id);
  await app.close();
  const again = await openTestApp({}, { databaseUrl: app.config.databaseUrl, jobsRoot: app.config.jobsRoot });
  expect(await read(again.client, id)).toMatchObject({ status: "REVOKED", cancel_type: "TERMINATED" });
});

test("a canceled run whose server was lost is revoked by the next", async () => {
  const first = await openTestApp(JOBS);
  const { id } = await finished(first.client, await start(first.client, "jobs.Quick"));
  await first.close();
  // As a process that was killed between cancel and end would have left it.
  const database = await databaseOf(first);
  await database.rows
    .updateTable("job_result")
    .set({ status: "STARTED", date_done: null, date_canceled: new Date().toISOString(), canceled_by_user_name: "ada" })
    .where("id", "=", id)
    .execute();
  const again = await restart(first, { leaseMs: 300 });
  const run = await finished(again.client, id);
  expect(run).toMatchObject({ status: "REVOKED", cancel_type: "REAPED", canceled_by_user_name: "ada" });
  expect(messages(run)).toEqual(["quick", expect.stringContaining("worker was lost"), "Canceled by ada."]);
});

test("many are canceled by filters, each with its own outcome", async () => {
  const { client } = await openTestApp(JOBS, { workerConcurrency: 1, cancelGraceMs: 0 });
  const done = await finished(client, await start(client, "jobs.Quick"));
  const running = await startAndHear(client, "jobs.Loops");
  const waiting = [await start(client, "jobs.Quick"), await start(client, "jobs.Quick")];
  const CANCEL = (filters: string) => `mutation {
    cancel_job_results(${filters}) { outcomes { canceled code message job_result { id cancel_reason } } }
  }`;
  const { cancel_job_results } = await client.query(CANCEL(`name__n: "Nobody", reason: "all of them"`));
  const reason = "all of them";
  const gone = { canceled: true, code: null, message: null };
  expect(cancel_job_results.outcomes).toEqual([
    { ...gone, job_result: { id: waiting[1], cancel_reason: reason } },
    { ...gone, job_result: { id: waiting[0], cancel_reason: reason } },
    { ...gone, job_result: { id: running, cancel_reason: reason } },
    {
      canceled: false,
      code: "NOT_CANCELABLE",
      message: expect.stringContaining("SUCCESS"),
      job_result: { id: done.id, cancel_reason: null },
    },
  ]);
  for (const id of [...waiting, running]) expect(await finished(client, id)).toMatchObject({ status: "REVOKED" });
  for (const id of waiting) expect(await read(client, id)).toMatchObject({ attempt: null });
  for (const filters of [`reason: "why"`, `status: null`])
    expect(await client.refused(CANCEL(filters))).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
});

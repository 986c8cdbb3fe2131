import { expect, test } from "vitest";
import { openTestApp, restart, type TestApp, writeJobs } from "../../support/app.ts";
import { createTestClock } from "../../support/clock.ts";
import { cancel, finished, read, start, startAndHear } from "../../support/control.ts";
import { databaseOf } from "../../support/rows.ts";

const JOBS = {
  "jobs.ts": `
const aborted = (signal) => signal.aborted || new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
const job = (name, more = {}, run = () => name) => defineJob({ name, run, enabled: true, isolation: "shared", ...more });
const waits = async ({ logger, signal }) => { logger.info("waiting"); await aborted(signal); };
export const Plain = job("Plain", { taskQueues: ["default", "fast"] }, ({ data }) => data);
export const Typed = defineJob({ name: "Typed", enabled: true, isolation: "shared", variables: z.object({ site: z.string(), count: z.int().default(1) }), supportsDryrun: true, run: ({ data, dryRun }) => ({ ...data, dryRun }) });
export const Single = job("Single", { isSingleton: true }, waits);
export const Rejects = job("Rejects", { maxConcurrent: 2 }, waits);
export const Queues = job("Queues", { maxConcurrent: 1, onLimit: "queue" }, waits);
export const Quick = job("Quick", { maxConcurrent: 2, onLimit: "queue" });
export const Replaces = job("Replaces", { maxConcurrent: 1, onLimit: "replace" }, waits);
`,
};
const COUNT = `{ job_results_connection { total_count } }`;
const countRuns = async (app: TestApp) => (await app.client.query(COUNT)).job_results_connection.total_count;

test("a run waits in the queue that is asked for, if it is one of the job's", async () => {
  const app = await openTestApp(JOBS);
  const { client } = app;
  const run = await finished(client, await start(client, "jobs.Plain", `job_queue: "fast"`));
  expect(run).toMatchObject({ status: "SUCCESS", celery_kwargs: { queue: "fast" } });
  const { job_queues } = await client.query(`{ job_queues(name: "fast") { id } }`);
  expect(await read(client, await start(client, "jobs.Plain", `job_queue: "${job_queues[0]!.id}"`))).toMatchObject({
    celery_kwargs: { queue: "fast" },
  });
  await client.query(`mutation { create_job_queue(data: { name: "slow" }) { id } }`);
  for (const queue of ["slow", "nowhere"])
    expect(await client.refused(`mutation { run_job(class_path: "jobs.Plain", job_queue: "${queue}") { id } }`)).toMatchObject({
      message: expect.stringContaining(queue),
      extensions: {
        code: "BAD_USER_INPUT",
        details: [{ field: "job_queue", message: expect.stringContaining(`"default", "fast"`) }],
      },
    });
  expect(await countRuns(app)).toBe(2);
});

test("a second run of a singleton is refused by the name of the first, unless its caller insists", async () => {
  const { client } = await openTestApp(JOBS);
  const first = await startAndHear(client, "jobs.Single");
  const RUN = `mutation { run_job(class_path: "jobs.Single") { id } }`;
  expect(await client.refused(RUN)).toMatchObject({
    message: expect.stringContaining(first),
    extensions: { code: "JOB_ALREADY_RUNNING" },
  });
  const second = await startAndHear(client, "jobs.Single", "ignore_singleton_lock: true");
  for (const id of [first, second]) {
    await cancel(client, id);
    await finished(client, id);
  }
  await cancel(client, await startAndHear(client, "jobs.Single"));
});

test("a singleton's run of a lost server holds nothing after the next start", async () => {
  const first = await openTestApp(JOBS);
  const id = await startAndHear(first.client, "jobs.Single");
  await cancel(first.client, id);
  await finished(first.client, id);
  await first.close();
  const database = await databaseOf(first);
  await database.rows
    .updateTable("job_result")
    .set({ status: "STARTED", date_done: null, date_canceled: null })
    .where("id", "=", id)
    .execute();
  const again = await restart(first, { leaseMs: 300 });
  expect(await finished(again.client, id)).toMatchObject({ status: "FAILURE", error: { type: "WorkerLost" } });
  await cancel(again.client, await startAndHear(again.client, "jobs.Single"));
});

test("a job's limit is on its row", async () => {
  const { client } = await openTestApp(JOBS);
  const { jobs } = await client.query(`{ jobs(sort: ["name"]) { name max_concurrent on_limit } }`);
  expect(Object.fromEntries(jobs.map((job) => [job.name, [job.max_concurrent, job.on_limit]]))).toEqual({
    Plain: [null, null],
    Typed: [null, null],
    Single: [null, null],
    Rejects: [2, "REJECT"],
    Queues: [1, "QUEUE"],
    Quick: [2, "QUEUE"],
    Replaces: [1, "REPLACE"],
  });
});

test("reject: a run beyond the limit is refused, until there is room again", async () => {
  const { client } = await openTestApp(JOBS);
  const [first] = [await startAndHear(client, "jobs.Rejects"), await startAndHear(client, "jobs.Rejects")];
  expect(await client.refused(`mutation { run_job(class_path: "jobs.Rejects") { id } }`)).toMatchObject({
    message: expect.stringContaining(first),
    extensions: { code: "JOB_ALREADY_RUNNING" },
  });
  await cancel(client, first);
  await finished(client, first);
  expect(await read(client, await startAndHear(client, "jobs.Rejects"))).toMatchObject({
    status: "STARTED",
    waits_for_slot: false,
  });
});

test("queue: runs beyond the limit wait, and start one by one in the order they were asked for", async () => {
  const { client } = await openTestApp(JOBS);
  const ids = [await startAndHear(client, "jobs.Queues")];
  for (let n = 0; n < 4; n++) ids.push(await start(client, "jobs.Queues"));
  for (const [n, id] of ids.entries())
    expect(await read(client, id)).toMatchObject(
      n === 0 ? { status: "STARTED", waits_for_slot: false } : { status: "PENDING", waits_for_slot: true },
    );
  // A waiting run that is taken out makes room for no other.
  await cancel(client, ids[2]!);
  for (const [n, id] of ids.entries()) {
    if (n === 2) continue;
    await client.followLog(id, { limit: 1 });
    const under = await client.query(`{ job_results(status: "STARTED") { id } }`);
    expect(under.job_results).toEqual([{ id }]);
    await cancel(client, id);
    await finished(client, id);
  }
  expect(await read(client, ids[2]!)).toMatchObject({ status: "REVOKED", attempt: null });
});

test("queue: many at once never exceed the limit, and all end", async () => {
  const app = await openTestApp(JOBS, { workerConcurrency: 8 });
  const ids = await Promise.all(Array.from({ length: 40 }, () => start(app.client, "jobs.Quick")));
  const runs = await Promise.all(ids.map((id) => finished(app.client, id)));
  expect(runs.every((run) => run.status === "SUCCESS" && run.waits_for_slot === false)).toBe(true);
  const { job_results } = await app.client.query(`{ job_results { date_started date_done } }`);
  const times = job_results.flatMap((run) => [
    { at: run.date_started, by: 1 },
    { at: run.date_done, by: -1 },
  ]);
  // In the same millisecond, ends come first.
  times.sort((a, b) => a.at.localeCompare(b.at) || a.by - b.by);
  let now = 0;
  expect(Math.max(...times.map(({ by }) => (now += by)))).toBeLessThanOrEqual(2);
});

test("queue: a run that waits is started by the next server", async () => {
  const first = await openTestApp(JOBS, { shutdownGraceMs: 0 });
  const running = await startAndHear(first.client, "jobs.Queues");
  const waiting = await start(first.client, "jobs.Queues");
  await first.close();
  const again = await openTestApp({}, { databaseUrl: first.config.databaseUrl, jobsRoot: first.config.jobsRoot });
  await again.client.followLog(waiting, { limit: 1 });
  expect((await read(again.client, running)).date_done).toEqual(expect.any(String));
  await cancel(again.client, waiting);
});

test("queue: a limit that is gone from the source lets everybody in", async () => {
  const { client, config } = await openTestApp(JOBS);
  const first = await startAndHear(client, "jobs.Queues");
  const second = await start(client, "jobs.Queues");
  const source = JOBS["jobs.ts"].replace(`{ maxConcurrent: 1, onLimit: "queue" }, waits`, "{}, waits");
  await writeJobs({ "jobs.ts": source }, config.jobsRoot);
  await client.query(`mutation { refresh_jobs { id } }`);
  expect(await client.followLog(second, { limit: 1 })).toMatchObject([{ message: "waiting" }]);
  for (const id of [first, second]) await cancel(client, id);
});

test("replace: the oldest is canceled by the name of the newest, which starts when it has ended", async () => {
  const { client } = await openTestApp(JOBS);
  const first = await startAndHear(client, "jobs.Replaces");
  const second = await startAndHear(client, "jobs.Replaces");
  const replaced = await finished(client, first);
  expect(replaced).toMatchObject({
    status: "REVOKED",
    cancel_type: "TERMINATED",
    canceled_by_user_name: "admin",
    cancel_reason: `replaced by the run ${second}`,
  });
  const run = await read(client, second);
  expect(run.status).toBe("STARTED");
  await cancel(client, second);
});

test("replace: of many at once, one is left", async () => {
  const { client } = await openTestApp(JOBS, { workerConcurrency: 8 });
  const ids = await Promise.all(Array.from({ length: 12 }, () => start(client, "jobs.Replaces")));
  const { job_results } = await client.query(`{ job_results(limit: 1, sort: ["-date_created", "-id"]) { id } }`);
  const { id: newest } = job_results[0]!;
  await client.followLog(newest, { limit: 1 });
  for (const id of ids.filter((one) => one !== newest)) expect(await finished(client, id)).toMatchObject({ status: "REVOKED" });
  expect(await read(client, newest)).toMatchObject({ status: "STARTED" });
  await cancel(client, newest);
});

const KEYED = (args: string) => `mutation { run_job(${args}) { id } }`;

test("fifty requests at once under one key make one run, which all of them get", async () => {
  const app = await openTestApp(JOBS);
  const ids = await Promise.all(
    Array.from({ length: 50 }, (_, n) => {
      // The order of fields says nothing.
      const data = n % 2 ? `{ site: "a", count: 2 }` : `{ count: 2, site: "a" }`;
      return start(app.client, "jobs.Typed", `data: ${data}, idempotency_key: "k"`);
    }),
  );
  expect(new Set(ids).size).toBe(1);
  expect(await countRuns(app)).toBe(1);
  expect(await finished(app.client, ids[0]!)).toMatchObject({ status: "SUCCESS", attempt: 1 });
  expect(await start(app.client, "jobs.Typed", `data: { site: "a", count: 2 }, idempotency_key: "k"`)).toBe(ids[0]);
});

test("a key finds its run also where another could not be started", async () => {
  const app = await openTestApp(JOBS);
  const ids = await Promise.all(Array.from({ length: 10 }, () => start(app.client, "jobs.Single", `idempotency_key: "k"`)));
  expect(new Set(ids).size).toBe(1);
  await cancel(app.client, ids[0]!);
});

test.for([
  `class_path: "jobs.Typed", data: { site: "b" }`,
  `class_path: "jobs.Typed", data: { site: "a", count: 1 }`,
  `class_path: "jobs.Typed", data: { site: "a" }, dryrun: true`,
  `class_path: "jobs.Typed", data: { site: "a" }, console_log: true`,
  `class_path: "jobs.Typed", data: { site: "a" }, job_queue: "default"`,
  `class_path: "jobs.Typed", data: { site: "a" }, ignore_singleton_lock: true`,
  `class_path: "jobs.Plain", data: { site: "a" }`,
])("the same key for something else is a conflict: %s", async (other) => {
  const app = await openTestApp(JOBS);
  const id = await start(app.client, "jobs.Typed", `data: { site: "a" }, idempotency_key: "k"`);
  expect(await app.client.refused(KEYED(`${other}, idempotency_key: "k"`))).toMatchObject({
    message: expect.stringContaining(id),
    extensions: { code: "CONFLICT", details: [{ field: "idempotency_key" }] },
  });
  expect(await countRuns(app)).toBe(1);
  // All names of a job lead to the same job.
  const same = await app.client.query(KEYED(`name: "Typed", data: { site: "a" }, idempotency_key: "k"`));
  expect(same.run_job.id).toBe(id);
});

test("a key is free again after its time, and one that is none is refused", async () => {
  const clock = createTestClock();
  const { client } = await openTestApp(JOBS, { idempotencyTtlMs: 3_600_000 }, clock);
  const args = `data: { site: "a" }, idempotency_key: "k"`;
  const first = await start(client, "jobs.Typed", args);
  clock.advance(3_590_000);
  expect(await start(client, "jobs.Typed", args)).toBe(first);
  clock.advance(20_000);
  const second = await start(client, "jobs.Typed", `data: { site: "b" }, idempotency_key: "k"`);
  expect(second).not.toBe(first);
  expect(await start(client, "jobs.Typed", `data: { site: "b" }, idempotency_key: "k"`)).toBe(second);
  for (const key of ["", "  ", "x".repeat(256)])
    expect(await client.refused(KEYED(`class_path: "jobs.Plain", idempotency_key: "${key}"`))).toMatchObject({
      extensions: { code: "BAD_USER_INPUT", details: [{ field: "idempotency_key" }] },
    });
});

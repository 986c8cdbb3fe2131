import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../../support/app.ts";
import { createTestClock, type TestClock } from "../../support/clock.ts";
import { cancel, finished, reaches, read, start } from "../../support/control.ts";
import { ENDING, expectOneFailure } from "../../support/failures.ts";
import { databaseOf } from "../../support/rows.ts";

const JOBS = {
  "jobs.ts": `
let calls = 0;
const job = (name, run, more = {}) => defineJob({ name, run, enabled: true, isolation: "shared", ...more });
export const Fails = job("Fails", ({ logger }) => { logger.info("call " + ++calls); throw new RangeError("no " + calls); }, { retry: { limit: 2, backoff: 10 } });
export const Second = job("Second", ({ logger }) => { logger.info("call " + ++calls); if (calls === 1) throw new Error("not yet"); return "done"; }, { retry: { limit: 5, backoff: 10 } });
export const Queues = job("Queues", () => { throw new Error("no"); }, { retry: { limit: 1, backoff: 10 }, maxConcurrent: 1, onLimit: "queue" });
export const Single = job("Single", () => { throw new Error("no"); }, { retry: { limit: 1, backoff: 10 }, isSingleton: true });
export const Long = job("Long", () => { throw new Error("no"); }, { retry: { limit: 20, backoff: 40_000 } });
export const Once = job("Once", () => { throw new Error("no"); });
export const Prints = job("Prints", () => { console.log("printed " + ++calls); throw new Error("no"); }, { retry: { limit: 1, backoff: 10 } });
export const Lingers = job("Lingers", async ({ logger, signal, graphql }) => {
  const call = ++calls;
  logger.info("call " + call);
  const mayEnd = async () => signal.aborted || (call === 1 && (await graphql('{ tags(name: "go on") { id } }')).tags.length > 0);
  while (!(await mayEnd())) await new Promise((resolve) => setTimeout(resolve, 20));
  throw new Error("no " + call);
}, { retry: { limit: 1, backoff: 10 } });
export const Quick = job("Quick", () => "done");
`,
};
const SECOND = 1000;
const HOUR = 3600 * SECOND;

async function open(): Promise<TestApp & { clock: TestClock }> {
  const clock = createTestClock();
  return { ...(await openTestApp(JOBS, { workerConcurrency: 2 }, clock)), clock };
}

/** Seconds until the next attempt of a run that waits for one. */
const wait = (run: any, clock: TestClock) => (Date.parse(run.date_next_attempt) - clock.now()) / SECOND;

/** Lets a run begin its next attempt, so many milliseconds later. */
async function nextAttempt({ client, clock }: { client: TestApp["client"]; clock: TestClock }, id: string, ms: number) {
  const { attempt } = await reaches(client, id, "RETRY");
  await clock.waitedFor(ms);
  clock.advance(ms);
  await expect.poll(async () => (await read(client, id)).attempt).toBe(attempt + 1);
}

test("a run that fails is tried again, each time after twice as long, and fails with the last attempt", async () => {
  const app = await open();
  const { client, clock } = app;
  const id = await start(client, "jobs.Fails");
  const waiting = await reaches(client, id, "RETRY");
  expect(waiting).toMatchObject({
    attempt: 1,
    date_done: null,
    error: { type: "RangeError", message: "no 1", traceback: expect.stringContaining("RangeError: no 1") },
    celery_kwargs: { max_retries: 2, retry_backoff: 10 },
  });
  expect(wait(waiting, clock)).toBeGreaterThan(5);
  expect(wait(waiting, clock)).toBeLessThanOrEqual(10);
  await nextAttempt(app, id, 10 * SECOND);
  const again = await reaches(client, id, "RETRY");
  expect(again).toMatchObject({ attempt: 2, error: { message: "no 2" } });
  expect(wait(again, clock)).toBeGreaterThan(15);
  expect(wait(again, clock)).toBeLessThanOrEqual(20);
  await nextAttempt(app, id, 20 * SECOND);
  const run = await finished(client, id);
  expect(run).toMatchObject({ status: "FAILURE", attempt: 3, date_next_attempt: null, error: { message: "no 3" } });
  expect(run.job_log_entries.map((line) => [line.sequence, line.message])).toEqual([
    [1, "call 1"],
    [2, "Attempt 2 of 3 begins. Attempt 1 failed: RangeError: no 1"],
    [3, "call 2"],
    [4, "Attempt 3 of 3 begins. Attempt 2 failed: RangeError: no 2"],
    [5, "call 3"],
  ]);
});

test("a follower stays through all attempts, and a success ends them", async () => {
  const app = await open();
  const id = await start(app.client, "jobs.Second");
  const following = app.client.followLog(id);
  await nextAttempt(app, id, 10 * SECOND);
  expect((await following).map((line) => line.sequence)).toEqual([1, 2, 3]);
  expect(await read(app.client, id)).toMatchObject({ status: "SUCCESS", result: "done", traceback: null, attempt: 2 });
});

test("the error of the last attempt is told while the next is to come and under way, also to followers of the run", async () => {
  const app = await open();
  const { client } = app;
  const id = await start(client, "jobs.Lingers");
  await client.followLog(id, { limit: 1 });
  expect(await read(client, id)).toMatchObject({ status: "STARTED", attempt: 1, error: null });
  const told: any[] = [];
  const followed = (async () => {
    const query = `subscription ($id: ID!) { job_result(id: $id) { attempt ${ENDING} } }`;
    for await (const { data } of client.ws.iterate<any>({ query, variables: { id } })) told.push(data!.job_result);
  })();
  followed.catch(() => undefined);
  await expect.poll(() => told).toMatchObject([{ status: "STARTED", attempt: 1, error: null }]);
  await client.query(`mutation { create_tag(data: { name: "go on", content_types: ["extras.job"] }) { id } }`);
  expect(await reaches(client, id, "RETRY")).toMatchObject({ attempt: 1, error: { type: "Error", message: "no 1" } });
  await nextAttempt(app, id, 10 * SECOND);
  expect(await read(client, id)).toMatchObject({ status: "STARTED", attempt: 2, error: { type: "Error", message: "no 1" } });
  await cancel(client, id, "enough");
  await followed;
  const canceled = { status: "REVOKED", attempt: 2, error: { type: "JobCanceled", message: "Canceled by admin: enough" } };
  expect(await finished(client, id)).toMatchObject(canceled);
  expect(told.at(-1)).toMatchObject(canceled);
  expectOneFailure(told.at(-1));
});

test("nothing is tried before its time, and nothing of a job that says nothing of it", async () => {
  const { client, clock } = await open();
  const id = await start(client, "jobs.Second");
  await reaches(client, id, "RETRY");
  await clock.waitedFor(10 * SECOND);
  clock.advance(5 * SECOND);
  expect(await finished(client, await start(client, "jobs.Once"))).toMatchObject({ status: "FAILURE", attempt: 1 });
  expect(await read(client, id)).toMatchObject({ status: "RETRY", attempt: 1 });
  const { jobs } = await client.query(`{ jobs(name: ["Fails", "Once"], sort: ["name"]) { retry_limit retry_backoff } }`);
  expect(jobs).toEqual([
    { retry_limit: 2, retry_backoff: 10 },
    { retry_limit: null, retry_backoff: null },
  ]);
});

test.for([
  ["settled while the clock is ahead, and set right then", 3],
  ["that waits while the clock is set back", 0],
] as const)("no wait is longer because of a clock that is set: a run %s", async ([, aheadHours]) => {
  const { client, clock } = await open();
  clock.advance(aheadHours * HOUR);
  const ids = [await start(client, "jobs.Fails"), await start(client, "jobs.Fails")];
  for (const id of ids) expect(wait(await reaches(client, id, "RETRY"), clock)).toBeLessThanOrEqual(10);
  clock.advance(-3 * HOUR);
  for (const id of ids) await expect.poll(async () => (await read(client, id)).attempt).toBe(2);
  // Those that follow wait as long as they are to.
  const waiting = await reaches(client, ids[0]!, "RETRY");
  expect(wait(waiting, clock)).toBeGreaterThan(15);
  clock.advance(-SECOND);
  expect(await finished(client, await start(client, "jobs.Once"))).toMatchObject({ status: "FAILURE" });
  expect(await read(client, ids[0]!)).toMatchObject({ status: "RETRY", attempt: 2 });
});

test("no wait is longer than a day", async () => {
  const app = await open();
  const id = await start(app.client, "jobs.Long");
  await nextAttempt(app, id, 40_000 * SECOND);
  await nextAttempt(app, id, 80_000 * SECOND);
  const run = await reaches(app.client, id, "RETRY");
  expect(wait(run, app.clock)).toBeGreaterThan(86_000);
  expect(wait(run, app.clock)).toBeLessThanOrEqual(86_400);
});

test("a cancel while a run waits for its next attempt ends it", async () => {
  const { client, clock } = await open();
  const id = await start(client, "jobs.Fails");
  await reaches(client, id, "RETRY");
  expect(await cancel(client, id, "enough")).toMatchObject({
    status: "REVOKED",
    cancel_type: "ABANDONED",
    attempt: 1,
    date_next_attempt: null,
    error: { type: "JobCanceled" },
    job_log_entries: [{ sequence: 1 }, { sequence: 2, message: "Canceled by admin: enough" }],
  });
  clock.advance(60 * SECOND);
  await finished(client, await start(client, "jobs.Quick"));
  expect(await read(client, id)).toMatchObject({ status: "REVOKED", attempt: 1 });
});

test("the next server goes on with runs that wait for their next attempt, and tries lost ones again", async () => {
  const first = await open();
  const waiting = await start(first.client, "jobs.Fails");
  const lost = await start(first.client, "jobs.Fails");
  for (const id of [waiting, lost]) await reaches(first.client, id, "RETRY");
  await first.close();
  const database = await databaseOf(first);
  await database.rows
    .updateTable("job_result")
    .set({ status: "STARTED", date_next_attempt: null })
    .where("id", "=", lost)
    .execute();

  const { databaseUrl, jobsRoot } = first.config;
  const clock = createTestClock();
  const { client } = await openTestApp({}, { databaseUrl, jobsRoot, leaseMs: 300 }, clock);
  await reaches(client, lost, "RETRY");
  expect(await read(client, lost)).toMatchObject({ attempt: 1, error: { type: "WorkerLost" } });
  await clock.waitedFor(10 * SECOND);
  clock.advance(10 * SECOND);
  for (const id of [waiting, lost]) await expect.poll(() => read(client, id)).toMatchObject({ status: "RETRY", attempt: 2 });
  // Its first attempt's lines, the server's of the loss, and those of the second.
  expect((await read(client, lost)).job_log_entries.map((line) => line.sequence)).toEqual([1, 2, 3, 4]);
});

test("a run keeps its slot, and a singleton its lock, until its last attempt has ended", async () => {
  const app = await open();
  const { client } = app;
  const [first, second] = [await start(client, "jobs.Queues"), await start(client, "jobs.Queues")];
  const single = await start(client, "jobs.Single");
  await reaches(client, single, "RETRY");
  expect(await client.refused(`mutation { run_job(class_path: "jobs.Single") { id } }`)).toMatchObject({
    extensions: { code: "JOB_ALREADY_RUNNING" },
  });
  await reaches(client, first, "RETRY");
  expect(await read(client, second)).toMatchObject({ status: "PENDING", waits_for_slot: true, attempt: null });
  await nextAttempt(app, first, 10 * SECOND);
  expect(await finished(client, first)).toMatchObject({ status: "FAILURE", attempt: 2 });
  expect(await reaches(client, second, "RETRY")).toMatchObject({ waits_for_slot: false });
});

test("printed texts of all attempts are one console, in order", async () => {
  const app = await open();
  const id = await start(app.client, "jobs.Prints", "console_log: true");
  await nextAttempt(app, id, 10 * SECOND);
  await finished(app.client, id);
  const { job_result } = await app.client.query(
    `query ($id: ID!) { job_result(id: $id) { job_console_entries(sort: ["sequence"]) { sequence text } } }`,
    { id },
  );
  expect(job_result.job_console_entries).toEqual([
    { sequence: 1, text: "printed 1\n" },
    { sequence: 2, text: "printed 2\n" },
  ]);
});

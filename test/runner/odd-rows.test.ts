import { sql } from "kysely";
import { expect, test } from "vitest";
import { contentTypeLabel } from "../../src/entities/content-types.ts";
import type { Database } from "../../src/entities/database.ts";
import { Tag } from "../../src/entities/index.ts";
import { newId } from "../../src/entities/new-id.ts";
import { openTestApp, restart, type TestApp, writeJobs } from "../support/app.ts";
import { createTestClock, type TestClock } from "../support/clock.ts";
import { read } from "../support/control.ts";
import { copyOdd, type OddCopy } from "../support/draws/odd-rows.ts";
import { databaseOf } from "../support/rows.ts";
import { runToEnd } from "../support/runs.ts";
import { createSchedule, readSchedule } from "../support/schedules.ts";

/*
 * The runner's loops, each beside rows with one odd value in each of their columns: of an import, of another program, of an older release. The loop does
 * what there is to do for the row that is ordinary, comes to an end, and says no more than once of any row that it can do nothing for.
 */

const JOBS = {
  "jobs.ts": `
export const Quick = defineJob({ name: "Quick", enabled: true, isolation: "shared", run: () => "done" });
export const Told = defineJobHookReceiver({ name: "Told", enabled: true, isolation: "shared", receive() {} });`,
};
const HOUR_MS = 3_600_000;
/** Longer than a loop goes without a look, in milliseconds. */
const LOOK_MS = 20_000;

/** A clock that counts how often it is read. */
function createCountingClock(): TestClock & { reads: number } {
  const clock = createTestClock();
  const counting = {
    ...clock,
    reads: 0,
    now() {
      counting.reads++;
      return clock.now();
    },
  };
  return counting;
}

/** Waits until no loop works any more: each asks for the time. */
async function isQuiet(clock: { reads: number }): Promise<void> {
  let before = -1;
  const readsSince = () => clock.reads - before + ((before = clock.reads), 0);
  await expect.poll(readsSince, { interval: 100, timeout: 60_000 }).toBe(0);
}

/** Nothing is said twice of a row. */
function expectFewWords({ logged }: TestApp, copies: readonly OddCopy[]): void {
  const words = new Map(copies.map(({ id, words: of }) => [id, of]));
  const said = logged
    .filter(({ level }) => Number(level) >= 40)
    .map(({ msg, job_result, scheduled_job, job, job_hook, worker }) => {
      const id = String(job_result ?? scheduled_job ?? job_hook ?? job ?? worker);
      return `${String(msg)}: ${words.get(id) ?? id}`;
    });
  expect(said.filter((one, n) => said.indexOf(one) !== n)).toEqual([]);
  // No loop has failed as a whole.
  expect(said.filter((one) => one.endsWith("trying again: undefined"))).toEqual([]);
}

async function open() {
  const clock = createCountingClock();
  const app = await openTestApp(JOBS, { workerConcurrency: 4 }, clock);
  return { app, clock, database: await databaseOf(app) };
}

/** Waits until a run has a status. */
const expectStatus = (app: TestApp, id: string, status: string) =>
  expect.poll(async () => (await read(app.client, id)).status, { timeout: 60_000 }).toBe(status);

/** Words of the copies that have one of these statuses. */
async function wordsOf(database: Database, copies: readonly OddCopy[], status: string): Promise<string[]> {
  const rows = await database.rows
    .selectFrom("job_result")
    .select("id")
    .where("status", "=", status as never)
    .execute();
  const found = new Set(rows.map(({ id }) => id));
  return copies.filter(({ id }) => found.has(id)).map(({ words }) => words);
}

test("schedules run beside odd ones", { timeout: 120_000 }, async () => {
  const { app, clock } = await open();
  const plan = { job_model: "Quick", interval: "HOURLY", start_time: new Date(clock.now() + HOUR_MS / 2).toISOString() };
  const ordinary = await createSchedule(app.client, { name: "ordinary", ...plan });
  const base = await createSchedule(app.client, { name: "base", ...plan });
  const copies = await copyOdd(app, "scheduled_job", base.id, ["name"]);
  for (const count of [1, 2, 3]) {
    clock.advance(HOUR_MS);
    await expect.poll(async () => (await readSchedule(app.client, ordinary.id)).total_run_count, { timeout: 60_000 }).toBe(count);
    await isQuiet(clock);
  }
  expectFewWords(app, copies);
});

const PENDING = { status: "PENDING", date_done: null, date_started: null, attempt: null } as const;

test.for([
  ["whose next attempt is due", { status: "RETRY", date_done: null, date_next_attempt: "2026-01-01T00:00:00.000Z", attempt: 1 }],
  ["that nobody has delivered", PENDING],
  ["that wait for a slot", { ...PENDING, waits_for_slot: sql.lit(true) }],
] as const)("runs %s are carried out beside odd ones", { timeout: 120_000 }, async ([, columns]) => {
  const { app, clock, database } = await open();
  const [ordinary, base] = [await runToEnd(app.client, "jobs.Quick"), await runToEnd(app.client, "jobs.Quick")];
  const created = new Date(clock.now() - HOUR_MS).toISOString();
  const waiting = { ...columns, date_created: created, result: null };
  await database.rows
    .updateTable("job_result")
    .set(waiting as never)
    .where("id", "=", base.id)
    .execute();
  const copies = await copyOdd(app, "job_result", base.id);
  await database.rows
    .updateTable("job_result")
    .set(waiting as never)
    .where("id", "=", ordinary.id)
    .execute();
  clock.advance(LOOK_MS);
  await expectStatus(app, ordinary.id, "SUCCESS");
  await isQuiet(clock);
  clock.advance(LOOK_MS);
  await isQuiet(clock);
  await expect.poll(() => wordsOf(database, copies, "STARTED"), { timeout: 60_000 }).toEqual([]);
  expectFewWords(app, copies);
  const before = (await wordsOf(database, copies, "PENDING")).filter((words) => words.startsWith("celery_kwargs"));
  expect(before.filter((words) => !words.includes('"queue"'))).toEqual([]);
});

test("waiting runs of ordinary jobs are let in beside those of odd jobs", { timeout: 120_000 }, async () => {
  const { app, clock, database } = await open();
  const [ordinary, base] = [await runToEnd(app.client, "jobs.Quick"), await runToEnd(app.client, "jobs.Quick")];
  const { jobs } = await app.client.query(`{ jobs(name: "Quick") { id } }`);
  await database.rows.updateTable("job").set({ max_concurrent: 1, on_limit: "QUEUE" }).where("id", "=", jobs[0]!.id).execute();
  const copies = await copyOdd(app, "job", jobs[0]!.id, ["name", "job_class_name"]);
  await database.rows
    .updateTable("job_result")
    .set({ ...PENDING, waits_for_slot: sql.lit(true) })
    .where("id", "in", [ordinary.id, base.id])
    .execute();
  const columns = Object.keys((await database.rows.selectFrom("job_result").selectAll().limit(1).executeTakeFirst())!);
  for (const { id } of copies) {
    const values = columns.map((name) =>
      name === "id" ? sql.val(newId()) : name === "job_model_id" ? sql.val(id) : sql.ref(name),
    );
    await sql`insert into job_result (${sql.join(columns.map((name) => sql.ref(name)))})
      select ${sql.join(values)} from job_result where id = ${base.id}`.execute(database.rows);
  }
  clock.advance(LOOK_MS);
  await expectStatus(app, ordinary.id, "SUCCESS");
  clock.advance(LOOK_MS);
  await isQuiet(clock);
  expectFewWords(app, copies);
  expect(await read(app.client, ordinary.id)).toMatchObject({ status: "SUCCESS" });
});

test("runs that wait are carried out at a start beside odd ones", { timeout: 120_000 }, async () => {
  const { app, database } = await open();
  const [ordinary, base] = [await runToEnd(app.client, "jobs.Quick"), await runToEnd(app.client, "jobs.Quick")];
  await database.rows.updateTable("job_result").set(PENDING).where("id", "=", base.id).execute();
  const copies = await copyOdd(app, "job_result", base.id);
  await database.rows.updateTable("job_result").set(PENDING).where("id", "=", ordinary.id).execute();
  const again = await restart(app, { workerConcurrency: 4 });
  await expectStatus(again, ordinary.id, "SUCCESS");
  await expect.poll(() => wordsOf(database, copies, "STARTED"), { timeout: 60_000 }).toEqual([]);
  expectFewWords(again, copies);
});

test("lost runs are settled beside odd ones", { timeout: 120_000 }, async () => {
  const { app, database } = await open();
  const [ordinary, base] = [await runToEnd(app.client, "jobs.Quick"), await runToEnd(app.client, "jobs.Quick")];
  const started = { status: "STARTED", date_done: null, worker_id: newId() } as const;
  await database.rows.updateTable("job_result").set(started).where("id", "=", base.id).execute();
  const copies = await copyOdd(app, "job_result", base.id);
  await database.rows
    .updateTable("job_result")
    .set({ ...started, id: `f${ordinary.id.slice(1)}` })
    .where("id", "=", ordinary.id)
    .execute();
  const [worker] = await database.rows.selectFrom("worker").select("id").execute();
  await copyOdd(app, "worker", worker!.id);
  const again = await restart(app, { leaseMs: 300 });
  await expectStatus(again, `f${ordinary.id.slice(1)}`, "FAILURE");
  // No number of JavaScript names this attempt.
  const unnamed = "attempt 9223372036854775807";
  await expect
    .poll(async () => (await wordsOf(database, copies, "STARTED")).filter((words) => words !== unnamed), {
      timeout: 60_000,
    })
    .toEqual([]);
  expectFewWords(again, copies);
});

test("hooks are launched beside odd ones", { timeout: 120_000 }, async () => {
  const { app, clock, database } = await open();
  const { create_job_hook: base } = await app.client.query(
    `mutation { create_job_hook(data: { name: "Tags", job: "Told", content_types: ["${contentTypeLabel(Tag)}"], type_update: true }) { id } }`,
  );
  const copies = await copyOdd(app, "job_hook", base.id, ["name"]);
  const change = await database.rows.selectFrom("object_change").select("id").limit(1).executeTakeFirstOrThrow();
  for (const id of [...copies.map((copy) => copy.id), base.id])
    await database.rows
      .insertInto("job_hook_delivery")
      .values({ id: newId(), job_hook_id: id, object_change_id: change.id })
      .execute();
  clock.advance(LOOK_MS);
  const toldOf = async () =>
    (await app.client.query(`{ job_results(status: "SUCCESS" limit: 1000) { meta } }`)).job_results.map(
      ({ meta }: any) => meta?.job_hook,
    );
  await expect.poll(toldOf, { timeout: 60_000 }).toContain("Tags");
  clock.advance(LOOK_MS);
  await isQuiet(clock);
  expectFewWords(app, copies);
});

test("a server starts beside odd rows, also where a job is gone", { timeout: 120_000 }, async () => {
  const { app, database } = await open();
  const plan = { job_model: "Quick", interval: "HOURLY", start_time: new Date(Date.now() + HOUR_MS / 2).toISOString() };
  const schedule = await createSchedule(app.client, { name: "base", ...plan });
  const { create_job_hook: hook } = await app.client.query(
    `mutation { create_job_hook(data: { name: "Tags", job: "Told", content_types: ["${contentTypeLabel(Tag)}"], type_update: true }) { id } }`,
  );
  const { jobs } = await app.client.query(`{ jobs(name: "Quick") { id } }`);
  const queue = await database.rows.selectFrom("job_queue").select("id").limit(1).executeTakeFirstOrThrow();
  await copyOdd(app, "scheduled_job", schedule.id, ["name"]);
  await copyOdd(app, "job_hook", hook.id, ["name"]);
  await copyOdd(app, "job", jobs[0]!.id, ["name", "job_class_name"]);
  await copyOdd(app, "job_queue", queue.id, ["name"]);
  const jobsRoot = await writeJobs({
    "other.ts": `export const Other = defineJob({ name: "Other", enabled: true, run: () => "done" });`,
  });
  await app.close();
  const { databaseUrl } = app.config;
  const again = await openTestApp({}, { databaseUrl, jobsRoot });
  expect(await runToEnd(again.client, "other.Other")).toMatchObject({ status: "SUCCESS" });
});

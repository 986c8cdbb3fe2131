import { expect, onTestFinished, test } from "vitest";
import type { Database } from "../../../src/entities/database.ts";
import { newId } from "../../../src/entities/new-id.ts";
import { openTestApp, restart, type TestApp } from "../../support/app.ts";
import { createTestClock } from "../../support/clock.ts";
import { finished, read, start } from "../../support/control.ts";
import { databaseOf } from "../../support/rows.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "jobs.ts": `
export const Quick = defineJob({ name: "Quick", enabled: true, run: ({ logger }) => { logger.info("quick"); } });
export const Waits = defineJob({ name: "Waits", enabled: true, run: async ({ logger, signal }) => {
  logger.info("waiting");
  await new Promise((resolve) => { const t = setInterval(() => {}, 1000); signal.addEventListener("abort", () => { clearInterval(t); resolve(undefined); }); });
  return "told: " + signal.reason.name;
} });
const again = (name, leave) => defineJob({ name, enabled: true, run: async ({ logger, ...context }) => {
  for (let n = 0; ; n++) {
    await leave(context, n);
    if (n === 0) logger.info("left one");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
} });
export const Files = again("Files", ({ createFile }, n) => createFile("file " + n, "content"));
const CREATE = "mutation ($name: String!) { create_tag(data: { name: $name, content_types: [\\"extras.job\\"] }) { id } }";
export const Changes = again("Changes", ({ graphql }, n) => graphql(CREATE, { name: "tag " + n }));
`,
};

/** A run that a worker has claimed and never ended. */
async function leaveStarted(app: TestApp, database: Database, worker_id: string | null): Promise<string> {
  const { id } = await runToEnd(app.client, "jobs.Quick");
  await database.rows
    .updateTable("job_result")
    .set({ status: "STARTED", date_done: null, worker_id })
    .where("id", "=", id)
    .execute();
  return id;
}

/** Stores a worker that gives signs of life until the test is over, for no process. */
async function openWorker(database: Database, host: string): Promise<string> {
  const id = newId();
  await database.rows.insertInto("worker").values({ id, host, pid: 1, started: new Date().toISOString(), beats: 0 }).execute();
  return id;
}

async function workers(database: Database): Promise<string[]> {
  const rows = await database.rows.selectFrom("worker").select("id").orderBy("id").execute();
  return rows.map(({ id }) => id as string);
}

test("runs of workers that give no sign of life are settled, on any host, and those of live ones are not", async () => {
  const app = await openTestApp(JOBS);
  const database = await databaseOf(app);
  const [dead, live, gone] = [await openWorker(database, "other"), await openWorker(database, "other"), newId()];
  const lost = [
    await leaveStarted(app, database, dead),
    await leaveStarted(app, database, gone),
    await leaveStarted(app, database, null),
  ];
  const going = await leaveStarted(app, database, live);
  const again = await restart(app, { leaseMs: 600 });
  const beating = setInterval(() => {
    void database.rows
      .updateTable("worker")
      .set((eb) => ({ beats: eb("beats", "+", 1) }))
      .where("id", "=", live)
      .execute();
  }, 50);
  onTestFinished(() => clearInterval(beating));
  for (const id of lost) {
    expect(await finished(again.client, id)).toMatchObject({ status: "FAILURE", error: { type: "WorkerLost" } });
  }
  await expect.poll(() => workers(database)).not.toContain(dead);
  expect(await read(again.client, going)).toMatchObject({ status: "STARTED" });
  expect(await workers(database)).toContain(live);
});

test("a worker has a row while it runs, a new one at each start, and none once it stopped", async () => {
  const app = await openTestApp(JOBS, { leaseMs: 300 });
  const database = await databaseOf(app);
  const [first] = await workers(database);
  const beatsOf = async () =>
    (await database.rows.selectFrom("worker").select("beats").where("id", "=", first!).executeTakeFirst())!.beats;
  await expect.poll(beatsOf).toBeGreaterThan(1);
  const again = await restart(app);
  const [second, ...others] = await workers(database);
  expect({ others, isNew: second !== first }).toEqual({ others: [], isNew: true });
  await again.close();
  expect(await workers(database)).toEqual([]);
});

test("a worker whose row was taken away says again that it lives", async () => {
  const app = await openTestApp(JOBS, { leaseMs: 300 });
  const database = await databaseOf(app);
  const before = await workers(database);
  await database.rows.deleteFrom("worker").execute();
  await expect.poll(() => workers(database)).toEqual(before);
});

test("a job whose run was taken over is ended, and its later output and result are dropped", async () => {
  const app = await openTestApp(JOBS);
  const database = await databaseOf(app);
  const id = await start(app.client, "jobs.Waits");
  await app.client.followLog(id, { limit: 1 });
  const other = await openWorker(database, "other");
  await database.rows.updateTable("job_result").set({ worker_id: other }).where("id", "=", id).execute();
  await expect.poll(() => app.logged.map(({ msg }) => msg)).toContain("a run was no longer this worker's when it ended");
  expect(await read(app.client, id)).toMatchObject({ status: "STARTED", job_log_entries: [{ message: "waiting" }] });
});

test.for([
  ["Files", "file_proxy"],
  ["Changes", "tag"],
] as const)("a job whose run was taken over leaves no more, before it hears of it: %s", async ([job, table]) => {
  const app = await openTestApp(JOBS, { workerConcurrency: 1 });
  const database = await databaseOf(app);
  const count = async () =>
    Number(
      (
        await database.rows
          .selectFrom(table)
          .select((eb) => eb.fn.countAll().as("n"))
          .executeTakeFirstOrThrow()
      )["n"],
    );
  const id = await start(app.client, `jobs.${job}`);
  await app.client.followLog(id, { limit: 1 });
  const other = await openWorker(database, "other");
  await database.rows.updateTable("job_result").set({ worker_id: other }).where("id", "=", id).execute();
  const before = await count();
  expect(before).toBeGreaterThan(0);
  await expect.poll(() => app.logged.map(({ msg }) => msg)).toContain("a run was no longer this worker's when it ended");
  // A last row may have been on its way.
  expect(await count()).toBeLessThanOrEqual(before + 1);
});

test("a run that a worker has claimed and does not run is settled too", async () => {
  const app = await openTestApp(JOBS, { leaseMs: 300 });
  const database = await databaseOf(app);
  const [own] = await workers(database);
  const id = await leaveStarted(app, database, own!);
  expect(await finished(app.client, id)).toMatchObject({ status: "FAILURE", error: { type: "WorkerLost" } });
});

test.for([
  ["runs", 0],
  ["runs that a clock says are still to be asked for, since it was set back,", 3],
] as const)("%s that wait and whose delivery was lost are sent off by any server", async ([, aheadHours]) => {
  const clock = createTestClock();
  const app = await openTestApp(JOBS, {}, clock);
  const database = await databaseOf(app);
  const { id } = await runToEnd(app.client, "jobs.Quick");
  // As another server leaves it that dies after its commit, and before it sends the run off.
  await database.rows
    .updateTable("job_result")
    .set({
      status: "PENDING",
      date_done: null,
      attempt: null,
      date_created: new Date(clock.now() + aheadHours * 3_600_000).toISOString(),
    })
    .where("id", "=", id)
    .execute();
  await clock.waitedFor(20_000);
  clock.advance(20_000);
  expect(await finished(app.client, id)).toMatchObject({ status: "SUCCESS" });
});

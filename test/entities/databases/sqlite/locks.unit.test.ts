import Sqlite from "better-sqlite3";
import { sql } from "kysely";
import { pino } from "pino";
import { RE2JS } from "re2js";
import { expect, onTestFinished, test, vi } from "vitest";
import { openDatabase } from "../../../../src/entities/database.ts";
import { Tag } from "../../../../src/entities/index.ts";
import { newId } from "../../../../src/entities/new-id.ts";
import { createMemoryBroker } from "../../../../src/runner/messaging/brokers/memory.ts";
import { createRetries } from "../../../../src/runner/worker/retries.ts";
import { openTestApp } from "../../../support/app.ts";
import { createTestClock } from "../../../support/clock.ts";
import { freshDatabaseUrl } from "../../../support/database.ts";
import { runToEnd } from "../../../support/runs.ts";
import { createSchedule } from "../../../support/schedules.ts";

async function open() {
  const url = await freshDatabaseUrl();
  const database = await openDatabase(url);
  onTestFinished(() => database.close());
  return { database, url };
}

test("a lock of another connection stops neither reads nor the thread, and writes go through once it is released", async () => {
  const { database, url } = await open();
  await database.read(sql`select 1`.compile(database.rows));
  const foreign = new Sqlite(url.slice("sqlite:".length));
  onTestFinished(() => void foreign.close());
  foreign.exec("begin immediate");
  const done: string[] = [];
  const addTag = (name: string) => {
    const em = database.fork();
    em.create(Tag, { name }, { partial: true });
    return em.flush();
  };
  const writes = [
    addTag("flushed").then(() => done.push("flush")),
    database
      .transaction(async (em) => void em.create(Tag, { name: "in a transaction" }, { partial: true }))
      .then(() => done.push("transaction")),
    database.rows
      .insertInto("group")
      .values({ id: "01a20d41-bf32-73c7-86b0-37568f855895", name: "as a row" })
      .execute()
      .then(() => done.push("row")),
  ];
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await database.read(sql`select count(*) as tags from tag`.compile(database.rows))).toEqual([{ tags: 0 }]);
  }
  expect(done).toEqual([]);
  foreign.exec("commit");
  await Promise.all(writes);
  expect(await database.read(sql`select count(*) as tags from tag`.compile(database.rows))).toEqual([{ tags: 2 }]);
});

test("a database that another process keeps to itself is opened and read once it is free", async () => {
  const url = await freshDatabaseUrl();
  const foreign = new Sqlite(url.slice("sqlite:".length));
  onTestFinished(() => void foreign.close());
  foreign.pragma("locking_mode = exclusive");
  foreign.exec("begin exclusive");
  const opening = openDatabase(url);
  let isOpen = false;
  void opening.then(() => (isOpen = true));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isOpen).toBe(false);
  foreign.close();
  const database = await opening;
  onTestFinished(() => database.close());
  expect(await database.read(sql`select count(*) as tags from tag`.compile(database.rows))).toEqual([{ tags: 0 }]);
});

const JOBS = {
  "own.ts": `export const Short = defineJob({ name: "Short", enabled: true, run() {} });
export const Told = defineJobHookReceiver({ name: "Told", enabled: true, receive() {} });`,
};
/** Milliseconds within which a server looks for work. */
const LOOK_MS = 20_000;

const alarmsIn = (logged: readonly Record<string, unknown>[]) =>
  logged.filter(({ level }) => Number(level) >= 40).map(({ level, msg }) => `${String(level)} ${String(msg)}`);

test("a server that has nothing to send off needs no lock to find that out", async () => {
  const { database, url } = await open();
  const foreign = new Sqlite(url.slice("sqlite:".length));
  onTestFinished(() => void foreign.close());
  const logged: Record<string, unknown>[] = [];
  const log = pino({ write: (line: string) => void logged.push(JSON.parse(line)) });
  const retries = createRetries({ database, broker: createMemoryBroker(), clock: createTestClock(), log });
  foreign.exec("begin immediate");
  retries.wake();
  await retries.close();
  expect(logged).toEqual([]);
});

test("work that a foreign lock prevents is a warning, and is done once the lock is released", async () => {
  const clock = createTestClock();
  const app = await openTestApp(JOBS, {}, clock);
  const foreign = new Sqlite(app.config.databaseUrl.slice("sqlite:".length));
  onTestFinished(() => void foreign.close());
  const alarms = () => alarmsIn(app.logged);
  const { client } = app;
  const run = await runToEnd(client, "own.Short");
  const schedule = await createSchedule(client, {
    job_model: "Short",
    interval: "CUSTOM",
    crontab: "0 0 1 1 *",
    catch_up: "ONE",
  });
  const { create_job_hook: hook } = await client.query(
    `mutation { create_job_hook(data: { name: "Tags", job: "Told", content_types: ["extras.tag"], type_update: true }) { id } }`,
  );
  const past = new Date(0).toISOString();
  foreign.prepare("update job_result set status = 'RETRY', date_next_attempt = ? where id = ?").run(past, run.id);
  foreign.prepare("update scheduled_job set next_run_at = ? where id = ?").run(past, schedule.id);
  foreign
    .prepare("insert into job_hook_delivery (id, job_hook_id, object_change_id) select ?, ?, min(id) from object_change")
    .run(newId(), hook.id);
  foreign.exec("begin immediate");
  clock.advance(LOOK_MS);
  await expect
    .poll(() => alarms().toSorted())
    .toEqual([
      "40 a job hook could not be launched; trying again",
      "40 a schedule could not be carried out; trying again",
      "40 job hooks could not be launched; trying again",
      "40 runs that are due could not be sent off; trying again",
      "40 schedules that are due could not be carried out; trying again",
    ]);
  foreign.exec("commit");
  clock.advance(LOOK_MS);
  await expect
    .poll(() => client.query(`{ job_results(sort: "name") { name status } }`))
    .toEqual({
      job_results: [
        { name: "Short", status: "SUCCESS" },
        { name: "Short", status: "SUCCESS" },
        { name: "Told", status: "SUCCESS" },
      ],
    });
  expect(alarms()).toHaveLength(5);
});

test("each pattern of a statement is compiled once, however many rows it is asked of", async () => {
  const { database } = await open();
  const names = Array.from({ length: 50 }, (_, n) => `tag ${n}`);
  const em = database.fork();
  for (const name of names) em.create(Tag, { name }, { partial: true });
  await em.flush();
  const compile = vi.spyOn(RE2JS, "compile");
  onTestFinished(() => compile.mockRestore());
  const patterns = ["a.*q", "b.*q", "c.*q", "d.*q", "g 7$"];
  const matches = patterns.map((pattern) => database.matches(sql.ref("name"), pattern, false));
  const statement = sql`select name from tag where ${sql.join(matches, sql` or `)}`.compile(database.rows);
  for (let n = 0; n < 3; n++) expect(await database.read(statement)).toEqual([{ name: "tag 7" }]);
  expect(compile).toHaveBeenCalledTimes(patterns.length);
});

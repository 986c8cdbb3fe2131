import { randomUUID } from "node:crypto";
import { type CompiledQuery, sql } from "kysely";
import { expect, inject, onTestFinished, test } from "vitest";
import { type Database, openDatabase } from "../../../src/entities/database.ts";
import type { ReadLimits } from "../../../src/entities/databases/read-limits.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { storeLines } from "../../support/lines.ts";

const isSqlite = inject("databaseUrl").startsWith("sqlite:");

async function open(limits: Partial<ReadLimits> = {}): Promise<Database> {
  const database = await openDatabase(await freshDatabaseUrl(), limits);
  onTestFinished(() => database.close());
  return database;
}

const ALL = sql`pg_attribute as a cross join pg_attribute as b cross join pg_attribute as c cross join pg_attribute as d`;

/** A read that ends when it is ended, and not before. */
const endless = ({ rows }: Database): CompiledQuery =>
  isSqlite
    ? sql`select count(*) as n from (with recursive n (i) as (select 1 union all select i + 1 from n) select i from n)`.compile(
        rows,
      )
    : sql`select count(*) as n from ${ALL}`.compile(rows);

/** A read that the databases expect to take long; it ends at once. */
const long = ({ rows }: Database, value: number): CompiledQuery =>
  isSqlite
    ? sql`select i as n from (with recursive n (i) as (select ${value} union all select i + 1 from n limit 1) select i from n)`.compile(
        rows,
      )
    : sql`select count(*) + ${value}::int as n from ${ALL} where now() < timestamptz '2000-01-01 00:00:00+00'`.compile(rows);

const point = ({ rows }: Database) =>
  sql`select name from job_queue where id = ${"01a20d41-bf32-73c7-86b0-37568f855895"}`.compile(rows);

/** Something that ends it when the test is over, should it still be under way. */
function stopper(): AbortController {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  return controller;
}

test("reads that take long keep short ones and writes from nothing", async () => {
  const database = await open();
  const stop = stopper();
  const reads = Array.from({ length: 10 }, () => database.read(endless(database), { signal: stop.signal, user: "one" }));
  const settled = Promise.allSettled(reads);
  let answered = 0;
  for (let n = 0; n < 50; n++) {
    await database.read(point(database), { signal: stop.signal, user: `other ${n % 20}` });
    await database.fork().execute("delete from job_hook_delivery where false");
    answered++;
  }
  expect(answered).toBe(50);
  stop.abort(new Error("enough"));
  for (const result of await settled) expect(result).toMatchObject({ status: "rejected", reason: { message: "enough" } });
});

test("a user's flood of long reads leaves a place to others, and ends in a sentence", async () => {
  const database = await open({ readerProcesses: 2, readerConnections: 6 });
  const stop = stopper();
  const flood = Array.from({ length: 130 }, () => database.read(endless(database), { signal: stop.signal, user: "one" }));
  const refused: unknown[] = [];
  for (const read of flood) read.catch((error: unknown) => refused.push(error));
  for (let n = 0; n < 5; n++) expect(await database.read(long(database, n), { user: "other" })).toHaveLength(1);
  await expect.poll(() => refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: expect.stringMatching(/Too many long reads are under way/),
  });
  // The server's own reads are not refused.
  const own = database.read(long(database, 1));
  stop.abort();
  expect(await own).toHaveLength(1);
  await Promise.allSettled(flood);
});

test("a read that is aborted is canceled, and leaves its place and its connection to the next", async () => {
  const database = await open({ readerProcesses: 1, readerConnections: 1 });
  for (let n = 0; n < 4; n++) {
    const reason = new Error(`gone ${n}`);
    const stop = stopper();
    const waiting = stopper();
    const read = database.read(endless(database), { signal: stop.signal });
    const next = database.read(endless(database), { signal: waiting.signal });
    const one = database.read(long(database, n), {});
    // A read that is under way or waits, and one that waits.
    waiting.abort(new Error("no longer"));
    await expect(next).rejects.toThrow("no longer");
    setImmediate(() => stop.abort(reason));
    await expect(read).rejects.toBe(reason);
    expect(await one).toHaveLength(1);
    expect(await database.read(point(database), {})).toEqual([]);
  }
  const aborted = AbortSignal.abort(new Error("before"));
  await expect(database.read(endless(database), { signal: aborted })).rejects.toThrow("before");
});

test("a statement that takes too long ends with the name of the setting", async () => {
  const database = await open({ statementTimeoutMs: 300, readerProcesses: 1, readerConnections: 1 });
  await expect(database.read(endless(database), {})).rejects.toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: expect.stringMatching(/300 ms \(STATEMENT_TIMEOUT_MS\)/),
  });
  expect(await database.read(point(database), {})).toEqual([]);
});

/** A run with as many lines, the first of which has another message. */
const fill = (database: Database, lines: number, message: string) =>
  storeLines(
    database,
    Array.from({ length: lines }, (_, n) => (n === 0 ? "ü😀 the needle" : `${message} ${n}`)),
  );

const byText = (database: Database, id: string, patterns: readonly string[]) => {
  const matches = patterns.map((pattern) => database.matches(sql.ref("job_log_entry.message"), pattern, false));
  return sql`select "job_log_entry"."sequence", "job_log_entry"."message", "job_log_entry"."job_result_id", null as missing
    from "job_log_entry" where "job_log_entry"."job_result_id" = ${id} and (${sql.join(matches, sql` or `)})
    order by "job_log_entry"."sequence"`.compile(database.rows);
};

test("rows are the same in either lane", async () => {
  const database = await open();
  const few = await fill(database, 10, "hay");
  const many = await fill(database, 14_000, "hay");
  for (const id of [few, many])
    expect(await database.read(byText(database, id, ["nee.le$", "hay 7$", "never", "a.*z", "q.*q"]), {})).toEqual([
      { sequence: 1, message: "ü😀 the needle", job_result_id: id, missing: null },
      { sequence: 8, message: "hay 7", job_result_id: id, missing: null },
    ]);
});

test("rows are bounded by their bytes while they are read, in either lane", async () => {
  const database = await open({ readerProcesses: 1, readerConnections: 1 });
  const run = await fill(database, 1000, "x".repeat(1000));
  const plain = sql`select "job_log_entry"."message" from "job_log_entry" where "job_log_entry"."job_result_id" = ${run}
    order by "job_log_entry"."sequence"`.compile(database.rows);
  const refusal = { code: "LIMIT_EXCEEDED", message: expect.stringMatching(/more than 100000 bytes/) };
  for (let n = 0; n < 3; n++) {
    await expect(database.read(plain, { maxBytes: 100_000 })).rejects.toMatchObject(refusal);
    await expect(database.read(byText(database, run, ["xxx"]), { maxBytes: 100_000 })).rejects.toMatchObject(refusal);
    expect(await database.read(plain, { maxBytes: 10_000_000 })).toHaveLength(1000);
    expect(await database.read(byText(database, run, ["xxx"]), { maxBytes: 10_000_000 })).toHaveLength(999);
  }
});

// oxlint-disable-next-line vitest/no-conditional-tests -- a test that one of the two databases has is not skipped by the other
if (!isSqlite) {
  const text = (length: number, count: number, { rows }: Database) =>
    sql`select repeat('x', ${length}::int) as text from generate_series(1, ${count}::int)`.compile(rows);

  test("rows of any length, past a bound and within it, leave the connection to the next", async () => {
    const database = await open({ readerConnections: 1 });
    for (const [length, count] of [
      [50_000_000, 1],
      [5_000_000, 20],
      [10, 1_000_000],
    ] as const) {
      await expect(database.read(text(length, count, database), { maxBytes: 1_000_000 })).rejects.toThrow(
        /more than 1000000 bytes/,
      );
      expect(await database.read(text(3, 2, database), { maxBytes: 1_000_000 })).toEqual([{ text: "xxx" }, { text: "xxx" }]);
    }
    const [row] = await database.read(text(50_000_000, 1, database), {});
    expect((row!["text"] as string).length).toBe(50_000_000);
  });

  test("a read that PostgreSQL expected to be short does not keep its place among those that are", async () => {
    const database = await open({ readerConnections: 4 });
    const stop = stopper();
    const sleep = sql`select pg_sleep(3600)`.compile(database.rows);
    const sleeps = Array.from({ length: 10 }, (_, n) => database.read(sleep, { signal: stop.signal, user: `one ${n}` }));
    const settled = Promise.allSettled(sleeps);
    for (let n = 0; n < 20; n++) expect(await database.read(point(database), { user: "other" })).toEqual([]);
    stop.abort();
    await settled;
    const left =
      sql`select count(*) as n from pg_stat_activity where datname = current_database() and query like 'select pg_sleep%'
      and state = 'active'`.compile(database.rows);
    await expect.poll(() => database.read(left)).toEqual([{ n: 0 }]);
  });

  test("connections that break while they are idle are replaced", async () => {
    const database = await open();
    await Promise.all(Array.from({ length: 5 }, () => database.read(point(database), {})));
    const others = sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.compile(database.rows);
    await database.read(others);
    await expect.poll(() => database.read(point(database), {}).catch(() => "broken")).toEqual([]);
    expect(await database.fork().execute("select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("reads wait for connections that the server does not give", async () => {
    const database = await open();
    const role = `role_${randomUUID()}`;
    await database.fork().execute(`create role "${role}" login connection limit 3`);
    onTestFinished(async () => void (await database.fork().execute(`drop role "${role}"`)));
    const url = new URL(await freshDatabaseUrl());
    url.username = role;
    const limited = await openDatabase(url.href);
    onTestFinished(() => limited.close());
    const reads = Array.from({ length: 30 }, () => limited.read(sql`select 1 as one`.compile(limited.rows), {}));
    for (const rows of await Promise.all(reads)) expect(rows).toEqual([{ one: 1 }]);
  });
}

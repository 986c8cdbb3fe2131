import { ALL_RIGHTS } from "../../../../src/access/rights.ts";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import Sqlite from "better-sqlite3";
import { graphql } from "graphql";
import { type CompiledQuery, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../../../src/config.ts";
import { type Database, openDatabase } from "../../../../src/entities/database.ts";
import { READ_LIMITS } from "../../../../src/entities/databases/read-limits.ts";
import { rowsIn } from "../../../../src/entities/databases/sqlite/estimates.ts";
import { createScans } from "../../../../src/entities/databases/sqlite/scans.ts";
import { createContext } from "../../../../src/schema/context.ts";
import { createSchema } from "../../../../src/schema/index.ts";
import { gone } from "../../../support/machines/alive.ts";
import { freshDatabaseUrl } from "../../../support/database.ts";
import { fillModels } from "../../../support/draws/fill.ts";
import { storeLines } from "../../../support/lines.ts";

const schema = createSchema();
const scans = new URL("../../../../src/entities/databases/sqlite/scans.ts", import.meta.url).href;

/** Tells whether the server's thread itself has read: its event loop has not turned meanwhile. */
async function isReadHere(database: Database, statement: Parameters<Database["read"]>[0], rows: unknown[]): Promise<boolean> {
  let hasTurned = false;
  const turn = setImmediate(() => (hasTurned = true));
  rows.push(...(await database.read(statement)));
  clearImmediate(turn);
  return !hasTurned;
}

/** Lane of each statement of an operation. */
async function lanesOf(database: Database, source: string): Promise<string[]> {
  const lanes: string[] = [];
  const read = async (statement: CompiledQuery) => {
    const rows: Record<string, unknown>[] = [];
    lanes.push((await isReadHere(database, statement, rows)) ? "here" : "apart");
    return rows;
  };
  const watching: Database = { ...database, read: read as Database["read"] };
  const viewer = {
    id: "00000000-0000-7000-8000-000000000000",
    username: "tester",
    isStaff: true,
    isSuperuser: true,
    rights: ALL_RIGHTS,
  };
  const contextValue = createContext({ database: watching, runner: undefined as never, limits: loadConfig({}) }, viewer);
  expect((await graphql({ schema, source, contextValue })).errors).toBeUndefined();
  return lanes;
}

test("a statement that looks at few rows is read in the server's thread, in tables of any size; one that may look at many is read apart", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  await fillModels(database, 50);
  const many = await storeLines(
    database,
    Array.from({ length: 14_000 }, (_, n) => `line ${n}`),
  );
  const few = await storeLines(
    database,
    Array.from({ length: 100 }, (_, n) => `line ${n}`),
  );
  const last = async (source: string) => (await lanesOf(database, source)).at(-1);

  const here = [
    "{ jobs { id name grouping description enabled installed hidden } }",
    "{ job_results(limit: 50) { id name status date_created job_model { name } } }",
    `{ job_result(id: "${few}") { job_log_entries { id created log_level message } } }`,
    "{ jobs { name job_results { id status date_created } } }",
    "{ jobs { name job_results(limit: 20) { id status job_log_entries(limit: 10) { log_level message } } } }",
    "{ job_results(limit: 20) { job_log_entries(limit: 10, offset: 5) { message } } }",
    "{ job_log_entries(limit: 100) { id } }",
    `{ job_result(id: "${many}") { job_log_entries(limit: 100, offset: 500) { message } } }`,
    `{ job_log_entries(job_result: "${many}", sequence__gt: 13000, limit: 100) { message } }`,
    `{ job_log_entries(job_result: "${few}", message__ic: "line 7") { message } }`,
    `{ job_log_entries(job_result: "${few}", message__re: "7$", log_level: "INFO") { message } }`,
    `{ job_results(name__ic: "none") { id } }`,
    `{ jobs(has_job_results: true) { id } }`,
    `{ job_results_connection(first: 5) { total_count } }`,
  ];
  for (const source of here) expect([source, await last(source)]).toEqual([source, "here"]);

  const status = database.rows
    .selectFrom("job_result")
    .select(({ selectFrom }) => [
      "status",
      selectFrom("job_log_entry")
        .select(({ fn }) => fn.max("sequence").as("max"))
        .where("job_result_id", "=", many)
        .as("last"),
    ])
    .where("id", "=", many)
    .compile();
  const rows: unknown[] = [];
  expect(await isReadHere(database, status, rows)).toBe(true);
  expect(rows).toMatchObject([{ last: 14_000 }]);
  const recent = (run: string) =>
    sql`select "job_log_entry"."id" from "job_log_entry" where true and ("job_log_entry"."id" = ${run} or job_log_entry.job_result_id in (${run}))
      order by "job_log_entry"."created" limit ${5}`.compile(database.rows);
  expect(await isReadHere(database, recent(few), rows)).toBe(true);
  expect(await isReadHere(database, recent(many), rows)).toBe(false);

  const apart = [
    // An index serves either of the two.
    `{ job_result(id: "${few}") { job_log_entries(job_result: ["${many}", "${few}"]) { id } } }`,
    `{ job_log_entries(message__re: "z.*q", limit: 5) { id } }`,
    `{ job_log_entries(message__ic: "zz", limit: 5) { id } }`,
    `{ job_log_entries(message__nisw: "l", limit: 5) { id } }`,
    `{ job_log_entries(log_level: "ERROR", limit: 5) { id } }`,
    `{ job_log_entries(limit: 5, offset: 13500) { id } }`,
    `{ job_log_entries(sort: "message", limit: 5) { id } }`,
    `{ job_log_entries_connection(first: 5) { total_count } }`,
    `{ job_log_entries(job_result: "${many}", message__ic: "zz", limit: 5) { id } }`,
    `{ job_log_entries(job_result: "${many}", sort: "message", limit: 5) { id } }`,
    `{ job_result(id: "${many}") { job_log_entries(message__re: "q$", limit: 5) { id } } }`,
    '{ job_results { job_log_entries(message__ic: "zz", limit: 1) { message } } }',
    `{ job_results(has_job_log_entries: true) { id } }`,
  ];
  for (const source of apart) expect([source, await last(source)]).toEqual([source, "apart"]);

  let hasTurned = false;
  const turn = setImmediate(() => (hasTurned = true));
  expect((await database.estimateRows()).get("job_log_entry")).toBe(14_150);
  clearImmediate(turn);
  expect(hasTurned).toBe(false);
});

test("how many rows a table has is found without a walk through it", () => {
  const connection = new Sqlite(":memory:");
  connection.exec("create table t (id text not null primary key)");
  const size = () =>
    connection
      .prepare(`select ${rowsIn("t")}`)
      .pluck()
      .get();
  expect(size()).toBe(0);
  connection.exec("insert into t values ('a'), ('b'), ('c'); delete from t where id = 'a'");
  expect(size()).toBe(2);
  const steps = connection.prepare(`explain query plan select ${rowsIn("t")}`).all() as { detail: string }[];
  expect(steps.map(({ detail }) => detail).filter((detail) => detail.endsWith(" t"))).toEqual(["SEARCH t", "SEARCH t"]);
  connection.close();
});

test("a read that no process can be started for leaves its place to the next", async () => {
  const file = (await freshDatabaseUrl()).slice("sqlite:".length);
  const source = `import { createScans } from ${JSON.stringify(scans)};
    import { closeSync, openSync } from "node:fs";
    const lane = createScans(${JSON.stringify(file)}, { readerProcesses: 1, statementTimeoutMs: 3_600_000 });
    const read = () => lane.read({ sql: "select 1 as n", parameters: [] });
    const open = [];
    try { for (;;) open.push(openSync("/dev/null")); } catch {}
    const failed = await Promise.allSettled([read(), read()]);
    for (const descriptor of open) closeSync(descriptor);
    console.log(JSON.stringify([failed.map(({ reason }) => reason.message), await read()]));
    lane.close();`;
  const args = ["--input-type=module", "--disable-warning=ExperimentalWarning", "-e", source];
  const server = spawn("/bin/sh", ["-c", 'ulimit -n 100; exec "$@"', "sh", process.execPath, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void server.kill("SIGKILL"));
  const [line] = (await once(createInterface({ input: server.stdout }), "line")) as [string];
  const sentence = "The system has no descriptors left for another process.";
  expect(JSON.parse(line)).toEqual([[sentence, sentence], [{ n: 1 }]]);
});

test("once a database is closed, no process is started for waiting reads", async () => {
  const file = (await freshDatabaseUrl()).slice("sqlite:".length);
  const lane = createScans(file, { ...READ_LIMITS, readerProcesses: 1 });
  const reads = [1, 2, 3].map((n) => lane.read({ sql: `select ${n} as n`, parameters: [] } as never));
  lane.close();
  for (const result of await Promise.allSettled(reads)) expect(result.status).toBe("rejected");
  await expect(lane.read({ sql: "select 4 as n", parameters: [] } as never)).rejects.toThrow("closed");
});

test("a reader process ends with its server, also in the middle of a statement", async () => {
  const file = (await freshDatabaseUrl()).slice("sqlite:".length);
  const endless = "with recursive n (i) as (select 1 union all select i + 1 from n) select count(*) from n";
  const source = `import { createScans } from ${JSON.stringify(scans)};
    import { execFileSync } from "node:child_process";
    const lane = createScans(${JSON.stringify(file)}, { readerProcesses: 1, statementTimeoutMs: 3_600_000 });
    await lane.read({ sql: "select 1", parameters: [] });
    lane.read({ sql: ${JSON.stringify(endless)}, parameters: [] });
    const processes = execFileSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" }).split("\\n");
    const readers = processes.filter((line) => line.includes("scan-entry") && line.includes(${JSON.stringify(file)}));
    console.log(JSON.stringify(readers.map((line) => Number.parseInt(line))));`;
  const server = spawn(process.execPath, ["--input-type=module", "--disable-warning=ExperimentalWarning", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: server.stdout }), "line")) as [string];
  const readers = JSON.parse(line) as number[];
  expect(readers.length).toBeGreaterThan(0);
  server.kill("SIGKILL");
  for (const pid of readers) await gone(pid);
});

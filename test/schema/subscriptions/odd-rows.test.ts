import { getNamedType, type GraphQLObjectType, isLeafType } from "graphql";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { FINAL_STATUSES } from "../../../src/entities/choices.ts";
import { createSchema } from "../../../src/schema/index.ts";
import { KEY, openTestApp, type TestApp } from "../../support/app.ts";
import { fillForOdds, type Odds } from "../../support/draws/odd-rows.ts";
import { createTestClock } from "../../support/clock.ts";
import { answersOf, openEventStream } from "../../support/event-stream.ts";
import { databaseOf } from "../../support/rows.ts";

/* One odd row ends no stream, holds none up, and changes no other row: a subscription tells the values that a list tells. */

const schema = createSchema();
const EARLIEST = "0001-01-01T00:00:00Z";

/** All values of a type's rows. */
const leavesOf = (type: string) =>
  Object.values((schema.getType(type) as GraphQLObjectType).getFields())
    .filter((field) => isLeafType(getNamedType(field.type)) && field.args.length === 0)
    .map(({ name }) => name)
    .join(" ");

async function open(): Promise<{ app: TestApp; odds: Odds }> {
  const limits = { maxQueryCost: Number.MAX_SAFE_INTEGER, maxAnswerBytes: Number.MAX_SAFE_INTEGER, maxQueryFields: 100_000 };
  // Nothing wakes the runner, which would change the rows.
  const app = await openTestApp({}, { logLevel: "silent", leaseMs: 3_600_000, ...limits }, createTestClock());
  return { app, odds: await fillForOdds(app) };
}

/** Answers without errors. */
function dataOf(answers: readonly any[], name: string): any[] {
  expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  return answers.flatMap(({ data }) => data[name]);
}

/** The first answers of a subscription that does not end. */
async function firstAnswers(app: TestApp, query: string, isEnough: (answers: readonly any[]) => boolean): Promise<any[]> {
  const answers: any[] = [];
  const stream = await openEventStream(app.url, KEY, { query });
  for await (const { data } of stream) {
    answers.push(JSON.parse(data));
    if (answers.at(-1).errors || isEnough(answers)) break;
  }
  stream.cut();
  return answers;
}

test.each([
  ["job_log_entry", "job_log_entries", "JobLogEntryType", [``, `log_level: "INFO"`, `grouping: "odd"`, `q: "x1"`]],
  ["job_console_entry", "job_console_entries", "JobConsoleEntryType", [``]],
] as const)("%s: rows of a run are followed past those that are odd", async (table, list, type, filters) => {
  const { app, odds } = await open();
  const database = await databaseOf(app);
  const [run] = odds.ids.get("job_result")!;
  await database.rows.updateTable("job_result").set({ status: "SUCCESS" }).where("id", "=", run!).execute();
  await database.rows
    .updateTable(table)
    .set({ job_result_id: run!, sequence: sql<number>`sequence + 1000` })
    .execute();
  await odds.store();
  const fields = leavesOf(type);
  for (const filter of filters) {
    const listed = (await app.client.query(`{ ${list}(job_result: "${run}" limit: 10000 ${filter}) { ${fields} } }`))[list];
    // Without a number, a row has no place among the others.
    const placed = listed.filter(({ sequence }: any) => sequence > 0).toSorted((a: any, b: any) => a.sequence - b.sequence);
    if (filter === "") expect(placed.length).toBeGreaterThan(20);
    for (const after of [0, 1010, 2_147_483_646]) {
      const query = `subscription { ${list}(job_result_id: "${run}" after_sequence: ${after} ${filter}) { ${fields} } }`;
      const told = dataOf(await answersOf(app.url, KEY, { query }), list);
      expect(told, `${filter} after ${after}`).toEqual(placed.filter(({ sequence }: any) => sequence > after));
    }
  }
});

test("a run whose row is odd is followed", async () => {
  const { app, odds } = await open();
  await odds.store();
  const fields = leavesOf("JobResultType");
  for (const { id, column, words } of odds.rows.filter(({ model, column: of }) => model === "job_result" && of !== "id")) {
    const { job_result } = await app.client.query(`{ job_result(id: "${id}") { ${fields} } }`);
    const query = `subscription { job_result(id: "${id}") { ${fields} } }`;
    const isFinal = FINAL_STATUSES.includes(job_result.status);
    const answers = isFinal ? await answersOf(app.url, KEY, { query }) : await firstAnswers(app, query, () => true);
    expect(dataOf(answers, "job_result"), `${column} ${words}`).toEqual([job_result]);
  }
});

test.each([
  ["job_result", "job_results", "JobResultType", ""],
  ["job", "jobs", "JobType", "hidden: null"],
  ["scheduled_job", "scheduled_jobs", "ScheduledJobType", ""],
  ["object_change", "object_changes", "ObjectChangeType", ""],
] as const)("%s: a feed replays all objects once, those that are odd too", async (table, list, type, filter) => {
  const { app, odds } = await open();
  await odds.store();
  const fields = leavesOf(type);
  const { rows } = await app.client.query(`{ rows: ${list}(limit: 10000 ${filter}) { ${fields} } }`);
  const own = odds.rows.filter(({ model }) => model === table);
  // Those whose times are odd may be of any time.
  const isTimed = new Set(own.filter(({ column }) => /created|date|time|last_/.test(column)).map(({ id }) => id));
  const expected = rows.filter(({ id }: any) => odds.ids.get(table)!.includes(id) && !isTimed.has(id));
  const query = `subscription { ${list}(since: "${EARLIEST}" ${filter}) { ${fields} } }`;
  const toldOf = (answers: readonly any[]) => answers.flatMap(({ data }) => data[list]).filter(({ id }) => !isTimed.has(id));
  const answers = await firstAnswers(app, query, (told) =>
    new Set(toldOf(told).map(({ id }) => id)).isSupersetOf(new Set(expected.map(({ id }: any) => id))),
  );
  expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
  const wanted = new Map<string, any>(expected.map((row: any) => [row.id, row]));
  const told = toldOf(answers).filter(({ id }) => wanted.has(id));
  expect(told).toEqual([...wanted.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)));
});

import { expect, test } from "vitest";
import { KEY, openTestApp, type TestApp } from "../../../support/app.ts";
import { post } from "../../../support/client.ts";
import { databaseOf } from "../../../support/rows.ts";
import { storeWorld } from "../../../support/approvals/world.ts";

/*
 * A database takes so many parameters in a statement, SQLite 32,766 and PostgreSQL 65,535, and so long a text. A client knows nothing of that: a list of
 * any length that fits into the body of a request works, or is refused with the number that may be.
 */

const LENGTHS = [1000, 33_000, 70_000];

async function open(config = {}): Promise<{ app: TestApp; world: Awaited<ReturnType<typeof storeWorld>> }> {
  const app = await openTestApp({}, config);
  return { app, world: await storeWorld(await databaseOf(app)) };
}

const uuid = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
const text = (n: number) => `t${n}`;

/** A filter of each kind, its further values, and the value of the object that is found. Ids are long: fewer fit into a body. */
const FILTERS: [list: string, filter: string, value: (n: number) => unknown, found: (world: any) => unknown][] = [
  ["jobs", "id", uuid, ({ job }) => job],
  ["jobs", "name", text, () => "Back up Genève"],
  ["jobs", "job_queues", () => "night", () => "night"],
  ["jobs", "job_queues", uuid, ({ queue }) => queue],
  ["job_results", "job_model", () => "Back up Genève", () => "Back up Genève"],
  ["job_results", "job_model", uuid, ({ job }) => job],
  ["job_results", "status", () => "FAILURE", () => "REVOKED"],
  ["job_results", "date_done", (n) => new Date(n * 1000).toISOString().replace(".000", ""), () => "2026-02-01T10:02:03.500Z"],
  ["job_log_entries", "sequence", (n) => n + 2, () => 1],
  ["jobs", "soft_time_limit", (n) => n + 1, () => 0],
  ["notes", "assigned_object_id", uuid, ({ job }) => job],
];

test.each(FILTERS)("%s(%s: …) takes lists of any length that a body has", async (list, filter, value, found) => {
  const { app, world } = await open();
  const type = typeof value(0) === "number" ? (filter === "sequence" ? "Int" : "Float") : "String";
  const run = async (lookup: string, values: unknown[]) => {
    const query = `query ($values: [${type}]) { found: ${list}(${filter}${lookup}: $values) { id } }`;
    const { body } = await post(app.url, KEY, { query, variables: { values } });
    return body.errors ? body.errors[0] : body.data.found.length;
  };
  const one = await run("", [found(world)]);
  const none = await run("__n", [found(world)]);
  expect(one).toBeGreaterThan(0);
  for (const length of LENGTHS) {
    const values = [...Array.from({ length }, (_, n) => value(n)), found(world)];
    if (JSON.stringify(values).length > 2_000_000) continue;
    expect.soft([length, await run("", values)]).toEqual([length, one]);
    expect.soft([length, await run("__n", values)]).toEqual([length, none]);
  }
});

test.each(["jobs(job_queues: $values)", "job_results(job_model__n: $values)"])(
  "%s looks for any number of names",
  async (list) => {
    const { app } = await open();
    for (const length of LENGTHS) {
      const query = `query ($values: [String]) { ${list} { id } }`;
      const { body } = await post(app.url, KEY, { query, variables: { values: Array.from({ length }, (_, n) => text(n)) } });
      expect
        .soft(body.errors)
        .toMatchObject([{ message: expect.stringContaining('"t0"'), extensions: { code: "BAD_USER_INPUT" } }]);
    }
  },
);

test.each(["ic", "nic", "isw", "iew", "ie", "re", "ire", "nire"])(
  "message__%s of many texts is refused with the number",
  async (lookup) => {
    const { app } = await open();
    const query = `query ($values: [String]) { job_log_entries(message__${lookup}: $values) { id } }`;
    const refused = (values: string[]) => app.client.refused(query, { values });
    for (const length of [101, 997, 33_000])
      expect.soft(await refused(Array.from({ length }, (_, n) => text(n)))).toMatchObject({
        message: expect.stringContaining("give at most 100"),
        extensions: { code: "BAD_USER_INPUT", details: [{ field: `message__${lookup}` }] },
      });
    expect(await refused(["a".repeat(100_000)])).toMatchObject({
      message: expect.stringMatching(/more than \d+ characters/),
      extensions: { code: "BAD_USER_INPUT" },
    });
    const { job_log_entries } = await app.client.query(query, { values: Array.from({ length: 100 }, (_, n) => text(n)) });
    expect(job_log_entries).toBeInstanceOf(Array);
  },
);

test("an order names a field any number of times", async () => {
  const { app } = await open();
  const query = `query ($sort: [String!]) { jobs(sort: $sort) { name } jobs_connection(sort: $sort, first: 1) { nodes { name } } }`;
  for (const length of [1, 3000, 70_000]) {
    const { body } = await post(app.url, KEY, {
      query,
      variables: { sort: Array.from({ length }, (_, n) => ["name", "-created"][n % 2]) },
    });
    expect([length, body.errors, body.data?.jobs]).toEqual([length, undefined, [{ name: "Back up Genève" }]]);
  }
});

test("one level of an answer asks for any number of objects", async () => {
  const { app, world } = await open({ maxPageSize: 40_000, maxQueryCost: 100_000_000 });
  const database = await databaseOf(app);
  const rows = Array.from({ length: 33_000 }, (_, n) => ({ id: uuid(n), name: text(n), queue_type: "celery", description: "" }));
  const run = await database.rows.selectFrom("job_result").selectAll().where("id", "=", world.run).executeTakeFirstOrThrow();
  const stored = Object.fromEntries(
    Object.entries(run).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null && !(value instanceof Date) ? JSON.stringify(value) : value,
    ]),
  );
  const runs = rows.map(({ id, name }) => ({ ...stored, id, celery_kwargs: JSON.stringify({ queue: name }) }));
  for (let n = 0; n < rows.length; n += 500) {
    await database.rows
      .insertInto("job_queue")
      .values(rows.slice(n, n + 500))
      .execute();
    await database.rows
      .insertInto("job_result")
      .values(runs.slice(n, n + 500))
      .execute();
  }
  const { job_queues } = await app.client.query(`{ job_queues { name depth worker_count tags { id } } }`);
  expect(job_queues).toHaveLength(33_002);
  const { job_results } = await app.client.query(`{ job_results(id__n: "${world.run}") { queue { name } } }`);
  expect(job_results.filter(({ queue }: { queue: unknown }) => queue)).toHaveLength(33_000);
});

test("inputs take links by the thousand, or name the error", async () => {
  const { app, world } = await open();
  for (const length of LENGTHS)
    for (const value of [text, uuid]) {
      const tags = [...Array.from({ length }, (_, n) => value(n)), world.tag];
      if (JSON.stringify(tags).length > 2_000_000) continue;
      const query = `mutation ($id: ID!, $tags: [String!]) { update_job_queue(id: $id, data: { tags: $tags }) { id } }`;
      const { body } = await post(app.url, KEY, { query, variables: { id: world.queue, tags } });
      expect
        .soft([length, body.errors?.[0].extensions])
        .toMatchObject([length, { code: "BAD_USER_INPUT", details: [{ field: "data.tags" }] }]);
    }
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { createSchema } from "../../src/schema/index.ts";
import { KEY, openTestApp, type TestApp } from "../support/app.ts";
import { drawSeed, sized } from "../support/full.ts";
import { attemptsOf } from "../support/hostile-requests/attempts.ts";
import { storeWorld } from "../support/approvals/world.ts";
import { openDatabase } from "../../src/entities/database.ts";

/*
 * Nothing that a caller sends is INTERNAL_SERVER_ERROR. Every argument of every query and mutation, and every field of every input, is given values
 * of its type and of others; each is answered, or refused with a sentence.
 */

const JOBS = {
  "a.ts": `export const Any = defineJob({ name: "Any", enabled: true, isolation: "shared", variables: z.object({ any: z.any() }), run: ({ data }) => data });`,
};

async function open(): Promise<{ app: TestApp; world: Awaited<ReturnType<typeof storeWorld>> }> {
  const app = await openTestApp(JOBS, { logLevel: "silent" });
  const database = await openDatabase(app.config.databaseUrl);
  const world = await storeWorld(database);
  await database.close();
  return { app, world };
}

/** The fault of an answer; undefined for none. */
async function send(app: TestApp, query: string, variables: string): Promise<string | undefined> {
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Token ${KEY}` },
    body: `{"query":${JSON.stringify(query)},"variables":${variables}}`,
  });
  const { errors = [] } = (await response.json()) as { errors?: any[] };
  const wrong = errors.find(({ extensions }) => (extensions?.code ?? "INTERNAL_SERVER_ERROR") === "INTERNAL_SERVER_ERROR");
  if (!wrong && response.status < 500) return undefined;
  const logged = app.logged.findLast(({ id }) => id === wrong?.extensions?.id) as any;
  return `${response.status} ${wrong?.message} ${String(logged?.err?.stack ?? "").slice(0, 900)}`;
}

const schema = createSchema();

/** Attempts of one run: all are reached in time, since each run draws others. */
const DRAWN = sized(300, 6000);

test.each(["query", "mutation"] as const)("no value of any argument of a %s is an error of the server", async (kind) => {
  const { app, world } = await open();
  const type = kind === "query" ? schema.getQueryType()! : schema.getMutationType()!;
  const all = Object.values(type.getFields()).flatMap((field) => field.args.map((arg) => ({ field, arg })));
  const seed = drawSeed();
  const drawn = fc.sample(
    fc.constantFrom(...all).chain(({ field, arg }) => fc.constantFrom(...attemptsOf(kind, field, arg, world))),
    { seed, numRuns: DRAWN },
  );
  const failures: string[] = [];
  for (const { words, operation, variables } of drawn) {
    const wrong = await send(app, operation, variables);
    if (wrong) failures.push(`${words}: ${wrong}`);
  }
  expect(failures, `SEED=${seed}`).toEqual([]);
  expect(await app.client.query("{ jobs { name } }")).toMatchObject({ jobs: expect.any(Array) });
});

test("no value of an argument that is kept in the document is an error of the server", async () => {
  const { app } = await open();
  const literals = [2000, 20_000].flatMap((levels) => [
    "[".repeat(levels) + "]".repeat(levels),
    "{a:".repeat(levels) + "1" + "}".repeat(levels),
  ]);
  for (const literal of [...literals, "1e999", "-9223372036854775808", "99999999999999999999", `"""\\"""`, `"\\ud800"`])
    for (const operation of [
      `mutation { run_job(name: "Any", data: ${literal}) { id } }`,
      `mutation { create_tag(data: { name: "x", _custom_field_data: ${literal} }) { id } }`,
      `{ job_results(limit: ${literal}) { id } }`,
      `{ job_results(status: ${literal}) { id } }`,
      `mutation { prune_records(before: ${literal}) { __typename } }`,
    ])
      expect.soft(await send(app, operation, "{}"), operation.slice(0, 100)).toBeUndefined();
  for (const document of [
    "{ jobs ".repeat(20_000),
    `{ jobs { ${"job_results { job_model { ".repeat(3000)} id ${"} }".repeat(3000)} } }`,
  ])
    expect.soft(await send(app, document, "{}")).toBeUndefined();
});

test("no cursor that somebody makes up is an error of the server", async () => {
  const { app } = await open();
  const { job_results_connection } = await app.client.query(
    `{ job_results_connection(first: 1, sort: ["date_created"]) { page_info { end_cursor } } }`,
  );
  const [name, values] = JSON.parse(Buffer.from(job_results_connection.page_info.end_cursor, "base64url").toString());
  const made = [null, true, 1, 1e300, -1, "", "x", "infinity", "10000-01-01T00:00:00Z", "2027-02-30T00:00:00.000Z", [], {}];
  for (const value of made)
    for (const n of values.keys()) {
      const cursor = Buffer.from(JSON.stringify([name, values.with(n, value)])).toString("base64url");
      const query = `query ($after: String) { job_results_connection(first: 1, after: $after, sort: ["date_created"]) { edges { cursor } } }`;
      expect.soft(await send(app, query, JSON.stringify({ after: cursor })), JSON.stringify(value)).toBeUndefined();
    }
});

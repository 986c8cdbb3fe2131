import { ALL_RIGHTS } from "../../../src/access/rights.ts";
import { randomUUID } from "node:crypto";
import { mapSchema } from "@graphql-tools/utils";
import fc from "fast-check";
import { getIntrospectionQuery, graphql, type GraphQLField, parse } from "graphql";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { QUERIES } from "../../../bench/workloads/reading/queries.ts";
import { defaultTabs } from "../../../graphiql/default-tabs.ts";
import { loadConfig } from "../../../src/config.ts";
import { type Database, openDatabase } from "../../../src/entities/database.ts";
import { Job } from "../../../src/entities/index.ts";
import { createContext } from "../../../src/schema/context.ts";
import { createExecutor } from "../../../src/schema/execution/execute.ts";
import { createSchema } from "../../../src/schema/index.ts";
import { createCosts } from "../../../src/schema/price/costs.ts";
import { systemClock } from "../../../src/runner/index.ts";
import { KEY, openTestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { openEventStream } from "../../support/event-stream.ts";
import { fillModels } from "../../support/draws/fill.ts";
import { readPage, shownDocuments } from "../../support/pages.ts";
import { countValues, randomQueries } from "../../support/draws/random-queries.ts";
import { databaseOf, storeRun } from "../../support/rows.ts";
import { ASKING_JOB, waysOf } from "../../support/approvals/ways.ts";
import { storeWorld } from "../../support/approvals/world.ts";

const DEFAULTS = loadConfig({});
const repeat = (count: number, make: (n: number) => string) => Array.from({ length: count }, (_, n) => make(n)).join(" ");

/** Fields in each other, over and over. */
const nest = (times: number, fields: readonly string[]): string =>
  times === 0 ? "id" : `${fields.join(" { ")} { ${nest(times - 1, fields)} ${"} ".repeat(fields.length)}`;

const HOSTILE: Record<string, string> = {
  "20^6, in 223 bytes": `{ jobs(limit: 1) { ${nest(6, ["job_results(limit: 20)", "job_model"])} } }`,
  "without a limit": `{ jobs { ${nest(7, ["job_results", "job_model"])} } }`,
  "by links": `{ jobs { ${nest(8, ["job_queues", "jobs"])} } }`,
  "by connections": `{ jobs_connection { nodes { ${nest(6, ["job_results_connection(first: 50)", "nodes", "job_model"])} } } }`,
  "by edges, in fragments": `{ jobs { ...F0 } } ${repeat(
    5,
    (n) =>
      `fragment F${n} on JobType { job_results_connection { edges { node { job_model { ${n < 4 ? `...F${n + 1}` : "id"} } } } } }`,
  )}`,
  "wide and deep": `{ ${repeat(40, (n) => `a${n}: jobs { ${nest(4, ["job_results", "job_model"])} }`)} }`,
  "in a mutation": `mutation { run_job(class_path: "asking.Ask") { job_model { ${nest(7, ["job_results", "job_model"])} } } }`,
  "in an event": `subscription { job_results { job_model { ${nest(6, ["job_results", "job_model"])} } } }`,
  introspection: `{ ${repeat(20, (n) => `a${n}: __schema { types { name fields { name args { name type { name } } } } }`)} }`,
};

/** A few runs of two jobs, as on the day that a server is set up. */
async function storeRuns(database: Database): Promise<void> {
  const em = database.fork();
  const [job] = await em.findAll(Job);
  for (let n = 0; n < 12; n++) await storeRun(database, { ...(job && { jobModel: em.getReference(Job, job.id) as never }) });
}

describe("operations that multiply are refused", () => {
  test("on a fresh install, by every way, before anything is read", async () => {
    const app = await openTestApp(ASKING_JOB);
    const database = await databaseOf(app);
    await storeRuns(database);
    const before = await app.client.query("{ job_results_connection { total_count } }");
    for (const [way, ask] of Object.entries(waysOf(app))) {
      for (const [what, query] of Object.entries(HOSTILE)) {
        const isSubscription = query.startsWith("subscription");
        if ((isSubscription && !/socket|stream/.test(way)) || (query.startsWith("mutation") && /GET/.test(way))) continue;
        const { errors } = await ask({ query });
        const message = expect.stringMatching(/^The answer may have \d+ values; MAX_QUERY_COST allows 200000\./);
        expect([way, what, errors]).toMatchObject([way, what, [{ message, extensions: { code: "LIMIT_EXCEEDED" } }]]);
      }
    }
    const after = await app.client.query('{ job_results_connection(name__n: ["Ask"]) { total_count } }');
    expect(after).toEqual(before);
  });

  test("exactly the limit passes, one more is refused; variables count with their values", async () => {
    const document = "query ($n: Int = 2, $ids: [String]) { job_results(limit: $n, id: $ids) { id job_model { name } } }";
    const cost = 1 + 2 * 2 + 2 * 1 + 2 * 50;
    const passing = await openTestApp({}, { maxQueryCost: cost });
    const refusing = await openTestApp({}, { maxQueryCost: cost - 1, databaseUrl: passing.config.databaseUrl });
    await storeRuns(await databaseOf(passing));
    for (const variables of [{}, { n: 2 }, { n: 7, ids: [randomUUID(), randomUUID()] }]) {
      await passing.client.query(document, variables);
      expect((await refusing.client.refused(document, variables)).message).toContain(
        `${cost} values; MAX_QUERY_COST allows ${cost - 1}.`,
      );
    }
    // A list of no ids filters nothing.
    const all = [null, [], [null], [""], ""].map((ids) => ({ n: 3, ids }));
    for (const variables of [{ n: 3 }, { n: null }, ...all])
      expect((await passing.client.refused(document, variables)).extensions.code).toBe("LIMIT_EXCEEDED");
    // A name that every object of JavaScript answers to is a name like any other.
    const odd = document.replaceAll("$n", "$constructor");
    await passing.client.query(odd);
    expect((await refusing.client.refused(odd)).extensions.code).toBe("LIMIT_EXCEEDED");
    await refusing.client.query(document, { n: 1 });
    await refusing.client.query(document, { n: 9, ids: ["", randomUUID(), null] });
    await refusing.client.query(document, { ids: randomUUID() });
    const conditional = "query ($all: Boolean!) { job_results(limit: 2) { id job_model @include(if: $all) { name id } } }";
    await passing.client.query(conditional, { all: false });
    expect((await passing.client.refused(conditional, { all: true })).extensions.code).toBe("LIMIT_EXCEEDED");
    await passing.client.query(conditional, { all: false });
  });
});

describe("a cost", () => {
  test("is never below the size of the answer", async () => {
    const schema = createSchema();
    const executor = createExecutor(schema);
    const database = await openDatabase(await freshDatabaseUrl());
    onTestFinished(() => database.close());
    await fillModels(database, 30);
    const world = await storeWorld(database);
    await sql`analyze`.execute(database.rows);
    const costOf = createCosts(schema, database, { maxPageSize: 1000, maxQueryCost: 1 });
    const viewer = { id: world.user, username: "ada", isStaff: true, isSuperuser: true, rights: ALL_RIGHTS };
    const runner = {
      now: () => new Date(systemClock.now()),
      countWorkers: async (names: readonly string[]) => names.map(() => 1),
      jobFiles: () => [{ path: "a.ts", jobs: ["a.A", "a.B"], error: null }],
    };
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(randomQueries(schema, { depth: 4, ids: Object.values(world) }), async (text) => {
        const document = parse(text);
        const cost = await costOf({ document });
        fc.pre(cost < 200_000);
        const contextValue = createContext(
          { database, runner: runner as never, limits: { ...loadConfig({}), maxPageSize: 1000 } },
          viewer,
        );
        const { data, errors } = await executor.execute({ schema, document, contextValue });
        expect(errors).toBeUndefined();
        const values = countValues(data);
        answered = Math.max(answered, values);
        expect(values).toBeLessThanOrEqual(cost);
      }),
      { numRuns: 300 },
    );
    // Not because nothing is answered.
    expect(answered).toBeGreaterThan(200);
  });

  test("of introspection is the size of its answer", async () => {
    const schema = createSchema();
    const database = await openDatabase(await freshDatabaseUrl());
    onTestFinished(() => database.close());
    const costOf = createCosts(schema, database, DEFAULTS);
    for (const source of [
      getIntrospectionQuery(),
      getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, schemaDescription: true }),
      '{ __type(name: "JobType") { name fields { name type { name ofType { name ofType { name } } } } } }',
      "{ __schema { mutationType { fields { name args { type { ofType { name inputFields { name } } } } } } } }",
      '{ __type(name: "NoSuchType") { name fields { name } } __schema { directives { args { type { name } } } } }',
    ]) {
      const { data } = await graphql({ schema, source });
      const cost = await costOf({ document: parse(source) });
      // A value of the schema counts a half; each way into it 50 besides.
      expect(countValues(data) / 2).toBeLessThanOrEqual(cost);
      expect(cost).toBeLessThanOrEqual((countValues(data) / 2) * 1.1 + 110);
      expect(cost).toBeLessThan(DEFAULTS.maxQueryCost * 0.8);
    }
  });

  test("of introspection is found without another look at the schema, once it was found", async () => {
    // A schema of its own, of which nothing is known yet.
    const schema = mapSchema(createSchema());
    const database = await openDatabase(await freshDatabaseUrl());
    onTestFinished(() => database.close());
    const costOf = createCosts(schema, database, DEFAULTS);
    let looks = 0;
    for (const type of Object.values(schema.getTypeMap())) {
      if (!("getFields" in type)) continue;
      const fields = type.getFields();
      type.getFields = () => {
        looks++;
        return fields as never;
      };
      for (const field of Object.values(fields) as GraphQLField<unknown, unknown>[]) {
        const { args = [] } = field;
        Object.defineProperty(field, "args", {
          get() {
            looks++;
            return args;
          },
        });
      }
    }
    const first = await costOf({ document: parse(getIntrospectionQuery()) });
    const parts = looks;
    // Not because nothing is looked at.
    expect(parts).toBeGreaterThan(500);
    for (let n = 0; n < 3; n++) expect(await costOf({ document: parse(getIntrospectionQuery()) })).toBe(first);
    const several = repeat(50, (n) => `a${n}: __type(name: "Query") { fields { name args { name type { name } } } }`);
    await costOf({ document: parse(`{ ${several} }`) });
    expect(looks).toBe(parts);
  });

  test("has the cost of looking for texts in a large table, or of counting it, unless something narrows that", async () => {
    const database = await openDatabase(await freshDatabaseUrl());
    onTestFinished(() => database.close());
    const rows = new Map([
      ["job_log_entry", 400_000],
      ["job_result", 4000],
    ]);
    const costOf = createCosts(createSchema(), { ...database, estimateRows: async () => rows }, DEFAULTS);
    const cost = (inner: string, variableValues = {}) =>
      costOf({ document: parse(`query ($q: String, $run: [String]) { ${inner} }`), variableValues });
    for (const filter of ['q: "a"', 'message__nic: "a"', 'message__re: "a"', 'log_object__iew: "a"'])
      for (const list of [
        `job_log_entries(${filter}, limit: 1) { id }`,
        `job_log_entries_connection(${filter}, first: 1) { nodes { id } }`,
      ])
        expect([list, await cost(list)]).toEqual([list, expect.closeTo(80_100, -2.4)]);
    const several = (count: number) =>
      cost(Array.from({ length: count }, (_, n) => `a${n}: job_log_entries(q: "a", limit: 1) { id }`).join(" "));
    expect(await several(3)).toBeGreaterThan(DEFAULTS.maxQueryCost);
    const counted = "job_log_entries_connection(first: 0, job_result: $run) { total_count }";
    expect([await cost(counted), await cost(counted, { run: "b" })]).toEqual([8052, 52]);
    for (const run of [[], [null], [""], ""]) expect([run, await cost(counted, { run })]).toEqual([run, 8052]);
    // A single count is allowed in a table of any size, two are not.
    rows.set("job_log_entry", 500_000_000).set("job_result", 5_000_000);
    const enormous = createCosts(createSchema(), { ...database, estimateRows: async () => rows }, DEFAULTS);
    const costs = [1, 2].map((count) =>
      enormous({
        document: parse(
          `{ ${Array.from({ length: count }, (_, n) => `a${n}: job_log_entries(q: "a", limit: 1) { id }`).join(" ")} }`,
        ),
      }),
    );
    const [one, two] = await Promise.all(costs);
    expect([one! < DEFAULTS.maxQueryCost, two! > DEFAULTS.maxQueryCost]).toEqual([true, true]);
    const asked = "job_log_entries(q: $q, job_result: $run, limit: 1) { id }";
    expect(await cost(asked, { q: "a" })).toBeGreaterThan(80_000);
    for (const narrow of [{}, { q: null }, { q: "a", run: ["b"] }]) expect(await cost(asked, narrow)).toBeLessThan(100);
    for (const list of [
      'job_results(limit: 1) { job_log_entries(q: "a", limit: 1) { id } }',
      'job_log_entries(message: "a", limit: 1) { id }',
    ])
      expect([list, (await cost(list)) < 200]).toEqual([list, true]);
  });

  test("has the cost of sorting a large table, of leaving out the rows of an offset, and of looking for each text", async () => {
    const database = await openDatabase(await freshDatabaseUrl());
    onTestFinished(() => database.close());
    const rows = new Map([
      ["job_log_entry", 400_000],
      ["job_result", 4000],
      ["job", 100],
    ]);
    const costOf = createCosts(createSchema(), { ...database, estimateRows: async () => rows }, DEFAULTS);
    const costs: [inner: string, besides: number, variables?: object][] = [
      // The order of an index, in either direction.
      ["job_log_entries(limit: 1) { id }", 0],
      ['job_log_entries(sort: ["job_result", "sequence"], limit: 1) { id }', 0],
      ['job_log_entries(sort: ["-job_result", "-sequence"], limit: 1) { id }', 0],
      ['job_log_entries(sort: "-id", limit: 1) { id }', 0],
      ["job_log_entries(sort: [], limit: 1) { id }", 0],
      ["job_log_entries(sort: null, limit: 1) { id }", 0],
      ["job_log_entries(sort: $sort, limit: 1) { id }", 0],
      ["job_log_entries(sort: $sort, limit: 1) { id }", 0, { sort: ["-id"] }],
      // Any other: a tenth.
      ['job_log_entries(sort: ["message"], limit: 1) { id }', 40_000],
      ['job_log_entries(sort: ["-job_result", "sequence"], limit: 1) { id }', 40_000],
      ['job_log_entries(sort: ["sequence"], limit: 1) { id }', 40_000],
      ["job_log_entries(sort: $sort, limit: 1) { id }", 40_000, { sort: ["message"] }],
      ["job_log_entries(sort: $sort, limit: 1) { id }", 40_000, { sort: "message" }],
      ['job_log_entries_connection(sort: ["message"], first: 1) { page_info { has_next_page } }', 40_000],
      ["job_log_entries(sort: $sort, limit: 1) { id }", 40_000, { sort: Array(100_000).fill("id") }],
      // A refused list is not sorted.
      ['job_log_entries(sort: ["nothing"], limit: 1) { id }', 0],
      // Narrowed.
      ['job_log_entries(sort: ["message"], job_result: $run, limit: 1) { id }', 0, { run: ["b"] }],
      ['job_log_entries(sort: ["message"], job_result: $run, limit: 1) { id }', 40_000],
      // An offset passes over a twentieth of an index's rows, and over none that are not there.
      ["job_log_entries(offset: 0, limit: 1) { id }", 0],
      ["job_log_entries(offset: -5, limit: 1) { id }", 0],
      ["job_log_entries(offset: 200000, limit: 1) { id }", 10_000],
      ["job_log_entries(offset: $offset, limit: 1) { id }", 10_000, { offset: 200_000 }],
      ["job_log_entries(offset: 2147483647, limit: 1) { id }", 20_000],
      // A sorted list is kept.
      ['job_log_entries(sort: ["message"], offset: 30000, limit: 1) { id }', 70_000],
      ['job_log_entries(sort: ["message"], offset: 300000, limit: 1) { id }', 100_000],
      // Together.
      ['job_log_entries(q: "a", offset: 2000, limit: 1) { id }', 80_100],
      ["job_log_entries(message__ic: [], limit: 1) { id }", 0],
      ['job_log_entries(message__ic: ["a", "b"], limit: 1) { id }', 100_000],
      // A pattern counts a text for each ten of its characters, as often as they are repeated.
      ['job_results(name__re: "z.*q", limit: 1) { id }', 800],
      ['job_results(name__nire: ["z.*q", "y.*q"], limit: 1) { id }', 1600],
      ['job_results(name__nre: "(one|other)[.]example", limit: 1) { id }', 800 * 2.1],
      ['job_results(name__re: "[a-z]{0,25}zq", limit: 1) { id }', 800 * 3.2],
      ['job_results(name__re: "[a-z]{25,}zq", limit: 1) { id }', 800 * 3.2],
      ['job_results(name__ire: "(.?){20}x", limit: 1) { id }', 800 * 6.1],
      ['job_results(name__ire: "((.?){10}){10}", limit: 1) { id }', 800 * 40],
      [`job_results(name__re: "${"x.?".repeat(500)}", limit: 1) { id }`, 100_000],
      ["job_results(name__re: $run, limit: 1) { id }", 100_000, { run: Array(100_000).fill("x".repeat(50)) }],
      [`job_results(name__re: "{${"1".repeat(9000)}", limit: 1) { id }`, 100_000],
      // Rows of an object are as many as those of any other.
      ['job_results(limit: 2) { job_log_entries(sort: ["message"], limit: 1) { id } }', 20],
      ['job_results(limit: 2) { job_log_entries(q: "a", limit: 1) { id } }', 40],
      ["job_results(limit: 2) { job_log_entries_connection(first: 0) { total_count } }", 4],
      ['job_results(limit: 2) { job_log_entries(sort: ["-sequence"], limit: 1) { id } }', 0],
      ["job_results(limit: 200) { job_log_entries(offset: 100, limit: 1) { id } }", 1000],
      ["job_results(limit: 200) { job_log_entries(offset: 10000000, limit: 1) { id } }", 20_000],
      ['jobs { job_results(sort: ["name"], limit: 1) { id } }', 400],
      ['jobs { job_results(sort: ["-date_created"], limit: 1) { id } }', 0],
    ];
    const header = "query ($sort: [String!], $offset: Int, $run: [String]) ";
    // The same without what makes the difference.
    const plain = (inner: string) =>
      inner
        .replaceAll(/(?:sort|offset|q|message__ic|name__n?i?re): (?:\[.*?\]|[^ ]+), /g, "")
        .replace("total_count", "__typename");
    for (const [inner, besides, variableValues = {}] of costs) {
      const [all, without] = await Promise.all(
        [inner, plain(inner)].map((text) =>
          costOf({ document: parse(`${header}{ ${text} }`), variableValues: { ...variableValues } }),
        ),
      );
      expect([inner, variableValues, all! - without!]).toEqual([inner, variableValues, expect.closeTo(besides, -0.4)]);
    }
    // Any one is allowed in a table of any size.
    for (const table of rows.keys()) rows.set(table, 500_000_000);
    const enormous = createCosts(createSchema(), { ...database, estimateRows: async () => rows }, DEFAULTS);
    for (const [inner] of costs.filter(([text]) => text.startsWith("job_log_entries")))
      expect([inner, await enormous({ document: parse(`${header}{ ${inner} }`) })]).toEqual([
        inner,
        expect.toSatisfy((cost: number) => cost < DEFAULTS.maxQueryCost),
      ]);
  });

  test("of the usual operations of people and tools is within the limit, on a server in use", async () => {
    const schema = createSchema();
    const database = await openDatabase(await freshDatabaseUrl());
    onTestFinished(() => database.close());
    // As many as the benchmark has.
    const sizes = new Map(
      [...(await database.estimateRows()).keys()].map((table) => [
        table,
        { job_log_entry: 101_000, job_result: 2001 }[table] ?? 30,
      ]),
    );
    const costOf = createCosts(schema, { ...database, estimateRows: async () => sizes }, DEFAULTS);
    const sent = [
      ...QUERIES.map(({ document }) => document),
      ...(await shownDocuments()),
      ...defaultTabs!.map(({ query }) => query ?? ""),
      ...[...(await readPage("test/schema/types/nautobot.test.ts")).matchAll(/^ {2}"[^"]+": `([^`]+)`/gm)].map(
        (match) => match[1]!,
      ),
    ];
    expect(sent.length).toBeGreaterThan(15);
    const texts = [...sent, await readPage("src/client/documents.graphql"), await readPage("test/documents/jobs.graphql")];
    for (const text of texts) {
      const document = parse(text);
      for (const node of document.definitions) {
        if (!("operation" in node)) continue;
        const cost = await costOf({ document, operationName: node.name?.value ?? null });
        expect([text, cost < DEFAULTS.maxQueryCost / 2]).toEqual([text, true]);
      }
    }
  });
});

describe("the answer tells its cost", () => {
  test("to clients that ask, by header or extension, answered or refused, and to no others", async () => {
    const app = await openTestApp(ASKING_JOB);
    await storeRuns(await databaseOf(app));
    const query = "{ job_results(limit: 2) { id } }";
    const told = { cost: { value: 1 + 2 + 50, limit: 200_000 } };
    for (const [way, ask] of Object.entries(waysOf(app))) {
      if (way === "job") continue;
      const answer = await ask({ query, extensions: { cost: true } });
      expect([way, answer.data?.job_results.length, answer.extensions]).toEqual([way, 2, told]);
      expect([way, (await ask({ query })).extensions]).toEqual([way, undefined]);
    }
    const byHeader = async (text: string) =>
      (await post(app.url, KEY, { query: text }, "/graphql", { "x-query-cost": "1" })).body;
    expect((await byHeader(query)).extensions).toEqual(told);
    expect((await byHeader("{ __typename }")).extensions).toEqual({ cost: { value: 1, limit: 200_000 } });
    const refused = await byHeader(HOSTILE["without a limit"]!);
    expect([refused.errors[0].extensions.code, refused.extensions.cost.value > 200_000]).toEqual(["LIMIT_EXCEEDED", true]);
    const { url } = app;
    const events = await openEventStream(url, KEY, {
      query: 'subscription { job_results(since: "2020-01-01") { id } }',
      extensions: { cost: true },
    });
    for await (const { data } of events) {
      expect(JSON.parse(data)).toMatchObject({
        data: { job_results: expect.any(Array) },
        extensions: { cost: { limit: 200_000 } },
      });
      break;
    }
    events.cut();
  });
});

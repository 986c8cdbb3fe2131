import fc from "fast-check";
import {
  execute,
  getIntrospectionQuery,
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  Kind,
  parse,
  print,
  validate,
} from "graphql";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { defaultTabs } from "../../../graphiql/default-tabs.ts";
import { letAdministratorIn } from "../../../src/access/administrator.ts";
import { createAuthenticator } from "../../../src/access/authenticate.ts";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase } from "../../../src/entities/database.ts";
import { DateTime, GenericScalar } from "../../../src/entities/mapping/scalars.ts";
import { AppError } from "../../../src/errors.ts";
import { createMemoryBroker } from "../../../src/runner/messaging/brokers/memory.ts";
import { createVault, openRunner, systemClock } from "../../../src/runner/index.ts";
import { openThreads } from "../../../src/runner/sandbox/host/cells.ts";
import { openTemplates } from "../../../src/runner/triggers/templates.ts";
import { createDocumentReader } from "../../../src/schema/document/document-reader.ts";
import { createExecutor, type Executor, interpreter } from "../../../src/schema/execution/execute.ts";
import { openServer } from "../../../src/server/server.ts";
import { KEY, writeJobs } from "../../support/app.ts";
import { createClient, post, type TestClient } from "../../support/client.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { readPage, shownDocuments } from "../../support/pages.ts";
import { runToEnd } from "../../support/runs.ts";

interface Request {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

interface Side {
  client: TestClient;
  http(request: Request): Promise<string>;
  socket(request: Request): Promise<string>;
}

/** Two servers on one database and one runner: ours, and one that graphql-js executes for and Apollo Server answers for. */
async function openBoth(schema?: GraphQLSchema): Promise<{ ours: Side; both: readonly Side[] }> {
  const log = pino({ level: "silent" });
  const database = await openDatabase(await freshDatabaseUrl());
  await letAdministratorIn(database, KEY);
  const broker = createMemoryBroker();
  const sandbox = openThreads({
    env: {},
    spares: 0,
    shared: 1,
    graceMs: 50,
    memoryLimitMb: 0,
    maxLines: 1000,
    onOutput: () => undefined,
  });
  const templates = openTemplates();
  const timeLimits = { softMs: 60_000, hardMs: 120_000 };
  const jobsRoot = await writeJobs(JOBS);
  const fileStore = { root: jobsRoot, maxBytes: 0, maxRunBytes: 0, maxRunFiles: 0 };
  const settings = {
    jobsRoot,
    systemJobsRoot: undefined,
    concurrency: 1,
    timeLimits,
    fileStore,
    cancelGraceMs: 0,
    leaseMs: 15_000,
    idempotencyTtlMs: 60_000,
    vault: createVault("test"),
    sanitizerPatterns: [],
    clock: systemClock,
    executeOperation: () => Promise.reject(new Error("no job is run")),
  };
  const runner = await openRunner({ database, broker, sandbox, templates, log, ...settings });
  onTestFinished(async () => {
    await runner.close(0);
    await broker.close();
    await database.close();
  });
  const authenticate = createAuthenticator(database, 0);
  const deps = {
    database,
    runner,
    authenticate,
    limits: loadConfig({ ADMIN_TOKEN: KEY }),
    browsers: loadConfig({}),
    userOf: () => Promise.reject(new Error("Nobody comes from elsewhere.")),
    audit: () => undefined,
    clock: systemClock,
    log,
    host: "127.0.0.1",
    port: 0,
  };

  async function open(extra: object, ...how: [GraphQLSchema?, Executor?]): Promise<Side> {
    const server = await openServer(deps, ...how);
    const client = createClient(server.url, KEY);
    onTestFinished(async () => {
      client.close();
      await server.close();
    });
    return {
      client,
      async http(request) {
        const { status, body } = await post(server.url, KEY, { ...request, ...extra });
        return blurred({ status, ...body });
      },
      socket: (request) => {
        const { promise, resolve } = Promise.withResolvers<string>();
        const messages: unknown[] = [];
        client.ws.subscribe(request, {
          next: (message) => messages.push(message),
          error: (refused) => resolve(blurred({ messages, refused })),
          complete: () => resolve(blurred({ messages })),
        });
        return promise;
      },
    };
  }
  const ours = await open({}, schema);
  // A request with extensions is not answered without Apollo Server.
  const reference = await open({ extensions: {} }, schema, interpreter);
  return { ours, both: [ours, reference] };
}

/** The answer as text, so that the order of fields counts. The id of an internal error is another each time. */
function blurred(answer: object): string {
  return JSON.stringify(answer, (key, value) =>
    typeof value === "string" && (key === "id" || key === "message")
      ? value.replace(/log is [\w-]{36}|^[\w-]{36}$/, "ID")
      : value,
  );
}

const JOBS = {
  "a.ts": `export const A = defineJob({ name: "A", enabled: true, variables: z.object({ n: z.int().default(2) }),
    run: ({ logger, data }) => { for (let n = 1; n <= data.n; n++) logger.info("n" + n); return { n: data.n }; } });
  export const Off = defineJob({ name: "Off", run() {} });`,
};

const operationsOf = (text: string) =>
  parse(text).definitions.flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? [print(node)] : []));

const NOBODY = "01a20d41-bf32-73c7-86b0-37568f855895";

/** Requests that are answered, and requests that are refused, for an existing run and job. */
const requests = (run: string, job: string): Request[] => [
  { query: "{ __typename }" },
  { query: "{ jobs { name } }" },
  { query: "{ a: jobs { n: name } b: jobs { name n: grouping } }" },
  { query: "{ jobs { ...F } job_results { job_model { ...F } } } fragment F on JobType { name id job_queues { name } }" },
  { query: "{ jobs { ...A ...B } } fragment A on JobType { job_results { id } } fragment B on JobType { job_results { name } }" },
  {
    query:
      "{ jobs { job_results { id } job_results { job_log_entries { message } } ... on JobType { job_results { status } } } }",
  },
  { query: "query ($x: Boolean!) { jobs { name @include(if: $x) id @skip(if: $x) } }", variables: { x: true } },
  {
    query: "query ($x: Boolean!) { jobs { ...F @include(if: $x) ...F } } fragment F on JobType { name }",
    variables: { x: false },
  },
  { query: "{ jobs { default_job_queue { jobs { job_queue_assignments { job { name } job_queue { name } } } } } }" },
  { query: "{ a: job_queues { c: jobs { b: job_queues { name } } b_c: job_assignments { id } } }" },
  { query: "{ job_queues { jobs: job_assignments { queue: job_queue { job: jobs { id } } job_queue { description } } } }" },
  { query: "{ __proto__: jobs { constructor: name toString: id } }" },
  {
    query: "query ($id: ID!) { job_result(id: $id) { id status result date_created traceback job_model { name } } }",
    variables: { id: run },
  },
  { query: "query ($id: ID!) { job(id: $id) { id time_limit variables_schema } }", variables: { id: job } },
  { query: `{ a: job(id: "${NOBODY}") { id } b: job_result(id: "nonsense") { id } }` },
  { query: "query ($s: [String!], $n: Int = 1) { jobs(sort: $s, limit: $n) { name } }", variables: { s: ["-name"] } },
  { query: "query ($s: [String!], $n: Int = 1) { jobs(sort: $s, limit: $n) { name } }", variables: { s: "name", n: null } },
  { query: "query ($s: String!) { jobs(sort: [$s]) { name } }", variables: { s: "-name" } },
  { query: "query A { jobs { id } } query B { jobs { name } }", operationName: "B" },
  { query: getIntrospectionQuery() },
  { query: `{ __type(name: "JobType") { name fields(includeDeprecated: true) { name type { kind ofType { name } } } } }` },
  { query: `mutation { update_job(name: "Off", data: { enabled: false }) { name enabled } }` },
  { query: 'mutation ($e: Boolean) { update_job(name: "Off", data: { enabled: $e }) { name enabled } }', variables: { e: null } },
  {
    query: `mutation { a: update_job(name: "A", data: { enabled: false }) { enabled } b: update_job(name: "A", data: { enabled: true }) { enabled } }`,
  },
  {
    query: `subscription ($id: ID!) { job_log_entries(job_result_id: $id) { sequence message job_result { name } } }`,
    variables: { id: run },
  },
  {
    query: `subscription ($id: ID!) { job_log_entries(job_result_id: $id, after_sequence: 1) { ...F } } fragment F on JobLogEntryType { message created }`,
    variables: { id: run },
  },
  // Refused.
  { query: "{ jobs {" },
  { query: "" },
  { query: "{ nothing }" },
  { query: "{ jobs(colour: 1) { id } }" },
  { query: "query A { jobs { id } } query B { jobs { id } }" },
  { query: "query A { jobs { id } }", operationName: "B" },
  { query: "query ($id: ID!) { job(id: $id) { id } }" },
  { query: "query ($id: ID!) { job(id: $id) { id } }", variables: { id: null } },
  { query: "query ($id: ID!) { job(id: $id) { id } }", variables: { id: { not: "an id" } } },
  { query: "query ($n: Int, $s: [String!]) { jobs(limit: $n, sort: $s) { id } }", variables: { n: "1", s: [1, null] } },
  { query: "query ($n: Int) { jobs(limit: $n) { id } }", variables: { n: 2 ** 31 } },
  { query: "{ jobs(limit: -1) { id } a: jobs { name } }" },
  { query: `{ jobs { name job_results(sort: ["nothing"]) { id } } }` },
  { query: `mutation { run_job(name: "Off") { id } }` },
  { query: `mutation { run_job(name: "Nobody") { id } b: run_job(name: "Off") { id } }` },
  {
    query: 'mutation ($d: UpdateJobInput!) { update_job(name: "A", data: $d) { id } }',
    variables: { d: { enabled: "yes", colour: 1 } },
  },
  { query: `subscription { job_log_entries(job_result_id: "${NOBODY}") { message } }` },
  { query: "subscription ($id: ID!) { job_log_entries(job_result_id: $id) { message } }" },
  { query: "subscription { nothing }" },
];

test("Jobgraph answers and refuses as with graphql-js, over HTTP and sockets", async () => {
  const { both, ours } = await openBoth();
  const run = await runToEnd(ours.client, "a.A");
  const { jobs } = await ours.client.query("{ jobs { id } }");
  const published = [
    ...(await shownDocuments()),
    ...operationsOf(await readPage("test/documents/jobs.graphql")),
    ...(defaultTabs ?? []).map(({ query }) => query ?? ""),
  ];
  const reads = published.filter((query) => !query.includes("mutation"));
  const ids = { id: run.id, job_result_id: run.id };
  for (const request of [...requests(run.id, jobs[0]!.id), ...reads.map((query) => ({ query, variables: ids }))]) {
    const [compiled, interpreted] = await ask(both, request);
    expect(compiled).toEqual(interpreted);
  }
});

/** Returns the answers of each server, over HTTP and over a socket; one after the other, as mutations change the rows that both read. */
async function ask(sides: readonly Side[], request: Request): Promise<object[]> {
  const answers: object[] = [];
  for (const side of sides) answers.push({ request, http: await side.http(request), socket: await side.socket(request) });
  return answers;
}

test("mutations run in order, and none after one that failed and may not be null", async () => {
  const { both, ours } = await openBoth();
  const query = `mutation { a: update_job(name: "Nobody", data: {}) { id } b: update_job(name: "Off", data: { enabled: true }) { id } }`;
  const [compiled, interpreted] = await ask(both, { query });
  expect(compiled).toEqual(interpreted);
  expect(await ours.client.query('{ jobs(sort: ["name"]) { name enabled } }')).toMatchObject({
    jobs: [{}, { name: "Off", enabled: false }],
  });
});

/** True where the compiler's code called it. */
const isCompiled = () => new Error().stack!.includes("execution/compile");

const SECRET = "the secret";

/** Returns a schema with abilities that Jobgraph's own lacks on purpose: it fails in every way, and tells the arguments of a resolver. */
function createTrialSchema(): GraphQLSchema {
  const list = (type: GraphQLOutputType) => new GraphQLList(type);
  const sure = <T extends GraphQLOutputType>(type: T) => new GraphQLNonNull(type as never);
  const Colour = new GraphQLEnumType({ name: "Colour", values: { RED: { value: "red" }, BLUE: { value: 7 } } });
  const Touchy = new GraphQLScalarType({
    name: "Touchy",
    serialize: (value) => {
      if (value === "bad") throw new TypeError(SECRET);
      return value === "nothing" ? undefined : value;
    },
  });
  const Inner = new GraphQLInputObjectType({
    name: "Inner",
    fields: {
      int: { type: GraphQLInt, defaultValue: 3 },
      text: { type: new GraphQLNonNull(GraphQLString) },
      colour: { type: Colour },
    },
  });
  const Input: GraphQLInputObjectType = new GraphQLInputObjectType({
    name: "Input",
    fields: () => ({
      int: { type: GraphQLInt, defaultValue: 3 },
      text: { type: new GraphQLNonNull(GraphQLString) },
      colour: { type: Colour },
      when: { type: DateTime },
      any: { type: GenericScalar },
      inner: { type: new GraphQLList(Inner) },
      again: { type: Input },
    }),
  });
  const Row: GraphQLObjectType = new GraphQLObjectType({
    name: "Row",
    fields: () => ({
      plain: { type: GraphQLString },
      needed: { type: sure(GraphQLString) },
      slow: { type: GraphQLString, resolve: async ({ plain }) => plain },
      failing: { type: GraphQLString, resolve: ({ plain }) => Promise.reject(new Error(`${SECRET} ${plain}`)) },
      bad: {
        type: sure(GraphQLString),
        resolve: ({ needed }) => (needed ? needed : Promise.reject(new AppError("CONFLICT", "no"))),
      },
      int: { type: GraphQLInt },
      colour: { type: Colour },
      touchy: { type: Touchy },
      when: { type: DateTime },
      row: { type: Row, resolve: (row) => row },
      rows: { type: list(sure(Row)), resolve: (row) => row.rows ?? [row, row] },
      sure_rows: { type: sure(list(sure(Row))), resolve: (row) => [row, { ...row, needed: null }, row] },
    }),
  });
  const Named = new GraphQLInterfaceType({
    name: "Named",
    fields: { name: { type: GraphQLString } },
    resolveType: ({ kind }) => {
      if (kind === "Bad") throw new Error(SECRET);
      return kind;
    },
  });
  const named = (name: string) =>
    new GraphQLObjectType({
      name,
      interfaces: [Named],
      fields: { name: { type: GraphQLString }, [name]: { type: GraphQLString } },
    });
  const [Cat, Dog] = [named("Cat"), named("Dog")];
  const Pet = new GraphQLUnionType({ name: "Pet", types: [Cat!, Dog!], resolveType: ({ kind }) => kind });
  const pets = () => [
    { kind: "Cat", name: "c", Cat: "meow" },
    { kind: "Dog", name: "d", Dog: "wuff" },
  ];
  const full = { plain: "p", needed: "n", int: 1, colour: "red", touchy: "t", when: new Date(0) };
  const tells = (_root: unknown, args: object, _context: unknown, info: GraphQLResolveInfo) =>
    JSON.stringify({
      args: Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      path: [info.path.key, info.path.prev?.key],
      nodes: info.fieldNodes.map((node) => print(node)),
      of: [info.parentType.name, String(info.returnType), info.fieldName, info.operation.name?.value],
      fragments: Object.keys(info.fragments),
      variables: info.variableValues,
      types: Object.keys(info.schema.getTypeMap()).length,
    });
  const asked = {
    inner: { type: new GraphQLList(Inner) },
    input: { type: Input },
    colours: { type: new GraphQLList(Colour) },
    any: { type: GenericScalar },
    n: { type: GraphQLInt, defaultValue: 4 },
    when: { type: DateTime },
  };
  const fields = {
    compiled: { type: GraphQLBoolean, resolve: isCompiled },
    tells: { type: GraphQLString, args: asked, resolve: tells },
    given: { type: GraphQLString, args: { n: { type: new GraphQLNonNull(GraphQLInt) } }, resolve: tells },
    dates: {
      type: GraphQLBoolean,
      args: asked,
      resolve: (_: unknown, { when, input }: any) => (when ?? input?.when) instanceof Date,
    },
    row: { type: Row, resolve: () => full },
    sure_row: { type: sure(Row), resolve: async () => full },
    rows: { type: list(Row), resolve: async () => [full, { ...full, plain: "q", needed: null }, null] },
    sure_rows: { type: list(sure(Row)), resolve: async () => [full, { ...full, needed: null }, { ...full, needed: null }] },
    bad_row: { type: Row, resolve: () => ({ int: "no int", colour: "no colour", touchy: "bad", when: {} }) },
    nothing_row: { type: Row, resolve: () => ({ touchy: "nothing" }) },
    thrown: {
      type: GraphQLString,
      resolve: () => {
        throw new Error(SECRET);
      },
    },
    thrown_text: {
      type: GraphQLString,
      resolve: () => {
        throw SECRET;
      },
    },
    refused: {
      type: GraphQLString,
      resolve: () => {
        throw new AppError("FORBIDDEN", "not you", [{ field: "f", message: "m" }]);
      },
    },
    late: {
      type: sure(GraphQLString),
      resolve: async () => {
        throw new Error(SECRET);
      },
    },
    returned: { type: GraphQLString, resolve: () => new Error(SECRET) },
    missing: { type: sure(GraphQLString), resolve: () => null },
    mixed: {
      type: list(GraphQLString),
      resolve: () => ["a", Promise.resolve("b"), new Error(SECRET), Promise.reject(new Error(SECRET)), "c"],
    },
    scattered: { type: list(Row), resolve: () => 5 },
    named: { type: list(Named), resolve: pets },
    pets: { type: list(Pet), resolve: async () => pets() },
    unnamed: { type: Named, resolve: () => ({ kind: "Bad" }) },
    stray: { type: Pet, resolve: async () => ({ kind: "Row" }) },
  };
  async function* events() {
    yield [full];
    yield [full, { ...full, needed: null }];
    yield 5;
    yield [full];
  }
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields }),
    mutation: new GraphQLObjectType({ name: "Mutation", fields }),
    subscription: new GraphQLObjectType({
      name: "Subscription",
      fields: {
        rows: { type: list(Row), args: { n: { type: GraphQLInt } }, subscribe: events, resolve: (event) => event },
        compiled: { type: GraphQLBoolean, subscribe: events, resolve: isCompiled },
        never: {
          type: GraphQLBoolean,
          subscribe: () => {
            throw new Error(SECRET);
          },
        },
        late: {
          type: GraphQLBoolean,
          subscribe: async () => {
            throw new AppError("FORBIDDEN", "not you");
          },
        },
        broken: {
          type: GraphQLBoolean,
          subscribe: async function* () {
            yield 1;
            throw new Error(SECRET);
          },
          resolve: () => true,
        },
      },
    }),
    types: [Cat!, Dog!],
  });
}

const WITH_INPUT =
  "query Q ($input: Input, $colours: [Colour], $any: GenericScalar) { tells(input: $input, colours: $colours, any: $any) }";

const trials: Request[] = [
  ...[
    "thrown",
    "thrown_text",
    "refused",
    "late",
    "returned",
    "missing",
    "mixed",
    "stray { __typename }",
    "unnamed { name }",
  ].flatMap((field) => [
    { query: `{ ${field} }` },
    { query: `{ row { plain } a: ${field} b: thrown }` },
    { query: `mutation { a: ${field} b: compiled }` },
  ]),
  { query: "{ scattered { plain } }" },
  { query: "{ row { plain slow failing row { failing } rows { slow failing } } }" },
  { query: "{ rows { plain needed } }" },
  { query: "{ rows { plain row { needed } } }" },
  { query: "{ rows { bad slow } }" },
  { query: "{ sure_rows { needed } row { plain } }" },
  { query: "{ row { rows { sure_rows { plain needed } } } }" },
  { query: "{ bad_row { int } }" },
  { query: "{ bad_row { int colour touchy when plain } row { int colour touchy when } }" },
  { query: "{ nothing_row { touchy } }" },
  { query: "{ named { __typename name ... on Cat { Cat } ... on Dog { Dog } } }" },
  { query: "{ pets { ... on Named { name } ...C } } fragment C on Cat { Cat __typename }" },
  {
    query:
      "query Q { ...A ...B row { ...C } } fragment A on Query { tells } fragment B on Query { tells } fragment C on Row { plain }",
  },
  {
    query: `{ tells(input: { text: "t", colour: BLUE, inner: [{ text: "u", int: null }] }, colours: RED, any: { a: [1, "x", null] }) }`,
  },
  { query: `{ tells(any: { __proto__: { a: 1 } }) }` },
  {
    query: `query Q ($t: String!, $c: Colour, $x: Int) { tells(input: { text: $t, int: $x }, colours: [$c, RED], any: { t: [$t] }) }`,
    variables: { t: "t" },
  },
  { query: `query Q ($any: GenericScalar = { a: 1 }, $colours: [Colour] = [RED]) { tells(any: $any, colours: $colours) }` },
  { query: `query Q ($when: DateTime = "2026-01-02") { dates(when: $when) }` },
  { query: `{ dates(when: "2026-01-02") a: dates(input: { text: "", when: "2026-01-02" }) }` },
  { query: `query Q ($when: DateTime) { dates(when: $when) }`, variables: { when: "2026-01-02" } },
  { query: `query Q ($when: DateTime) { dates(when: $when) }`, variables: { when: "nonsense" } },
  { query: `query Q ($n: Int! = 5) { given(n: $n) }` },
  { query: `query Q ($n: Int = 5) { given(n: $n) }`, variables: { n: null } },
  { query: `query Q ($n: Int) { tells(n: $n) a: tells }`, variables: {} },
  { query: `query Q ($n: Int) { tells(n: $n) a: tells }`, variables: { n: null } },
  {
    query: WITH_INPUT,
    variables: { input: { text: "t", colour: "RED", inner: { text: "u" } }, colours: "BLUE", any: { toString: [{}] }, other: 1 },
  },
  { query: WITH_INPUT, variables: { input: { text: null }, colours: ["GREEN"] } },
  { query: WITH_INPUT, variables: { input: [], colours: [null], any: null } },
  { query: WITH_INPUT, variables: { input: { text: "t", inner: [{ text: "u", other: 1 }, { colour: 3 }] } } },
  ...[
    { text: "t" },
    [{ text: "t", colour: "BLUE", int: null }, null],
    [{}],
    {},
    [[]],
    "text",
    [{ text: "t", other: 1 }],
    null,
    [{ text: 1, colour: "X", int: "2" }],
  ].map((inner) => ({ query: "query Q ($inner: [Inner]) { tells(inner: $inner) }", variables: { inner } })),
  {
    query: `query ($x: Boolean!) { row { ...A @include(if: $x) ...A @skip(if: $x) } } fragment A on Row { plain }`,
    variables: { x: false },
  },
  {
    query: `query A ($x: Boolean!) { row @include(if: $x) { ...F } } query B { row { ...F } } fragment F on Row { plain }`,
    operationName: "B",
  },
  ...[true, false, null].flatMap((x) =>
    ["skip", "include"].map((directive) => ({
      query: `query ($x: Boolean = true) { row { plain int @${directive}(if: $x) ... @${directive}(if: $x) { slow } } }`,
      variables: { x },
    })),
  ),
  { query: "subscription { rows { plain needed } }" },
  { query: "subscription { rows { plain failing row { slow } } }" },
  { query: "subscription ($n: Int) { rows(n: $n) { plain } }", variables: { n: "x" } },
  ...["never", "late", "broken"].map((field) => ({ query: `subscription { ${field} }` })),
];

describe("a schema made to fail", () => {
  test("fails as with graphql-js, over HTTP and sockets", async () => {
    const { both } = await openBoth(createTrialSchema());
    for (const request of trials) {
      const [compiled, interpreted] = await ask(both, request);
      expect(compiled).toEqual(interpreted);
      expect(JSON.stringify(compiled)).not.toContain(SECRET);
    }
  });

  test.for<[string, boolean]>([
    ["{ compiled }", true],
    ["query A { compiled } query B { b: compiled }", true],
    ["query ($n: Int = 1, $c: [Colour]) { compiled tells(n: $n, colours: $c) row { plain row { slow } } }", true],
    ["{ ...F row { ...G } } fragment F on Query { compiled ... { compiled } } fragment G on Row { plain }", true],
    ["mutation { compiled }", false],
    ["{ compiled named { name } }", false],
    ["query ($x: Boolean!) { compiled row @skip(if: $x) { plain } }", true],
    ["{ compiled row @include(if: true) @skip(if: true) { plain } }", true],
    ["query ($n: Int) { compiled tells(any: { n: $n }) }", true],
    [`query ($w: DateTime = "2026-01-02") { compiled dates(when: $w) }`, true],
    ["query ($i: [Inner]) { compiled tells(inner: $i) }", true],
    ["query ($i: Input) { compiled tells(input: $i) }", true],
    ["{ compiled __proto__: row { plain } }", false],
    ["{ compiled a: row { c: row { b: row { plain } } b_c: row { int } } }", true],
    [`{ compiled ${Array.from({ length: 300 }, (_, n) => `r${n}: row { plain }`).join(" ")} }`, true],
    [`{ compiled ${Array.from({ length: 1000 }, (_, n) => `r${n}: row { plain }`).join(" ")} }`, false],
    [`{ compiled ${" ".repeat(30_000)} }`, true],
    [getIntrospectionQuery().replace("__schema", "compiled __schema"), true],
  ])("%s is compiled: %s", async ([query, compiled]) => {
    const executor = createExecutor(createTrialSchema());
    const document = parse(query);
    const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION)!;
    const args = {
      schema: createTrialSchema(),
      document,
      operationName: operation.name?.value ?? null,
      variableValues: { x: false },
    };
    expect((await executor.execute(args)).data).toMatchObject({ compiled });
  });
});

const LEAVES = ["plain", "slow", "int", "colour", "when", "__typename"];
const FIELDS = [...LEAVES, "row", "rows"];
const aField = fc.constantFrom(...FIELDS);

/** Each name of an answer stands for one field all through a document: where names are free, all but a few documents are refused. */
const randomDocuments = fc.record({ a: aField, b_a: aField, row: aField, plain: aField }).chain((free) => {
  const fieldOf: Record<string, string> = {
    ...Object.fromEntries(FIELDS.map((name) => [name, name])),
    ...free,
    b: "row",
    a_b: "slow",
  };
  const named = (name: string) => (fieldOf[name] === name ? name : `${name}: ${fieldOf[name]}`);
  const [leaves, nodes] = [true, false].map((isLeaf) =>
    fc.constantFrom(...Object.keys(fieldOf).filter((name) => LEAVES.includes(fieldOf[name]!) === isLeaf)).map(named),
  );
  const sets = (...spreads: string[]) =>
    fc.letrec<{ set: string; field: string }>((tie) => ({
      field: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaves!,
        fc.tuple(nodes!, tie("set")).map((parts) => parts.join(" ")),
        fc.tuple(fc.constantFrom("... on Row", "...", "... @include(if: $x)"), tie("set")).map((parts) => parts.join(" ")),
        fc.constantFrom(...spreads),
      ),
      set: fc.array(tie("field"), { minLength: 1, maxLength: 4 }).map((fields) => `{ ${fields.join(" ")} }`),
    })).set;
  const any = sets("...F", "...G", "...F @skip(if: $x)");
  return fc
    .tuple(any, sets("...G"), any)
    .map(
      ([one, two, three]) =>
        [
          `query ($x: Boolean = true) { row ${one} rows: sure_row ${two} ...H }`,
          `fragment H on Query { row ${three} }`,
          `fragment F on Row ${two}`,
        ].join(" ") + " fragment G on Row { b: row { __typename } a_b: slow int }",
    );
});

test("documents made at random are answered as with graphql-js", async () => {
  const schema = createTrialSchema();
  const executor = createExecutor(schema);
  await fc.assert(
    fc.asyncProperty(randomDocuments, async (text) => {
      const document = parse(text);
      expect(validate(schema, document).filter((error) => !/never used/.test(error.message))).toEqual([]);
      const args = { schema, document };
      expect(JSON.stringify(await executor.execute(args))).toBe(JSON.stringify(await execute(args)));
    }),
    { numRuns: 200 },
  );
});

describe("the kept documents", () => {
  test("are documents that repeat, up to a length of each and of all, and none that is wrong twice", () => {
    const readDocument = createDocumentReader(createTrialSchema(), loadConfig({}));
    const read = (text: string) => readDocument(text, { isSuperuser: false });
    const text = "{ compiled }";
    const first = read(text);
    expect(read(text)).toBe(first);
    for (let n = 0; n < 25; n++) read(`{ a${n}: compiled ${" ".repeat(10_000)} }`);
    expect(read(text)).not.toBe(first);
    const long = text + " ".repeat(30_000);
    expect(read(long)).not.toBe(read(long));
    expect(read("{ nothing }")).toMatchObject([{ message: expect.stringContaining("nothing") }]);
    expect(read("{")).toMatchObject([{ message: expect.stringContaining("Syntax Error") }]);
  });

  test("is no more for documents without end", async () => {
    const schema = createTrialSchema();
    const executor = createExecutor(schema);
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const document = () => parse("query A { compiled } query B { compiled }");
    const first = new WeakRef(
      await (async () => {
        const kept = document();
        await executor.execute({ schema, document: kept, operationName: "A" });
        return kept;
      })(),
    );
    for (let n = 0; n < 1000; n++)
      await executor.execute({ schema, document: document(), operationName: n % 3 ? "B" : `unknown ${n}` });
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(first.deref() === undefined).toBe(true);
  });
});

test("values of variables are looked at until as many are wrong as are told", async () => {
  let looked = 0;
  const Picky = new GraphQLScalarType({
    name: "Picky",
    parseValue: () => {
      looked += 1;
      throw new Error("wrong");
    },
  });
  const args = { of: { type: new GraphQLList(Picky) } };
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields: { compiled: { type: GraphQLInt, args } } }),
  });
  const document = parse("query ($of: [Picky]) { compiled(of: $of) }");
  const asked = { schema, document, variableValues: { of: Array.from({ length: 10_000 }, (_, n) => n) } };
  const answer = await createExecutor(schema).execute(asked);
  // Once by us, and once by graphql-js, which answers.
  expect(looked).toBeLessThanOrEqual(2 * 51);
  expect(JSON.stringify(answer)).toBe(JSON.stringify(await execute(asked)));
});

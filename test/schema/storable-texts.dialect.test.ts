import {
  getNamedType,
  type GraphQLArgument,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { expect, test } from "vitest";
import { createSchema } from "../../src/schema/index.ts";
import { KEY, openTestApp, type TestApp } from "../support/app.ts";
import { post } from "../support/client.ts";

const JOBS = {
  "a.ts": `export const Any = defineJob({ name: "Any", enabled: true, variables: z.object({ any: z.any() }), run: ({ data }) => data });`,
};

/** Texts that no database can hold: PostgreSQL refuses NUL in text, and in JSON half a character too. */
const UNSTORABLE = ["\u0000", "before\u0000after", "half \ud800"];

interface Refusal {
  path: string[];
  extensions: { code: string; details?: { field: string }[] };
}

async function refusals({ url }: TestApp, query: string, variables: object): Promise<Refusal[]> {
  return (await post(url, KEY, { query, variables })).body.errors ?? [];
}

const fieldsOf = ({ extensions: { code, details } }: Refusal) => [code, ...(details ?? []).map(({ field }) => field)];

test("every argument of every query that takes a text refuses, by its name, one that cannot be stored", async () => {
  // An alias for each argument: more than a client may have.
  const app = await openTestApp({}, { maxQueryAliases: 1000, maxQueryCost: 10_000_000 });
  const takesText = ({ type }: GraphQLArgument) => ["ID", "String"].includes(getNamedType(type).name);
  const valueOf = ({ type }: GraphQLArgument) => {
    const named = getNamedType(type);
    return isEnumType(named) ? named.getValues()[0]!.name : '"a"';
  };
  let count = 0;
  for (const field of Object.values(createSchema().getQueryType()!.getFields())) {
    // The first error of a field that may not be null is all that is told of its operation.
    const args = field.args.filter(takesText).slice(0, isNonNullType(field.type) ? 1 : undefined);
    if (args.length === 0) continue;
    count += args.length;
    const needed = field.args.filter((arg) => isRequiredArgument(arg));
    const aliases = args.map((arg) => {
      const isList = isListType(isNonNullType(arg.type) ? arg.type.ofType : arg.type);
      const others = needed.filter((other) => other !== arg).map((other) => `, ${other.name}: ${valueOf(other)}`);
      return `_${arg.name}: ${field.name}(${arg.name}: ${isList ? '["a", "\\u0000"]' : '"\\u0000"'}${others.join("")}) { __typename }`;
    });
    const errors = await refusals(app, `{ ${aliases.join(" ")} }`, {});
    expect(isObjectType(getNamedType(field.type))).toBe(true);
    expect([field.name, Object.fromEntries(errors.map((error) => [error.path[0], fieldsOf(error)]))]).toEqual([
      field.name,
      Object.fromEntries(args.map(({ name }) => [`_${name}`, ["BAD_USER_INPUT", name]])),
    ]);
  }
  expect(count).toBeGreaterThan(500);
});

/** Name of the refused value, the operation that takes it, and its variables for a text. */
const INPUTS: [string, string, (text: string) => Record<string, unknown>][] = [
  ["name", "mutation ($v: String) { run_job(name: $v) { id } }", (v) => ({ v })],
  ["class_path", "mutation ($v: String) { run_job(class_path: $v) { id } }", (v) => ({ v })],
  ["id", "mutation ($v: ID) { run_job(id: $v) { id } }", (v) => ({ v })],
  ["name", "mutation ($v: String) { update_job(name: $v, data: {}) { id } }", (v) => ({ v })],
  ["class_path", "mutation ($v: String) { update_job(class_path: $v, data: {}) { id } }", (v) => ({ v })],
  [
    "data.description",
    'mutation ($v: UpdateJobInput!) { update_job(name: "Any", data: $v) { id } }',
    (description) => ({ v: { description } }),
  ],
  ["data.name", "mutation ($v: CreateTagInput!) { create_tag(data: $v) { id } }", (name) => ({ v: { name } })],
  [
    "data._custom_field_data.a.0",
    "mutation ($v: CreateTagInput!) { create_tag(data: $v) { id } }",
    (text) => ({ v: { name: "a", _custom_field_data: { a: [text] } } }),
  ],
  ["name__ic", "query ($v: [String]) { job_queues { jobs(name__ic: $v) { id } } }", (v) => ({ v })],
  ["data.any", 'mutation ($v: GenericScalar) { run_job(name: "Any", data: $v) { id } }', (any) => ({ v: { any } })],
  [
    "data.any.1.name",
    'mutation ($v: GenericScalar) { run_job(name: "Any", data: $v) { id } }',
    (name) => ({ v: { any: [{ name: "a" }, { name }] } }),
  ],
  [
    "data.any.sites",
    'mutation ($v: GenericScalar) { run_job(name: "Any", data: $v) { id } }',
    (name) => ({ v: { any: { sites: { [name]: 1 } } } }),
  ],
];

test("inputs refuse it by its path, however deep, over HTTP and sockets, and nothing is stored", async () => {
  const app = await openTestApp(JOBS);
  for (const [field, query, variables] of INPUTS) {
    for (const text of UNSTORABLE) {
      const expected = [query, [["BAD_USER_INPUT", field]]];
      expect([query, (await refusals(app, query, variables(text))).map(fieldsOf)]).toEqual(expected);
      const { value } = await app.client.ws.iterate({ query, variables: variables(text) }).next();
      expect([query, value.errors.map(fieldsOf)]).toEqual(expected);
    }
  }
  expect(await app.client.query("{ job_results { id } tags { id } }")).toEqual({ job_results: [], tags: [] });
});

test("a subscription and a cursor refuse it too", async () => {
  const app = await openTestApp({ "a.ts": `export const A = defineJob({ name: "A", run() {} });` });
  const query = `subscription ($id: ID!) { job_log_entries(job_result_id: $id) { message } }`;
  const { value } = await app.client.ws.iterate({ query, variables: { id: "\u0000" } }).next();
  expect(value.errors.map(fieldsOf)).toEqual([["BAD_USER_INPUT", "job_result_id"]]);

  const page = `query ($after: String) { jobs_connection(sort: ["name"], after: $after) { edges { cursor } } }`;
  const { jobs_connection } = await app.client.query(page);
  const [order, values] = JSON.parse(Buffer.from(jobs_connection.edges[0]!.cursor, "base64url").toString());
  const forged = Buffer.from(JSON.stringify([order, values.map(() => "\u0000")])).toString("base64url");
  expect((await refusals(app, page, { after: forged })).map(fieldsOf)).toEqual([["BAD_USER_INPUT", "after"]]);
});

test("every other text is taken as it is", async () => {
  const app = await openTestApp(JOBS);
  const text = "tab\t, line\n, \u0001, \u{1f600}, e\u0301, \uffff";
  const data = { any: { text, when: null, n: [1.5, true, { "": "" }] } };
  const { run_job } = await app.client.query(
    'mutation ($data: GenericScalar) { run_job(name: "Any", data: $data) { task_kwargs } }',
    { data },
  );
  expect(run_job.task_kwargs).toEqual(data);
  expect(await app.client.query("query ($v: [String]) { jobs(name: $v) { id } }", { v: [text] })).toEqual({ jobs: [] });
});

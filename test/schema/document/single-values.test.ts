import { createHash } from "node:crypto";
import { getNamedType, type GraphQLField, isListType, isObjectType } from "graphql";
import { describe, expect, test } from "vitest";
import { createSchema } from "../../../src/schema/index.ts";
import type { ListField } from "../../../src/schema/reading/list-arguments.ts";
import { readFacts } from "../../facts/compare.ts";
import { KEY, openTestApp, type TestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";
import { databaseOf } from "../../support/rows.ts";
import { ASKING_JOB, waysOf } from "../../support/approvals/ways.ts";
import { storeWorld, type World } from "../../support/approvals/world.ts";

/* A variable of one value may stand where a list is declared: Nautobot's releases differ in which filters are lists, and so do their clients. */

const schema = createSchema();
const fieldsOf = (type: string): Record<string, GraphQLField<unknown, unknown>> => {
  const object = schema.getType(type);
  return isObjectType(object) ? object.getFields() : {};
};

/** A filter that takes one value in a release of Nautobot, and a list here, and the field that has it. */
interface Single {
  type: string;
  field: string;
  name: string;
}

const singles: Single[] = [];
for (const release of ["2.3.16", "3.2.7"] as const) {
  const { query, types } = await readFacts(release);
  for (const [type, fields] of Object.entries({ Query: query, ...types }))
    for (const [field, { args = {} }] of Object.entries(fields))
      for (const [name, theirs] of Object.entries(args)) {
        const ours = fieldsOf(type)[field]?.args.find((argument) => argument.name === name);
        const isKnown = singles.some((one) => one.type === type && one.field === field && one.name === name);
        if (ours && !isKnown && isListType(ours.type) !== theirs.startsWith("[")) singles.push({ type, field, name });
      }
}

/** A value with which a filter finds something, or leaves something out. */
function valueOf({ name: argument }: Single, world: World): string {
  const [name, lookup = ""] = argument.split("__");
  if (name === "job_result") return world.run;
  if (name === "user") return "ada";
  if (name!.endsWith("_id")) return world.device;
  if (lookup.endsWith("re")) return "^dcim[.]d";
  return { ic: "device", isw: "DCIM", iew: "ice" }[lookup.replace(/^n/, "")] ?? "dcim.device";
}

/** A client's spelling of a filter: the type of its variable, the argument, and the variable's value. */
type Spelling = readonly [type: string, argument: string, given: (value: string) => unknown];

const SPELLINGS: readonly Spelling[] = [
  ["", `["VALUE"]`, () => undefined],
  ["", `"VALUE"`, () => undefined],
  ["String", "$", (value) => value],
  ["String!", "$", (value) => value],
  ["[String]", "$", (value) => [value]],
  ["[String]", "$", (value) => value],
  ["[String!]!", "$", (value) => [value]],
  [`String = "VALUE"`, "$", () => undefined],
  ["String!", "[$]", (value) => value],
];

/** Returns a query for the objects that all of these filters find, below the types that have them; each filter has a variable of its own. */
function askAll(world: World, [type, argument, given]: Spelling): { query: string; variables: Record<string, unknown> } {
  const all = singles.map((one, n) => ({ ...one, value: valueOf(one, world), variable: `t${n}` }));
  const spell = (text: string, { value, variable }: (typeof all)[number]) =>
    text.replace("VALUE", value).replace("$", `$${variable}`);
  const below = (owner: string) =>
    all
      .filter((one) => one.type === owner)
      .map((one) => `${one.field}_${one.name}: ${one.field}(${one.name}: ${spell(argument, one)}) { id }`)
      .join("\n");
  const declared = all.map((one) => `$${one.variable}: ${type.replace("VALUE", one.value)}`).join(", ");
  return {
    query: `query ${type && `(${declared})`} {
      ${below("Query")} jobs(name: "Back up Genève") { ${below("JobType")} } job_results(status: "REVOKED") { ${below("JobResultType")} }
    }`,
    variables: Object.fromEntries(all.map(({ value, variable }) => [variable, given(value)])),
  };
}

async function setup(): Promise<{ app: TestApp; world: World }> {
  const app = await openTestApp(ASKING_JOB);
  return { app, world: await storeWorld(await databaseOf(app)) };
}

test("the releases of Nautobot take one value where this server takes a list", () => {
  const named = singles.filter(({ name }) => !name.includes("__")).map(({ type, field, name }) => `${type}.${field}(${name})`);
  expect(named.toSorted()).toEqual([
    "JobResultType.job_log_entries(job_result)",
    "JobType.job_results(user)",
    "JobType.jobbutton(content_types)",
    "JobType.jobbutton_set(content_types)",
    "Query.job_buttons(content_types)",
    "Query.job_log_entries(job_result)",
    "Query.job_results(user)",
    "Query.notes(assigned_object_type)",
    "Query.notes(assigned_object_type_id)",
    "Query.object_changes(changed_object_type)",
    "Query.object_changes(changed_object_type_id)",
  ]);
});

test("each of these filters finds the same in every spelling, and costs the same", async () => {
  const { app, world } = await setup();
  const answers = [];
  for (const spelling of SPELLINGS)
    answers.push((await post(app.url, KEY, { ...askAll(world, spelling), extensions: { cost: true } })).body);
  for (const [n, answer] of answers.entries()) expect([SPELLINGS[n], answer]).toEqual([SPELLINGS[n], answers[0]]);
  const [{ data }] = answers;
  for (const { type, field, name } of singles) {
    const { [`${field}_${name}`]: found } = { JobType: data.jobs?.[0], JobResultType: data.job_results?.[0] }[type] ?? data;
    if (!name.includes("__n")) expect([type, field, name, found.length]).not.toEqual([type, field, name, 0]);
  }
});

test("they do so by every way", async () => {
  const { app, world } = await setup();
  const { data: known } = (await post(app.url, KEY, askAll(world, SPELLINGS[0]!))).body;
  for (const [way, ask] of Object.entries(waysOf(app)))
    for (const spelling of SPELLINGS.slice(1, 5)) {
      const { data, errors } = await ask(askAll(world, spelling));
      expect([way, spelling, errors]).toEqual([way, spelling, undefined]);
      // The job that asks has a run, too.
      const { job_results_user__n: _, ...asked } = data;
      const { job_results_user__n: __, ...wanted } = known;
      expect([way, spelling, asked]).toEqual([way, spelling, wanted]);
    }
});

test("a query that is known by its hash takes one value too", async () => {
  const { app } = await setup();
  const query = `query ($t: String) { notes(assigned_object_type: $t) { id } }`;
  const extensions = { persistedQuery: { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") } };
  const variables = { t: "dcim.device" };
  const { body: told } = await post(app.url, KEY, { query, variables, extensions });
  expect(told.data.notes.length).toBeGreaterThan(0);
  expect((await post(app.url, KEY, { variables, extensions })).body).toEqual(told);
});

test("every list filter of every list takes one value, and answers or refuses it as it does a list", async () => {
  const { app } = await setup();
  let filters = 0;
  for (const [list, field] of Object.entries(fieldsOf("Query"))) {
    if ((field.extensions as Partial<ListField>).as !== "list") continue;
    const names = field.args.flatMap(({ name, type }) => (isListType(type) ? [[name, getNamedType(type).name] as const] : []));
    for (let n = 0; n < names.length; n += 40) {
      const some = names.slice(n, n + 40);
      const fields = some.map(([name, type], m) => `a${m}: ${list}(${name}: $${type}) { id }`).join(" ");
      const answerOf = async (typeOf: (type: string) => string) => {
        const used = [...new Set(some.map(([, type]) => type))];
        const query = `query (${used.map((type) => `$${type}: ${typeOf(type)}`).join(", ")}) { ${fields} }`;
        return (await post(app.url, KEY, { query, variables: { String: "name", Int: 7, Float: 1.5, ID: "x" } })).body;
      };
      const asList = await answerOf((type) => `[${type}!]`);
      const { data, errors } = await answerOf((type) => `${type}!`);
      const told = (all: any[] = []) => all.map(({ message, path }) => `${path}: ${message}`).toSorted();
      expect([list, data, told(errors)]).toEqual([list, asList.data, told(asList.errors)]);
    }
    filters += names.length;
  }
  expect(filters).toBeGreaterThan(1000);
});

test("one without a value filters nothing, and costs nothing, as it does in a list", async () => {
  const { app } = await setup();
  const extensions = { cost: true };
  for (const name of ["assigned_object_type", "note__ic", "note__re", "id"]) {
    const { body: all } = await post(app.url, KEY, { query: `{ notes(${name}: []) { id } }`, extensions });
    expect(all.data.notes.length).toBeGreaterThan(0);
    const query = `query ($t: String) { notes(${name}: $t) { id } }`;
    for (const variables of [{}, { t: null }, { t: "" }])
      expect([name, (await post(app.url, KEY, { query, variables, extensions })).body]).toEqual([name, all]);
  }
});

test("one variable stands for a value and for a list, in fragments, in objects and below", async () => {
  const { app, world } = await setup();
  const query = `
    query ($t: String!, $u: String = "Back up Genève") {
      jobs(q: $u, name: $u, sort: [$t]) { name ...runs }
      jobs_connection(name: $u, sort: $t) { total_count }
    }
    fragment runs on JobType { job_hooks(content_types: "dcim.device", job: $u) { job { name hooks: job_hooks(job: $u) { name } } } }`;
  const job = { name: "Back up Genève" };
  expect(await app.client.query(query, { t: "name" })).toEqual({
    jobs: [{ ...job, job_hooks: [{ job: { ...job, hooks: [{ name: "On change" }] } }] }],
    jobs_connection: { total_count: 1 },
  });
  const mutation = `mutation ($type: String!, $job: String) {
    create_tag(data: { name: "new", content_types: $type }) { content_types { app_label } }
    update_jobs(name: $job, data: { description: "new" }) { outcomes { changed } }
  }`;
  expect(await app.client.query(mutation, { type: "extras.job", job: job.name })).toEqual({
    create_tag: { content_types: [{ app_label: "extras" }] },
    update_jobs: { outcomes: [{ changed: true }] },
  });
  expect(world.job).toBeDefined();
});

test("subscriptions take one value, and each of several followers gets its own answer", async () => {
  const { app } = await setup();
  const selected = `{ changed_object_type { model } object_repr }`;
  const follow = (type: string, t: unknown) =>
    app.client.ws.iterate<any>({
      query: `subscription ($t: ${type}) { object_changes(changed_object_type: $t) ${selected} }`,
      variables: { t },
    });
  const nested = (t: string) =>
    app.client.ws.iterate<any>({
      query: `subscription ($t: String) { jobs { name object_changes(changed_object_type: $t, limit: 1) { changed_object_type { model } } } }`,
      variables: { t },
    });
  const followed = {
    one: follow("String", "extras.tag"),
    list: follow("[String]", ["extras.tag"]),
    other: follow("String", "extras.jobqueue"),
    nested: nested("extras.job"),
    elsewhere: nested("dcim.device"),
  };
  const told: Record<string, any> = {};
  for (const [name, events] of Object.entries(followed)) void events.next().then(({ value }) => (told[name] = value));
  let changes = 0;
  // Nothing announces that a subscription has begun, and it does not get changes from before.
  const change = async () => {
    changes += 1;
    await app.client.query(`mutation {
      create_tag(data: { name: "tag ${changes}", content_types: ["extras.job"] }) { id }
      create_job_queue(data: { name: "queue-${changes}" }) { id }
      update_job(name: "Back up Genève", data: { description: "${changes}" }) { id }
    }`);
    return Object.keys(told).length;
  };
  await expect.poll(change).toBe(5);
  for (const events of Object.values(followed)) void events.return!();
  const modelsOf = ({ data }: any) => data.object_changes.map(({ changed_object_type: { model } }: any) => model);
  expect([modelsOf(told["one"])[0], modelsOf(told["list"])[0], modelsOf(told["other"])[0]]).toEqual(["tag", "tag", "jobqueue"]);
  const below = ({ data }: any) => data.jobs[0].object_changes[0].changed_object_type.model;
  expect([below(told["nested"]), below(told["elsewhere"])]).toEqual(["job", "device"]);
});

const REFUSED: Readonly<Record<string, string>> = {
  "a number for texts": "query ($v: Int) { jobs(name: $v) { id } }",
  "a text for numbers": "query ($v: String) { job_log_entries(sequence: $v) { id } }",
  "an id for texts": "query ($v: ID) { jobs(name: $v) { id } }",
  "a text for an id": "query ($v: String!) { job(id: $v) { id } }",
  "a list for one": "query ($v: [Boolean]) { jobs(enabled: $v) { id } }",
  "a list for a text": "query ($v: [String]) { jobs(q: $v) { id } }",
  "a list of lists": "query ($v: [[String]]) { jobs(name: $v) { id } }",
  "what may be null for what may not": "query ($v: String) { jobs(sort: $v) { id } }",
  "the same in a list": "query ($v: [String]) { jobs(sort: $v) { id } }",
  "one value and a list, in one fragment":
    "query A($v: String) { ...F } query B($v: [String]) { ...F } fragment F on Query { jobs(name: $v) { id } }",
};

describe.each(Object.entries(REFUSED))("GraphQL's refusals stay: %s", (_, query) => {
  test("in every way, in the same words", async () => {
    const app = await openTestApp(ASKING_JOB);
    const told: Record<string, unknown> = {};
    const { job: _job, ...ways } = waysOf(app);
    for (const [way, ask] of Object.entries(ways)) {
      const { errors = [] } = await ask({ query, variables: {} });
      told[way] = errors.map(({ message }) => message);
      expect([way, errors.length]).not.toEqual([way, 0]);
    }
    for (const [way, messages] of Object.entries(told)) expect([way, messages]).toEqual([way, told["socket"]]);
  });
});

test("a document with another mistake is told of that one alone, in every way", async () => {
  const app = await openTestApp(ASKING_JOB);
  const { job: _job, ...ways } = waysOf(app);
  for (const [way, ask] of Object.entries(ways)) {
    const { errors = [] } = await ask({ query: "query ($v: String) { jobs(name: $v) { nothing } }", variables: {} });
    expect([way, errors.map(({ message }) => message)]).toEqual([way, [`Cannot query field "nothing" on type "JobType".`]]);
  }
});

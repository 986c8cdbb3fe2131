import { type GraphQLField, isObjectType } from "graphql";
import { expect, test } from "vitest";
import { MODELS } from "../../../../src/entities/index.ts";
import { type ModelShape, shapeOf } from "../../../../src/entities/mapping/shape.ts";
import { createSchema } from "../../../../src/schema/index.ts";
import type { ListField } from "../../../../src/schema/reading/list-arguments.ts";
import { KEY, openTestApp, type TestApp } from "../../../support/app.ts";
import { post } from "../../../support/client.ts";
import { fillModels } from "../../../support/draws/fill.ts";
import { databaseOf } from "../../../support/rows.ts";

/* A value of a relation's filter that names no object is a mistake of the client, and an error: an empty list would be taken for an answer. */

const schema = createSchema();
const types = Object.values(schema.getTypeMap()).filter(isObjectType);
const listOf = ({ extensions }: GraphQLField<unknown, unknown>) => extensions as Partial<ListField>;

/** Values that name nothing: a name, an id that is cut, one with a letter that there is not, and one of many. */
const NOTHING = [
  `"No such"`,
  `"018f3c5e-7b1a-7c3d-9e2f"`,
  `"018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6z"`,
  `["00000000-0000-7000-8000-000000000000", "No such"]`,
];
const unknownOf = (value: string) => value.match(/"([^"]*)"\]?$/)![1]!;

/** Filters by the objects behind references and links. */
function relationFilters({ one, many }: ModelShape): string[] {
  const references = [...one.keys()].flatMap((name) => [name, `${name}_id`]);
  const links = [...many].flatMap(([name, { through }]) => (through ? [name] : []));
  return [...references, ...links].flatMap((name) => [name, `${name}__n`]);
}

/** Asks for a list once with each of the arguments, and expects as many errors. */
async function mustRefuse(app: TestApp, place: string, fields: readonly string[], wrap: (inner: string) => string) {
  // A connection is never null: one that fails takes its neighbours with it.
  const together = fields[0]?.includes("nodes") ? 1 : 10;
  for (let n = 0; n < fields.length; n += together) {
    const some = fields.slice(n, n + together);
    const query = wrap(some.map((field, m) => `a${m}: ${field}`).join("\n"));
    const { body } = await post(app.url, KEY, { query });
    const told = new Map((body.errors ?? []).map((error: any) => [error.path?.at(-1), error]));
    for (const [m, field] of some.entries()) {
      const [, argument, value] = field.match(/\((\w+): (.*?)\) \{/)!;
      expect(told.get(`a${m}`), `${place} ${field} ${JSON.stringify(body)}`).toMatchObject({
        message: expect.stringContaining(unknownOf(value!)),
        extensions: { code: "BAD_USER_INPUT", details: [{ field: argument }] },
      });
    }
  }
}

const selectionOf = ({ as }: Partial<ListField>) => (as === "connection" ? "{ nodes { id } }" : "{ id }");
const asked = (name: string, field: GraphQLField<unknown, unknown>, values: readonly string[]) =>
  relationFilters(shapeOf(listOf(field).listOf!)).flatMap((argument) =>
    values.map((value) => `${name}(${argument}: ${value}) ${selectionOf(listOf(field))}`),
  );

test("lists and connections of all objects refuse names of nothing, by every relation", async () => {
  const app = await openTestApp({});
  let filters = 0;
  for (const [name, field] of Object.entries(schema.getQueryType()!.getFields())) {
    if (!listOf(field).listOf) continue;
    const fields = asked(name, field, listOf(field).as === "list" ? NOTHING : NOTHING.slice(-1));
    await mustRefuse(app, "Query", fields, (inner) => `{ ${inner} }`);
    filters += fields.length;
  }
  expect(filters).toBeGreaterThan(500);
});

test("lists that belong to an object refuse them too", async () => {
  const app = await openTestApp({});
  await fillModels(await databaseOf(app), 1);
  const roots = Object.entries(schema.getQueryType()!.getFields()).filter(([, field]) => listOf(field).as === "list");
  const rootOf = new Map(roots.map(([name, field]) => [`${(listOf(field).listOf as { name: string }).name}Type`, name]));
  const models = new Map(MODELS.map((model) => [`${model.name}Type`, shapeOf(model)]));
  let filters = 0;
  for (const type of types) {
    const root = rootOf.get(type.name);
    if (!root) continue;
    const all = Object.keys(models.get(type.name)!.defaultFilters ?? {}).map((name) => `, ${name}: null`);
    for (const [name, field] of Object.entries(type.getFields())) {
      if (!listOf(field).via) continue;
      const fields = asked(name, field, NOTHING.slice(0, 1));
      await mustRefuse(app, type.name, fields, (inner) => `{ ${root}(limit: 1${all.join("")}) { ${inner} } }`);
      filters += fields.length;
    }
  }
  expect(filters).toBeGreaterThan(200);
});

const REQUESTS = [
  `mutation { cancel_job_results(job_model: "No such") { outcomes { canceled } } }`,
  `mutation { update_jobs(job_queues: ["No such"], data: { description: "" }) { applied } }`,
  `subscription { job_results(job_model: "No such") { id } }`,
  `subscription { object_changes(changed_object_type__n: ["extras.job", "No such"]) { id } }`,
];

test.for(REQUESTS)("refused too: %s", async (query) => {
  const { client } = await openTestApp({});
  const { value } = await client.ws.iterate({ query }).next();
  expect(value.errors).toMatchObject([{ message: expect.stringContaining("No such"), extensions: { code: "BAD_USER_INPUT" } }]);
});

test("names and ids of objects still find them, and a deleted object's id finds nothing", async () => {
  const { client } = await openTestApp({ "a.ts": `export const A = defineJob({ name: "Job A", run() {} });` });
  const { jobs } = await client.query(`{ jobs { id name } }`);
  expect(jobs).toMatchObject([{ name: "Job A" }]);
  const none = "00000000-0000-7000-8000-000000000000";
  const query = `query ($known: [String], $gone: [String]) {
    known: job_queues(jobs: $known) { name } gone: job_queues(jobs: $gone) { name } not: job_queues(jobs__n: $gone) { name }
  }`;
  for (const known of [jobs[0]!.id, "Job A"])
    expect(await client.query(query, { known: [known], gone: [none] })).toEqual({
      known: [{ name: "default" }],
      gone: [],
      not: [{ name: "default" }],
    });
});

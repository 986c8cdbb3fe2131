import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  GraphQLID,
  type GraphQLInputField,
  GraphQLString,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from "graphql";
import { expect, test } from "vitest";
import { MODELS } from "../../../../src/entities/index.ts";
import { shapeOf, tableOf } from "../../../../src/entities/mapping/shape.ts";
import { createSchema } from "../../../../src/schema/index.ts";
import { KEY, openTestApp, type TestApp } from "../../../support/app.ts";
import { post } from "../../../support/client.ts";
import { objectWith, required } from "../../../support/hostile-requests/values.ts";
import { databaseOf } from "../../../support/rows.ts";
import { EXAMPLES, storeWorld, type World } from "../../../support/approvals/world.ts";

/*
 * An id names the same object in capitals, as RFC 9562 has it. Requests to one world, with ids as they are stored, are repeated in its twin with capitals: the
 * outcomes are the same.
 */

type Spell = (id: string) => string;

const schema = createSchema();
const exampleOf = (model: object) => EXAMPLES[(model as { name: string }).name]!;
const modelNamed = (name: string) => MODELS.find((model) => tableOf(model) === name);

/** Objects whose ids arguments of these names take, where that does not follow from the name of the mutation. */
const BY_ARGUMENT: Readonly<Record<string, keyof World>> = {
  job_result_id: "run",
  stage: "stage",
  object_id: "job",
  user: "user",
  job_queue: "queue",
  queue: "queue",
  job_model: "job",
};

/** The object that an operation is about: `job` of `revert_job_overrides`. */
const BY_OPERATION: readonly [RegExp, keyof World][] = [
  [/_token$/, "token"],
  [/^test_permission$/, "job"],
  [/button/, "button"],
  [/scheduled_job/, "schedule"],
  [/job_result/, "run"],
  [/(^|_)job(_overrides)?$/, "job"],
];

/** The object whose id an argument or a field of an input is given; undefined for one that takes none. */
function exampleFor(operation: string, { name, type }: GraphQLArgument | GraphQLInputField): keyof World | undefined {
  const named = getNamedType(type);
  if (named !== GraphQLString && named.name !== GraphQLID.name) return undefined;
  if (BY_ARGUMENT[name]) return BY_ARGUMENT[name];
  const model = modelNamed(operation.replace(/^(create|update|delete)_/, ""));
  if (name === "id" && named.name === GraphQLID.name) {
    const example = (model && exampleOf(model)) ?? BY_OPERATION.find(([pattern]) => pattern.test(operation))?.[1];
    if (!example) throw new Error(`The world has nothing for the id of ${operation}.`);
    return example;
  }
  if (!model) return undefined;
  const { one, many } = shapeOf(model);
  const relation = one.get(name) ?? many.get(name);
  return relation && exampleOf(relation.target());
}

const isList = ({ type }: GraphQLArgument | GraphQLInputField) => isListType(isNonNullType(type) ? type.ofType : type);

/** Yields a request for each place of an operation that takes an id. */
function* requestsOf(kind: "mutation" | "query", field: GraphQLField<unknown, unknown>) {
  const needed = required(field.args);
  for (const arg of field.args) {
    const type = getNamedType(arg.type);
    const fields: readonly (GraphQLArgument | GraphQLInputField)[] = isInputObjectType(type)
      ? Object.values(type.getFields())
      : [arg];
    const args = [...new Set([...needed, arg])];
    const declared = args.map((one) => `$${one.name}: ${one.type}`).join(", ");
    const given = args.map(({ name }) => `${name}: $${name}`).join(", ");
    const selection = isLeafType(getNamedType(field.type)) ? "" : "{ __typename }";
    for (const place of fields) {
      if (!exampleFor(field.name, place)) continue;
      yield {
        words: `${field.name}(${arg.name}${place === arg ? "" : `.${place.name}`})`,
        query: `${kind} (${declared}) { ${field.name}(${given}) ${selection} }`,
        variables(world: World, spell: Spell): string {
          /** Arguments that are needed, and the place, with the ids that they take. */
          const filled = (all: readonly (GraphQLArgument | GraphQLInputField)[]) => {
            const wanted = all.filter((one) => one === place || isNonNullType(one.type));
            const ids = wanted.flatMap((one) => {
              const example = exampleFor(field.name, one);
              if (!example) return [];
              const id = spell(world[example]);
              return [[one.name, JSON.stringify(isList(one) ? [id] : id)] as const];
            });
            return objectWith(wanted, Object.fromEntries(ids));
          };
          if (place === arg) return filled(args);
          const others = JSON.parse(filled(needed.filter((one) => one !== arg))) as object;
          return JSON.stringify({ ...others, [arg.name]: JSON.parse(filled(fields)) });
        },
      };
    }
  }
}

async function openWorld(): Promise<{ app: TestApp; world: World }> {
  const app = await openTestApp({});
  return { app, world: await storeWorld(await databaseOf(app)) };
}

async function outcome({ url }: TestApp, query: string, variables: string): Promise<string> {
  const { body } = await post(url, KEY, { query, variables: JSON.parse(variables) });
  const [error] = body.errors ?? [];
  const fields = (error?.extensions.details ?? []).map(({ field }: { field: string }) => field);
  if (error) return `${error.extensions.code} ${fields.join()} ${error.message}`.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "ID");
  return JSON.stringify(body.data);
}

/** Mutations that take their object away come last. */
const isLast = (name: string) => /^(delete|cancel|deny)_/.test(name);

test.each(["query", "mutation"] as const)("every argument of a %s takes an id in capitals", async (kind) => {
  const [plain, twin] = [await openWorld(), await openWorld()];
  const type = kind === "query" ? schema.getQueryType()! : schema.getMutationType()!;
  const fields = Object.values(type.getFields()).toSorted((a, b) => Number(isLast(a.name)) - Number(isLast(b.name)));
  // Another name of delete_token, which finds the key gone.
  const requests = fields.filter(({ name }) => name !== "revoke_token").flatMap((field) => [...requestsOf(kind, field)]);
  for (const { words, query, variables } of requests) {
    const wanted = await outcome(plain.app, query, variables(plain.world, String));
    const found = await outcome(
      twin.app,
      query,
      variables(twin.world, (id) => id.toUpperCase()),
    );
    expect.soft(`${words}: ${found}`).toBe(`${words}: ${wanted}`);
    // Two that do not find it would agree, too.
    expect.soft(`${words}: ${wanted}`).not.toMatch(/NOT_FOUND|There is no|null/);
  }
  expect(requests.length).toBeGreaterThan(kind === "query" ? 20 : 70);
});

test("filters find the object of an id in capitals", async () => {
  const { app, world } = await openWorld();
  let count = 0;
  for (const model of MODELS.filter(({ name }) => EXAMPLES[name])) {
    const { table, columns, one, many } = shapeOf(model);
    const list = Object.values(schema.getQueryType()!.getFields()).find(
      ({ name, args, type }) => !name.endsWith("_connection") && String(type) === `[${model.name}Type!]` && args.length > 3,
    )!;
    const values: [string, string][] = [
      ["id", world[EXAMPLES[model.name]!]],
      ...[...columns].flatMap(([name, { kind }]) =>
        kind === "uuid" && name !== "id" ? [[name, world.schedule] as [string, string]] : [],
      ),
      ...[...one, ...many]
        .filter(([name]) => list.args.some((arg) => arg.name === name))
        .map(([name, relation]) => [name, world[exampleOf(relation.target())]] as [string, string]),
    ];
    const lists = values.flatMap(([name, id], n) =>
      ["", "__n"].flatMap((lookup, of) =>
        [id, id.toUpperCase()].map((spelled, as) => `_${n}_${of}_${as}: ${list.name}(${name}${lookup}: "${spelled}") { id }`),
      ),
    );
    const found = await app.client.query(`{ ${lists.join(" ")} }`);
    for (const [n, [name]] of values.entries())
      for (const of of [0, 1]) expect.soft(found[`_${n}_${of}_1`], `${table} ${name}`).toEqual(found[`_${n}_${of}_0`]);
    expect(found["_0_0_1"]).toEqual([{ id: world[EXAMPLES[model.name]!] }]);
    count += values.length;
  }
  expect(count).toBeGreaterThan(60);
});

test("subscriptions follow it, inputs that stand for objects take it, and it is stored in lower case", async () => {
  const app = await openTestApp({
    "a.ts": `import { objectVar } from "jobgraph";
      export const A = defineJob({ name: "A", enabled: true, variables: z.object({ queue: objectVar({ model: "extras.jobqueue" }) }), run() {} });`,
  });
  const world = await storeWorld(await databaseOf(app));
  const upper = (name: keyof World) => world[name].toUpperCase();
  for (const [field, selection] of [
    [`job_result(id: "${upper("run")}")`, "id"],
    [`job_log_entries(job_result_id: "${upper("run")}", after_sequence: 0)`, "sequence"],
    [`job_console_entries(job_result_id: "${upper("run")}", after_sequence: 0)`, "sequence"],
  ]) {
    const { value } = await app.client.ws.iterate({ query: `subscription { ${field} { ${selection} } }` }).next();
    expect(value.errors).toBeUndefined();
  }
  const { run_job, record_object_change } = await app.client.query(
    `mutation ($data: GenericScalar, $id: ID!) {
      run_job(name: "A", data: $data) { task_kwargs }
      record_object_change(object_type: "dcim.device", object_id: $id, action: CREATE, object_repr: "it", after: {}) { changed_object_id }
    }`,
    { data: { queue: upper("queue") }, id: upper("job") },
  );
  expect(run_job.task_kwargs).toEqual({ queue: world.queue });
  expect(record_object_change.changed_object_id).toBe(world.job);
  expect(
    await app.client.query(
      `query ($object: GenericScalar!) { job_buttons_for(object_type: "extras.job", object: $object) { group_name } }`,
      {
        object: { id: upper("job") },
      },
    ),
  ).toEqual({ job_buttons_for: [] });
});

test("single objects are asked for by a variable that may be null, as Nautobot declares it", async () => {
  const { app, world } = await openWorld();
  for (const model of MODELS.filter(({ name }) => EXAMPLES[name])) {
    const query = `query ($id: ID) { found: ${tableOf(model)}(id: $id) { id } }`;
    const id = world[EXAMPLES[model.name]!];
    expect(await app.client.query(query, { id })).toEqual({ found: { id } });
    for (const variables of [{}, { id: null }, { id: "" }, { id: "nonsense" }])
      expect(await app.client.query(query, variables)).toEqual({ found: null });
  }
});

import fc from "fast-check";
import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  isInputObjectType,
  isLeafType,
  isRequiredArgument,
} from "graphql";
import { expect, test } from "vitest";
import { ACTIONS } from "../../src/access/rights.ts";
import { snakeCase } from "../../src/entities/mapping/case.ts";
import type { ModelShape } from "../../src/entities/mapping/shape.ts";
import { newId } from "../../src/entities/new-id.ts";
import { LIMIT_COLUMNS } from "../../src/own-limits.ts";
import { createSchema } from "../../src/schema/index.ts";
import { modelOf } from "../../src/schema/model/model-registry.ts";
import { filtersOf } from "../../src/schema/reading/filters/filters.ts";
import { drawSeed, IS_FULL } from "../support/full.ts";
import { openTestApp } from "../support/app.ts";
import { storeWorld, EXAMPLES } from "../support/approvals/world.ts";
import { post } from "../support/client.ts";
import { createTestClock } from "../support/clock.ts";
import { callOf } from "../support/draws/arguments.ts";
import { createHalfViewer, labelOf } from "../support/draws/half-viewers.ts";
import { allIds, planTwins, SHAPES, storeTwins } from "../support/draws/hidden-twins.ts";
import { answersOf } from "../support/event-stream.ts";
import { databaseOf } from "../support/rows.ts";
import { recordStatements } from "../support/statements.ts";

/*
 * The time of an answer is that of its statements. For an object that a user may not view they are the same, in number and text, as for one that is not there:
 * whoever measures learns no more than who reads.
 */

const schema = createSchema();
const QUERIES = Object.values(schema.getQueryType()!.getFields());

/** A name that no object has, as long as another. */
const missingName = (name: string) => `${name.slice(0, -1)}!`;

/** An app with objects that a user may do everything with, and a hidden twin of each. */
async function setup() {
  const statements = recordStatements();
  const app = await openTestApp({}, { maxQueryCost: 1e9 }, createTestClock());
  const database = await databaseOf(app);
  const world = await storeWorld(database);
  const { rows } = database;
  await rows.updateTable("scheduled_job").set({ state: "PENDING", next_run_at: null }).execute();
  const ids = await allIds(database);
  const twins = await planTwins(database, ids);
  await storeTwins(database, ids, twins);
  const key = await createHalfViewer(database, "half", ({ table }) => ({ id__in: ids.get(table)! }), ACTIONS);
  /** The answer of an operation, and its statements, without an id or name that it is about. */
  const ask = async (operation: string, about: string) => {
    statements();
    const answer = operation.startsWith("subscription")
      ? await answersOf(app.url, key, { query: operation })
      : (await post(app.url, key, { query: operation })).body;
    const plain = (text: string) => text.replaceAll(about, "…").replaceAll(/'[0-9TZ:.-]{20,}'/g, "'time'");
    return { answer: JSON.parse(plain(JSON.stringify(answer))), statements: statements().map(plain) };
  };
  /** Expects one end of an operation about something hidden and something missing. @returns its answer. */
  const expectSame = async (operationOf: (about: string) => string, hidden: string, missing: string) => {
    const [one, other] = [await ask(operationOf(hidden), hidden), await ask(operationOf(missing), missing)];
    expect.soft(one, operationOf("…").slice(0, 300)).toEqual(other);
    expect(one.statements.length).toBeGreaterThan(0);
    return one.answer;
  };
  /** Id of the twin of the world's object that stands for a model. */
  const hiddenOf = ({ model }: (typeof SHAPES)[number]) => twins.ids.get(world[EXAMPLES[(model as { name: string }).name]!])!;
  const nameOf = (table: string) => twins.names.get(table)?.at(-1);
  return { app, key, hiddenOf, nameOf, expectSame, statements };
}

const selectionOf = (field: GraphQLField<unknown, unknown>) => (isLeafType(getNamedType(field.type)) ? "" : "{ __typename }");

test("a single object, and lists by id", async () => {
  const { hiddenOf, expectSame } = await setup();
  for (const shape of SHAPES) {
    const list = modelOf(labelOf(shape))!.list!;
    const type = `${(shape.model as { name: string }).name}Type`;
    const one = QUERIES.find((field) => String(field.type) === type)!;
    const asked = [
      [(id: string) => `{ it: ${one.name}(id: "${id}") { id } }`, null],
      [(id: string) => `{ it: ${list}(id: ["${id}"]) { id } }`, []],
      [(id: string) => `{ it: ${list}_connection(id: ["${id}"]) { total_count nodes { id } } }`, { total_count: 0, nodes: [] }],
    ] as const;
    for (const [operationOf, told] of asked)
      expect(await expectSame(operationOf, hiddenOf(shape), newId())).toEqual({ data: { it: told } });
  }
});

/** Lists by each filter that looks at other objects. */
function* relatedLists(): Generator<{ operationOf: (about: string) => string; other: ModelShape }> {
  for (const shape of SHAPES)
    for (const [name, { target }] of [...shape.one, ...shape.many]) {
      const other = SHAPES.find(({ model }) => model === target());
      if (!other) continue;
      for (const [filter, { type }] of filtersOf(shape)) {
        if (filter !== name && !filter.startsWith(`${name}_`)) continue;
        if (getNamedType(type).name !== "String") continue;
        const list = modelOf(labelOf(shape))!.list!;
        const operationOf = (about: string) =>
          `{ ${list}_connection(${filter}: ${JSON.stringify(about)}) { total_count nodes { id } } }`;
        yield { operationOf, other };
      }
    }
}

test("lists by a hidden object that they refer to", async () => {
  const { hiddenOf, nameOf, expectSame } = await setup();
  const all = [...relatedLists()];
  const lists = IS_FULL ? all : fc.sample(fc.constantFrom(...all), { numRuns: 100, seed: drawSeed() });
  expect(all.length).toBeGreaterThan(500);
  for (const { operationOf, other } of lists) {
    await expectSame(operationOf, hiddenOf(other), newId());
    const hidden = nameOf(other.table);
    if (hidden) await expectSame(operationOf, hidden, missingName(hidden));
  }
});

/** Arguments of a field, and fields of its inputs, that are texts: each may be an id or a name. */
function textsOf({ args }: GraphQLField<unknown, unknown>): string[] {
  const isText = ({ type }: Pick<GraphQLArgument, "type">) => ["ID", "String"].includes(getNamedType(type).name);
  return [
    ...new Set(
      args.flatMap((arg) => {
        const type = getNamedType(arg.type);
        const fields = isInputObjectType(type) ? Object.values(type.getFields()) : [];
        return [arg, ...fields].filter(isText).map(({ name }) => name);
      }),
    ),
  ];
}

/** Models by the names of references to them, and of mutations that are about one. */
const TARGETS = new Map([
  ...SHAPES.map((shape) => [snakeCase((shape.model as { name: string }).name), shape] as const),
  ...SHAPES.flatMap(({ one, many }) =>
    [...one, ...many].flatMap(([name, { target }]) => {
      const shape = SHAPES.find(({ model }) => model === target());
      return shape ? [[name, shape] as const] : [];
    }),
  ),
]);

/** Models whose objects a text of a mutation may name. */
function targetsOf(mutation: string, name: string): readonly ModelShape[] {
  if (name === "object_id" || name === "assigned_object_id") return SHAPES;
  const words = name === "id" ? [...TARGETS.keys()].filter((target) => mutation.includes(target)) : [name.replace(/_id$/, "")];
  const target = TARGETS.get(words.toSorted((one, other) => other.length - one.length)[0] ?? "");
  return target ? [target] : [];
}

/** Arguments about which an operation would be another one. */
const plainArguments = ({ args }: GraphQLField<unknown, unknown>) => ({
  class_path: "null",
  ...(args.some(({ name }) => name === "class_path") && { name: "null" }),
  stage: "null",
  if_unmodified_since: "null",
  content_type: '"extras.tag"',
  password: '"a long password"',
  is_superuser: "false",
  is_staff: "false",
  allowed_networks: '"127.0.0.0/8"',
  expires: "null",
  crontab: "null",
  interval: "DAILY",
  one_off: "null",
  time_zone: '"UTC"',
  ...Object.fromEntries(LIMIT_COLUMNS.map((column) => [column, "null"])),
});

/** Mutations that answer otherwise than `NOT_FOUND`: some find several objects by filters, and some are refused before they look for one. */
const OTHERWISE = {
  mutation: {
    update_jobs: "BAD_USER_INPUT",
    cancel_job_results: "BAD_USER_INPUT",
    delete_token: "FORBIDDEN",
    revoke_token: "FORBIDDEN",
    update_token: "FORBIDDEN",
    update_user: "FORBIDDEN",
  },
  subscription: {},
};

test.for(["mutation", "subscription"] as const)("each %s by an id or a name", async (kind) => {
  const { hiddenOf, nameOf, expectSame } = await setup();
  const type = kind === "mutation" ? schema.getMutationType()! : schema.getSubscriptionType()!;
  const codes = new Map<string, string>();
  for (const field of Object.values(type.getFields()))
    for (const name of textsOf(field))
      for (const shape of targetsOf(field.name, name)) {
        // A subscription to all objects goes on.
        if (kind === "subscription" && !field.args.some((arg) => arg.name === name && isRequiredArgument(arg))) continue;
        const label = JSON.stringify(labelOf(shape));
        const known = { ...plainArguments(field), assigned_object_type: label, object_type: label };
        const operationOf = (about: string) =>
          `${kind} { ${callOf(field, { ...known, [name]: JSON.stringify(about) })} ${selectionOf(field)} }`;
        const answer = await expectSame(operationOf, hiddenOf(shape), newId());
        const { code } = [answer].flat()[0].errors[0].extensions;
        if (name === "id" || code === "NOT_FOUND") codes.set(field.name, code);
        const hidden = name === "id" ? undefined : nameOf(shape.table);
        if (hidden) await expectSame(operationOf, hidden, missingName(hidden));
      }
  expect(codes.size).toBeGreaterThan(kind === "mutation" ? 40 : 2);
  expect(Object.fromEntries([...codes].filter(([, code]) => code !== "NOT_FOUND"))).toEqual(OTHERWISE[kind]);
});

test("queries about an object, and downloads", async () => {
  const { app, key, hiddenOf, nameOf, expectSame, statements } = await setup();
  const [tag, user, file] = ["tag", "user", "file_proxy"].map((table) => SHAPES.find((shape) => shape.table === table)!);
  const tests = (args: string) => `{ test_permission(action: "view", object_type: "extras.tag", ${args}) { allowed } }`;
  for (const [operationOf, hidden, missing] of [
    [
      (id: string) => `{ job_buttons_for(object_type: "extras.tag", object: { id: "${id}" }) { group_name } }`,
      hiddenOf(tag!),
      newId(),
    ],
    [(id: string) => `{ me { can(action: "change", object_type: "extras.tag", id: "${id}") } }`, hiddenOf(tag!), newId()],
    [(id: string) => tests(`user: "half", id: "${id}"`), hiddenOf(tag!), newId()],
    [(id: string) => tests(`user: "${id}"`), hiddenOf(user!), newId()],
    [(name: string) => tests(`user: "${name}"`), nameOf("user")!, missingName(nameOf("user")!)],
  ] as const)
    await expectSame(operationOf, hidden, missing);

  const download = async (id: string) => {
    const path = `${app.url}/api/extras/file-proxies/${id}/download/`;
    statements();
    const answer = await fetch(path, { headers: { authorization: `Token ${key}` } });
    return { status: answer.status, text: (await answer.text()).replaceAll(id, "…"), statements: statements() };
  };
  const hidden = await download(hiddenOf(file!));
  expect(hidden).toEqual(await download(newId()));
  expect(hidden.status).toBe(404);
});

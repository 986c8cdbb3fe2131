import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { contentTypeLabel } from "../../../src/entities/content-types.ts";
import { type ModelShape, shapeOf } from "../../../src/entities/mapping/shape.ts";
import { createSchema } from "../../../src/schema/index.ts";
import { modelOf } from "../../../src/schema/model/model-registry.ts";
import type { ComputedField } from "../../../src/schema/reading/selection.ts";
import { KEY, openTestApp, type TestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";
import { createTestClock } from "../../support/clock.ts";
import { fillForOdds, JSON_EXAMPLES, type OddRow, type Odds, SEEN_MODELS } from "../../support/draws/odd-rows.ts";

/*
 * One odd row fails no list: for any value that the server would never write, its field has a value of its type, and all other rows and fields are as they
 * were.
 */

const { customFields } = loadConfig({
  CUSTOM_FIELDS: SEEN_MODELS.filter((model) => shapeOf(model).columns.has("_custom_field_data"))
    .flatMap(({ name }) =>
      Object.keys(JSON_EXAMPLES["_custom_field_data"]!).map((kind) => `${name.toLowerCase()}.${kind}:${kind}`),
    )
    .join(","),
});

const schema = createSchema(customFields);
const MODEL_TYPES = new Map(SEEN_MODELS.map((model) => [`${model.name}Type`, model as object]));

interface Known {
  shape: ModelShape;
  type: GraphQLObjectType;
  /** Names of the queries. */
  list: string;
  one: string;
}

const KNOWN: readonly Known[] = SEEN_MODELS.map((model) => {
  const shape = shapeOf(model);
  return {
    shape,
    type: schema.getType(`${model.name}Type`) as GraphQLObjectType,
    list: modelOf(contentTypeLabel(model))!.list!,
    one: shape.table,
  };
});

/** Fields that are of the row itself: values, and objects that are made of them. */
const isOwn = (field: GraphQLField<unknown, unknown>) => {
  const named = getNamedType(field.type);
  return (
    !field.args.some(isRequiredArgument) &&
    (isLeafType(named) || (isObjectType(named) && !MODEL_TYPES.has(named.name) && !named.name.endsWith("Connection")))
  );
};
const ownFields = (type: GraphQLObjectType) => Object.values(type.getFields()).filter(isOwn);

/** All that is of the rows of a type themselves. */
const allOf = (type: GraphQLObjectType): string =>
  ownFields(type)
    .map(({ name, type: inner }) => {
      const named = getNamedType(inner);
      return isObjectType(named) ? `${name} { ${allOf(named)} }` : name;
    })
    .join(" ");

/** Fields whose values other rows, or the time, decide as well. */
const FLEETING = new Set(["depth", "last_used", "next_runs", "oldest_waiting_seconds", "task_queues", "worker_count"]);

/** Tells whether a field is made of a column. */
function isOf(field: GraphQLField<unknown, unknown>, column: string): boolean {
  const { needs = [] } = field.extensions as Partial<ComputedField>;
  // An error of a run is read by itself.
  return field.name === column || needs.includes(column) || (field.name === "error" && ["result", "traceback"].includes(column));
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Places in an answer at which a value is none of the type that the schema declares. */
function* misfits(type: GraphQLOutputType, value: unknown, place: string): Generator<string> {
  if (value === null || value === undefined) {
    if (isNonNullType(type) || value === undefined) yield `${place} is ${value}`;
    return;
  }
  const named = getNullableType(type);
  if (isListType(named)) {
    if (!Array.isArray(value)) yield `${place} is no list`;
    else for (const [n, item] of value.entries()) yield* misfits(named.ofType, item, `${place}.${n}`);
  } else if (isObjectType(named)) {
    for (const [name, inner] of Object.entries(value)) yield* misfits(named.getFields()[name]!.type, inner, `${place}.${name}`);
  } else if (isEnumType(named)) {
    if (!named.getValue(value as string)) yield `${place} is ${JSON.stringify(value)}`;
  } else {
    const isFit = {
      Boolean: () => typeof value === "boolean",
      DateTime: () => typeof value === "string" && DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)),
      Float: () => Number.isFinite(value),
      GenericScalar: () => true,
      Int: () => (Number(value) | 0) === value,
      SafeInt: () => Number.isSafeInteger(value),
    }[(named as { name: string }).name];
    if (!(isFit?.() ?? typeof value === "string")) yield `${place} is ${JSON.stringify(value)}`;
  }
}

async function open(): Promise<{ app: TestApp; odds: Odds }> {
  // Nothing wakes the runner, which would change the rows.
  const app = await openTestApp(
    {},
    {
      customFields,
      logLevel: "silent",
      leaseMs: 3_600_000,
      maxQueryCost: Number.MAX_SAFE_INTEGER,
      maxAnswerBytes: Number.MAX_SAFE_INTEGER,
      maxQueryFields: 100_000,
      maxQueryAliases: 100_000,
      maxQueryTokens: 1_000_000,
      operationTimeoutMs: 3_600_000,
      statementTimeoutMs: 600_000,
    },
    createTestClock(),
  );
  return { app, odds: await fillForOdds(app) };
}

/** Asks, and tells what the server knows of an error. */
async function ask(app: TestApp, query: string, variables: object = {}): Promise<{ data: any; failures: string[] }> {
  const { body } = await post(app.url, KEY, { query, variables });
  const failures = (body.errors ?? []).map(({ message, path, extensions }: any) => {
    const logged = app.logged.findLast(({ id }) => id !== undefined && id === extensions?.id) as any;
    return `${extensions?.code} ${path?.join(".")}: ${String(logged?.err?.stack ?? message).slice(0, 400)}`;
  });
  return { data: body.data, failures };
}

/** Lists of all rows: jobs that lists of all leave out are asked for. */
const rowsOf = ({ list, shape }: Known, also = "") =>
  `${list}(limit: 10000 ${
    shape.defaultFilters
      ? Object.keys(shape.defaultFilters)
          .map((name) => `${name}: null`)
          .join(" ")
      : ""
  } ${also})`;

const byId = (rows: readonly any[]) => new Map<string, any>(rows.map((row) => [row.id, row]));

test("one odd value fails no list, and changes no other row and no other field", async () => {
  const { app, odds } = await open();
  const read = async (known: Known) => ask(app, `{ rows: ${rowsOf(known)} { ${allOf(known.type)} } }`);
  const before = new Map<Known, Map<string, any>>();
  for (const known of KNOWN) {
    const { data, failures } = await read(known);
    expect(failures).toEqual([]);
    before.set(known, byId(data.rows));
  }
  await odds.store();
  const wrong: string[] = [];
  for (const known of KNOWN) {
    const { data, failures } = await read(known);
    wrong.push(...failures);
    if (!data?.rows) {
      wrong.push(`${known.list} is null`);
      continue;
    }
    const after = byId(data.rows);
    const ordinary = before.get(known)!;
    if (after.size !== ordinary.size) wrong.push(`${known.list}: ${after.size} of ${ordinary.size}`);
    const oddOf = new Map<string, OddRow>(
      odds.rows.filter(({ model }) => model === known.shape.table).map((one) => [one.id, one]),
    );
    const fields = ownFields(known.type).filter(({ name }) => !FLEETING.has(name));
    for (const [id, row] of after) {
      const { column = "", words = "" } = oddOf.get(id) ?? {};
      const place = `${known.list} with ${column} ${words}`;
      for (const field of fields) {
        wrong.push(...misfits(field.type, row[field.name], `${place}: ${field.name}`));
        const was = ordinary.get(id)?.[field.name];
        if (ordinary.has(id) && !isOf(field, column) && JSON.stringify(row[field.name]) !== JSON.stringify(was))
          wrong.push(`${place}: ${field.name} is ${JSON.stringify(row[field.name])}, and was ${JSON.stringify(was)}`);
      }
    }
  }
  expect(wrong.slice(0, 40)).toEqual([]);
});

/** A value for a filter that follows from a column: one that its rows can be compared with. */
function valueFor({ shape }: Known, argument: GraphQLArgument): unknown {
  const named = getNamedType(argument.type).name;
  if (named === "Boolean") return true;
  if (named !== "String") return [1];
  const [name = "", lookup = ""] = argument.name.split("__");
  const column = shape.columns.get(name);
  if (column?.kind === "timestamp") return ["2026-01-01T00:00:00Z"];
  if (column?.kind === "choice" && ["", "n"].includes(lookup)) return [[...column.choices!.values()][0]];
  const isReference =
    column?.kind === "uuid" || [...shape.one.keys(), ...shape.many.keys()].some((known) => argument.name.startsWith(known));
  if (isReference && ["", "n"].includes(lookup)) return ["00000000-0000-7000-8000-000000000000"];
  return isListType(argument.type) ? ["odd"] : argument.name.endsWith("_day") ? "2026-01-01" : "odd";
}

/** Statements of one operation: of more, a database may refuse some for now. */
const AT_ONCE = 40;

const defaultsOf = ({ shape }: Known) =>
  Object.keys(shape.defaultFilters ?? {})
    .map((name) => `${name}: null`)
    .join(" ");

test("nor one object, nor objects below others, nor a page, an order or a filter", async () => {
  const { app, odds } = await open();
  await odds.store();
  const wrong: string[] = [];
  const asked = async (words: string, query: string, variables: object = {}): Promise<any> => {
    const { data, failures } = await ask(app, query, variables);
    wrong.push(...failures.map((failure) => `${words}: ${failure}`));
    return data ?? {};
  };
  const askedAll = async (words: string, fields: readonly string[], beside = ""): Promise<any> => {
    const found = {};
    for (let n = 0; n < fields.length; n += AT_ONCE)
      Object.assign(found, await asked(words, `${beside} { ${fields.slice(n, n + AT_ONCE).join(" ")} }`));
    return found;
  };

  const countOf = (known: Known) => odds.ids.get(known.shape.table)!.length;
  for (const known of KNOWN) {
    const { shape, type, list, one } = known;
    const own = odds.rows.filter(({ model }) => model === shape.table);
    const examples = own.filter(({ isExample }) => isExample);

    const objects = examples.map(({ id }, n) => `a${n}: ${one}(id: "${id}") { ...F }`);
    await askedAll(one, objects, `fragment F on ${type.name} { ${allOf(type)} }`);

    // Below other objects, by each relation.
    const [first, ...others] = KNOWN.flatMap((other) =>
      Object.values(other.type.getFields())
        .filter((field) => getNamedType(field.type) === type && !field.args.some(isRequiredArgument))
        .map((field) => ({ other, field })),
    ).toSorted((a, b) => countOf(b.other) - countOf(a.other));
    const placesOf = (rows: readonly OddRow[]) => rows.map(({ place }) => place);
    for (const [relations, places] of [
      [first ? [first] : [], placesOf(examples)],
      [others, placesOf(own.filter(({ column }) => shape.one.has(column.replace(/_id$/, ""))))],
    ] as const) {
      for (const { other, field } of relations) {
        const ids = places.flatMap((place) => odds.ids.get(other.shape.table)![place] ?? []);
        const query = `query ($ids: [String!]) { ${other.list}(id: $ids ${defaultsOf(other)}) { ${field.name} { ${allOf(type)} } } }`;
        if (ids.length > 0) await asked(`${other.list}.${field.name}`, query, { ids });
      }
    }

    // In each order, from each row on: an ordinary one, and those that are odd in it.
    const idsBy = (name: string) =>
      own.filter(({ column }) => column === (shape.one.get(name)?.column ?? name)).map(({ id }) => id);
    const sorts = [...shape.columns, ...shape.one]
      .filter(([name, column]) => !("kind" in column && column.kind === "json") && idsBy(name).length > 0)
      .flatMap(([name]) => [name, `-${name}`]);
    const page = (n: number, sort: string, more: string) => {
      const ids = [odds.ids.get(shape.table)![0], ...idsBy(sort.replace("-", ""))];
      const named = ids.map((id) => JSON.stringify(id)).join(", ");
      return `p${n}: ${list}_connection(id: [${named}] sort: ["${sort}"] ${more} ${defaultsOf(known)})`;
    };
    const edges = "{ edges { cursor node { id } } }";
    const orders = sorts.map((sort, n) => `${page(n, sort, "")} ${edges}`);
    const whole = await askedAll(`${list} in order`, orders);
    const steps = sorts.flatMap((sort, n) =>
      ((whole[`p${n}`]?.edges ?? []) as any[]).map(({ cursor }, step, all) => ({ sort, cursor, next: all[step + 1]?.node.id })),
    );
    const from = steps.map(({ sort, cursor }, n) => `${page(n, sort, `first: 1 after: "${cursor}"`)} { nodes { id } }`);
    const found = await askedAll(`${list} page by page`, from);
    for (const [n, { sort, next }] of steps.entries()) {
      const id = found[`p${n}`]?.nodes[0]?.id;
      if (id !== next) wrong.push(`${list} by ${sort}: ${id} comes after ${steps[n - 1]?.next}, and not ${next}`);
    }

    // By each filter.
    const { args } = schema.getQueryType()!.getFields()[list]!;
    const filters = args.filter(({ name }) => !["limit", "offset", "sort"].includes(name));
    for (let n = 0; n < filters.length; n += AT_ONCE) {
      const some = filters.slice(n, n + AT_ONCE);
      const finds = some.map(({ name }) => `${name}: ${list}_connection(${name}: $${name}) { total_count }`).join(" ");
      const declared = some.map(({ name, type: given }) => `$${name}: ${given}`).join(", ");
      const values = Object.fromEntries(some.map((argument) => [argument.name, valueFor(known, argument)]));
      const { failures } = await ask(app, `query (${declared}) { ${finds} }`, values);
      // A filter without a column may reject the odd value.
      wrong.push(
        ...failures
          .filter((failure) => !/^BAD_USER_INPUT.*"odd" is n/.test(failure))
          .map((failure) => `${list} by a filter: ${failure}`),
      );
    }
  }
  expect(wrong.slice(0, 40)).toEqual([]);
});

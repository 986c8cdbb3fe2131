import fc from "fast-check";
import { expect, test } from "vitest";
import { createSchema } from "../../src/schema/index.ts";
import { type ModelShape, tableOf } from "../../src/entities/mapping/shape.ts";
import { modelOf } from "../../src/schema/model/model-registry.ts";
import { filtersOf } from "../../src/schema/reading/filters/filters.ts";
import { openTestApp } from "../support/app.ts";
import { post } from "../support/client.ts";
import { storeWorld } from "../support/approvals/world.ts";
import { createHalfViewer, labelOf } from "../support/draws/half-viewers.ts";
import { allIds, type Ids, planTwins, SHAPES, storeBareTwins, storeTwins, type Twins } from "../support/draws/hidden-twins.ts";
import { randomQueries } from "../support/draws/random-queries.ts";
import { databaseOf } from "../support/rows.ts";
import { drawSeed, IS_FULL, sized } from "../support/full.ts";

const schema = createSchema();
const listOf = (shape: ModelShape) => modelOf(labelOf(shape))!.list!;

/** An app with an object of each model, and a user who may view these and no others. */
async function setup() {
  const app = await openTestApp({}, { maxQueryCost: 1e9, maxQueryAliases: 1000, maxQueryFields: 1e6, maxQueryTokens: 1e6 });
  const database = await databaseOf(app);
  await storeWorld(database);
  await storeBareTwins(database);
  // Times of runs to come depend on the moment.
  await database.rows.updateTable("scheduled_job").set({ next_run_at: null, state: "COMPLETED" }).execute();
  const ids = await allIds(database);
  const keys: Record<string, string> = {
    half: await createHalfViewer(database, "half", ({ table }) => ({ id__in: ids.get(table)! })),
    nobody: await createHalfViewer(database, "nobody", () => undefined),
  };
  const ask = async (username: string, query: string) => {
    const { body } = await post(app.url, keys[username], { query });
    return body as { data?: Record<string, unknown>; errors?: { message: string; extensions: { code: string } }[] };
  };
  return { app, database, ids, ask };
}

/** Lists by each filter that looks at other objects, sorted by each reference, and paged. */
function* probes(ids: Ids, twins: Twins): Generator<string> {
  for (const shape of SHAPES) {
    const connection = (args: string) => `${listOf(shape)}_connection${args} { total_count edges { cursor } nodes { id } }`;
    yield connection("");
    for (const name of shape.one.keys()) for (const sort of [name, `-${name}`]) yield connection(`(sort: ["${sort}"], first: 1)`);
    const others = [...shape.one, ...shape.many].map(([name, { target }]) => [name, tableOf(target())] as const);
    for (const [filter, { type }] of filtersOf(shape)) {
      const related = others.find(([name]) => filter === `has_${name}` || `${filter}_`.startsWith(`${name}_`));
      if (!related && filter !== "q" && !filter.startsWith("approval_")) continue;
      const texts = filter.startsWith("approval_state") ? ['"PENDING"'] : textsFor(related?.[1], ids, twins);
      const values = String(type) === "Boolean" ? ["true", "false"] : texts;
      for (const value of values) yield connection(`(${filter}: ${value})`);
    }
  }
}

/** Ids and names of an object and its twin, and parts of these names, as GraphQL spells them. */
function textsFor(table: string | undefined, ids: Ids, twins: Twins): string[] {
  if (table === undefined) return ['"~~"'];
  const [id] = ids.get(table) ?? [];
  const names = twins.names.get(table)?.slice(-2) ?? [];
  const texts = [id, id && twins.ids.get(id), ...names, ...names.map((name) => name.slice(0, -1)), "~~"];
  return [...new Set(texts)].filter((text) => text !== undefined).map((text) => JSON.stringify(text));
}

test("objects that a user may not view change no answer, on any path", async () => {
  const { database, ids, ask } = await setup();
  const twins = await planTwins(database, ids);
  const seed = drawSeed();
  const some = [...ids.values()].flat().concat([...twins.ids.values()]);
  const drawn = fc.sample(randomQueries(schema, { depth: 6, ids: some }), { numRuns: sized(150, 3000), seed });
  // The use of a key is a change of its own.
  const queries = drawn.filter((query) => !query.includes("last_used"));
  const before = new Map<string, unknown>();
  for (const query of queries) before.set(query, await ask("half", query));
  // Not because nothing is answered.
  const told = [...before.values()].filter((answer) => JSON.stringify(answer).length > 200);
  expect(told.length).toBeGreaterThan(queries.length / 8);

  await storeTwins(database, ids, twins);
  for (const [query, answer] of before) expect(await ask("half", query), `seed ${seed}: ${query}`).toEqual(answer);
});

test("no filter, order, count or cursor tells of an object that a user may not view", async () => {
  const { database, ids, ask } = await setup();
  const twins = await planTwins(database, ids);
  const seed = drawSeed();
  const all = [...probes(ids, twins)].map((field) => `{ ${field} }`);
  const queries = IS_FULL ? all : fc.sample(fc.constantFrom(...all), { numRuns: 400, seed });
  const before: Awaited<ReturnType<typeof ask>>[] = [];
  for (const query of queries) before.push(await ask("half", query));
  // A name of a twin is as unknown before as after.
  expect(before.filter(({ errors }) => errors).length).toBeLessThan(queries.length / 3);
  const wrong = before.flatMap(({ errors = [] }) => errors).filter(({ extensions }) => extensions.code !== "BAD_USER_INPUT");
  expect(wrong).toEqual([]);

  await storeTwins(database, ids, twins);
  for (const [n, query] of queries.entries()) expect(await ask("half", query), `seed ${seed}: ${query}`).toEqual(before[n]);
});

test("a user without rights sees nothing", async () => {
  const { ids, ask } = await setup();
  const fields = Object.values(schema.getQueryType()!.getFields());
  for (const shape of SHAPES) {
    const list = listOf(shape);
    const one = fields.find(({ type }) => String(type) === `${(shape.model as { name: string }).name}Type`)!.name;
    const [id] = ids.get(shape.table)!;
    const connection = `${list}_connection { total_count nodes { id } }`;
    expect(await ask("nobody", `{ list: ${list} { id } connection: ${connection} one: ${one}(id: "${id}") { id } }`)).toEqual({
      data: { list: [], connection: { total_count: 0, nodes: [] }, one: null },
    });
  }
});

import fc from "fast-check";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { LOOKUPS } from "../../src/entities/constraint-lookups.ts";
import { rowCondition, rowConstraintErrors } from "../../src/entities/constraint-sql.ts";
import { constrainedPaths, fulfils } from "../../src/entities/constraints.ts";
import { type Database, openDatabase } from "../../src/entities/database.ts";
import { Job, JobResult, ScheduledJob, Tag, User } from "../../src/entities/index.ts";
import { type ModelShape, shapeOf } from "../../src/entities/mapping/shape.ts";
import { storeWorld } from "../support/approvals/world.ts";
import { freshDatabaseUrl } from "../support/database.ts";
import { storeBareTwins } from "../support/draws/hidden-twins.ts";
import { drawSeed, sized } from "../support/full.ts";

const MODELS = [Job, JobResult, ScheduledJob, Tag];

async function open(): Promise<Database> {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  await storeWorld(database);
  await storeBareTwins(database);
  return database;
}

/** Ids of the objects of a model that fulfil constraints, by a statement. */
async function found(database: Database, model: object, constraints: unknown, userId = ""): Promise<string[]> {
  const { table } = shapeOf(model);
  const condition = rowCondition(model, constraints, userId)(database);
  const statement = sql`select id from ${sql.table(table)} where ${condition} order by id`;
  return (await database.read(statement.compile(database.rows))).map(({ id }) => id as string);
}

/** Names of columns that paths of at most so many references lead to, and their kinds. */
function* paths(shape: ModelShape, steps: number): Generator<{ name: string; kind: string; of: ModelShape; column: string }> {
  for (const [column, { kind }] of shape.columns) if (kind !== "json") yield { name: column, kind, of: shape, column };
  if (steps === 0) return;
  const links = [...shape.many].filter(([, { through }]) => through !== undefined);
  for (const [name, { target }] of [...shape.one, ...links])
    for (const inner of paths(shapeOf(target()), steps - 1)) yield { ...inner, name: `${name}__${inner.name}` };
}

const flip = (text: string) =>
  [...text].map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join("");

test("constraints find the same objects by a statement as in memory", async () => {
  const database = await open();
  const values = new Map<string, unknown[]>();
  const valuesOf = async ({ table }: ModelShape, column: string) => {
    const key = `${table}.${column}`;
    if (!values.has(key)) {
      const rows = await database.read(
        sql`select distinct ${sql.ref(column)} as value from ${sql.table(table)}`.compile(database.rows),
      );
      values.set(
        key,
        rows.flatMap(({ value }) => (value === null ? [] : [value instanceof Date ? value.toISOString() : value])),
      );
    }
    return values.get(key)!;
  };
  let hits = 0;
  const draws = fc.record({
    model: fc.constantFrom(...MODELS),
    path: fc.nat(),
    lookup: fc.constantFrom(...LOOKUPS.keys(), "exact", "isnull"),
    value: fc.nat(),
    change: fc.constantFrom(
      (text: string) => text,
      flip,
      (text: string) => text.slice(1),
      (text: string) => text.slice(0, -2),
    ),
    isTrue: fc.boolean(),
    isPlain: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(draws, async ({ model, path, lookup, value, change, isTrue, isPlain }) => {
      const all = [...paths(shapeOf(model), 2)];
      const { name, kind, of, column } = all[path % all.length]!;
      const known = await valuesOf(of, column);
      const drawn = known[value % Math.max(1, known.length)] ?? "none";
      const one =
        kind === "boolean" ? isTrue : typeof drawn === "string" && kind !== "timestamp" && !isPlain ? change(drawn) : drawn;
      const text = lookup.endsWith("re") || lookup.endsWith("regex") ? String(one).replaceAll(/[^\p{L}\d]/gu, ".") : one;
      const wanted = lookup === "isnull" ? isTrue : lookup === "in" || lookup === "n" ? [text, known[0] ?? text] : text;
      const constraints = { [`${name}${lookup === "exact" ? "" : `__${lookup}`}`]: wanted };
      fc.pre(rowConstraintErrors(model, constraints).length === 0);
      const objects: { id: string }[] = await database
        .fork()
        .find(model as never, {}, { populate: constrainedPaths(model, constraints) as never, orderBy: { id: "asc" } as never });
      const expected = objects.filter((object) => fulfils(model, object, constraints)).map(({ id }) => id);
      if (expected.length > 0) hits += 1;
      const ids = await found(database, model, constraints);
      expect(ids, `${model.name} ${JSON.stringify(constraints)}`).toEqual(expected);
    }),
    { numRuns: sized(300, 5000), seed: drawSeed() },
  );
  expect(hits).toBeGreaterThan(30);
});

test("alternatives hold one by one, and $user is the user by id", async () => {
  const database = await open();
  const [ada] = await database.rows.selectFrom("user").selectAll().where("username", "=", "ada").execute();
  const mine = await found(database, JobResult, { user: "$user" }, ada!.id);
  expect(mine.length).toBeGreaterThan(0);
  expect(await found(database, JobResult, { user: "$user" }, "00000000-0000-0000-0000-000000000000")).toEqual([]);
  expect(await found(database, JobResult, { user__in: ["$user"] }, ada!.id)).toEqual(mine);
  expect(await found(database, JobResult, { user__n: "$user" }, ada!.id)).not.toEqual(mine);
  const all = await found(database, JobResult, {});
  expect(await found(database, JobResult, [{ user: "$user" }, { user__isnull: true }], ada!.id)).toEqual(all);
  // Nobody becomes another user by a name.
  await database.rows.updateTable("user").set({ username: "$user" }).where("id", "!=", ada!.id).execute();
  expect(await found(database, User, { id: "$user" }, ada!.id)).toEqual([ada!.id]);
});

test.each([
  [{ nope: 1 }, /"nope" is none of/],
  [[{ status: "SUCCESS" }, { status__in: "x" }], /it wants a list/],
  [[], /an object, or a list of objects/],
  ["x", /an object, or a list of objects/],
  [{ name__gt: "a" }, /a field of this type is not compared so/],
  [{ name__re: "(" }, /regular expression/],
  [{ date_created: "soon" }, /it wants/],
])("constraints that are not valid fit nothing: %j", async (constraints, message) => {
  const database = await open();
  expect(rowConstraintErrors(JobResult, constraints).join(" ")).toMatch(message);
  const [first] = Array.isArray(constraints) ? constraints : [];
  const valid = first ? await found(database, JobResult, first) : [];
  expect(await found(database, JobResult, constraints)).toEqual(valid);
});

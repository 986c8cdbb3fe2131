import fc from "fast-check";
import { getNamedType, type GraphQLArgument, GraphQLBoolean, GraphQLString, isListType } from "graphql";
import { expect, test } from "vitest";
import { MODELS } from "../../../../src/entities/index.ts";
import { ofAnyTable } from "../../../../src/entities/tables.ts";
import { shapeOf } from "../../../../src/entities/mapping/shape.ts";
import { createSchema } from "../../../../src/schema/index.ts";
import type { ListField } from "../../../../src/schema/reading/list-arguments.ts";
import { openTestApp } from "../../../support/app.ts";
import { fillModels } from "../../../support/draws/fill.ts";
import { databaseOf, storeRun } from "../../../support/rows.ts";

const sequencesOf = (lines: { sequence: number }[]) => lines.map((line) => line.sequence);

/** Meanings of the lookups, said again in JavaScript. Upper and lower case only where both databases agree: in ASCII. */
const MEANING: Record<string, (text: string, value: string) => boolean> = {
  "": (text, value) => text === value,
  ic: (text, value) => text.toLowerCase().includes(value.toLowerCase()),
  isw: (text, value) => text.toLowerCase().startsWith(value.toLowerCase()),
  iew: (text, value) => text.toLowerCase().endsWith(value.toLowerCase()),
  ie: (text, value) => text.toLowerCase() === value.toLowerCase(),
  re: (text, value) => new RegExp(value).test(text),
  ire: (text, value) => new RegExp(value, "i").test(text),
};

test("text lookups keep their meaning, for any text and any values", async () => {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  const letters = ["a", "B", "b", "%", "_", "\\", "'", '"', " ", "é"];
  const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 6 });
  const messages = ["", ...fc.sample(text, { numRuns: 60, seed: 7 })];
  const run = await storeRun(
    database,
    {},
    messages.map((message) => ({ message })),
  );
  const pattern = fc.constantFrom("a", "^b", "B$", "[ab]+", "a|%", "_.", "^$", "b{2}", "\\\\");
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(MEANING)),
      fc.boolean(),
      fc.array(text, { minLength: 1, maxLength: 3 }),
      pattern,
      async (lookup, negate, texts, regex) => {
        const values = lookup.endsWith("re") ? [regex] : texts;
        const name = `message${lookup || negate ? "__" : ""}${negate ? "n" : ""}${lookup}`;
        const { job_log_entries } = await app.client.query(
          `query ($run: [String], $values: [String]) { job_log_entries(job_result: $run, ${name}: $values, sort: ["sequence"]) { sequence } }`,
          { run: [run], values },
        );
        // An empty text says nothing, and a filter that says nothing filters nothing.
        const said = values.filter((value) => value !== "");
        const expected = messages.flatMap((message, n) =>
          said.length > 0 && said.some((value) => MEANING[lookup]!(message, value)) === negate ? [] : [n + 1],
        );
        expect(sequencesOf(job_log_entries)).toEqual(expected);
      },
    ),
    { numRuns: 150 },
  );
});

test("numbers and times are compared; filters hold together, values are alternatives", async () => {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  const run = await storeRun(
    database,
    {},
    Array.from({ length: 10 }, (_, n) => ({ message: `line ${n + 1}`, log_level: n % 2 ? "INFO" : "WARNING" })),
  );
  const find = async (filters: string) => {
    const { job_log_entries } = await app.client.query(
      `{ job_log_entries(job_result: "${run}", ${filters}, sort: ["sequence"]) { sequence } }`,
    );
    return sequencesOf(job_log_entries);
  };
  expect(await find("sequence: 3")).toEqual([3]);
  expect(await find("sequence: [3, 5]")).toEqual([3, 5]);
  expect(await find("sequence__n: [1, 2, 3, 4, 5, 6, 7]")).toEqual([8, 9, 10]);
  expect(await find("sequence__gt: 8")).toEqual([9, 10]);
  expect(await find("sequence__gte: 8, sequence__lt: 10")).toEqual([8, 9]);
  expect(await find("sequence__lte: [1, 2]")).toEqual([1, 2]);
  expect(await find('created__gt: "2026-01-01T00:00:07Z"')).toEqual([9, 10]);
  expect(await find('created: "2026-01-01T01:00:07+01:00"')).toEqual([8]);
  expect(await find('created__lt: "2026-01-01 00:00:01Z"')).toEqual([1]);
  for (const level of ["WARNING", "warning", "Warning"])
    expect(await find(`log_level: "${level}", sequence__lte: 4`)).toEqual([1, 3]);
  expect(await find('log_level: ["warning", "info"], q: "LINE 1"')).toEqual([1, 10]);
  expect(await find('log_level__n: "info", sequence__gt: 6')).toEqual([7, 9]);
  expect(await find("log_level: null, message__ic: null, sequence: 2")).toEqual([2]);
});

test("relations are found by id and by name, through tables between, and by their absence", async () => {
  const app = await openTestApp({
    "a.ts": `export const A = defineJob({ name: "Job A", taskQueues: ["fast"], run() {} });
      export const B = defineJob({ name: "Job B", taskQueues: ["fast", "slow"], description: "Finds vlans", run() {} });`,
  });
  const database = await databaseOf(app);
  const { jobs } = await app.client.query(`{ jobs { id name } }`);
  const id = (name: string) => jobs.find((job) => job.name === name)!.id;
  const results = async (filters: string) => {
    const { job_results } = await app.client.query(`{ job_results(${filters}, sort: ["name"]) { name } }`);
    return job_results.map((run: any) => run.name).join("");
  };
  const names = async (filters: string) =>
    (await app.client.query(`{ jobs(${filters}) { name } }`)).jobs.map((job: any) => job.name).join();
  await storeRun(database, { name: "a", jobModel: id("Job A") });
  await storeRun(database, { name: "b", jobModel: id("Job B"), status: "FAILURE" });
  await storeRun(database, { name: "c", dateDone: null });
  expect(await results(`job_model: "Job A"`)).toBe("a");
  expect(await results(`job_model: ["${id("Job A")}", "Job B"]`)).toBe("ab");
  expect(await results(`job_model_id: "${id("Job B")}"`)).toBe("b");
  expect(await results(`job_model__n: "Job A"`)).toBe("bc");
  expect(await results(`job_model__isnull: true`)).toBe("c");
  expect(await results(`job_model__isnull: false, status: "failure"`)).toBe("b");
  expect(await results(`date_done__isnull: true`)).toBe("c");
  expect(await results(`q: "job b"`)).toBe("b");
  expect(await names(`job_queues: "slow"`)).toBe("Job B");
  expect(await names(`job_queues: ["slow", "fast"]`)).toBe("Job A,Job B");
  expect(await names(`job_queues__n: "slow"`)).toBe("Job A");
  expect(await names(`job_queues__isnull: true`)).toBe("");
  expect(await names(`q: "VLAN"`)).toBe("Job B");
  expect(await names(`enabled: false, hidden: false, installed: true`)).toBe("Job A,Job B");
  expect(await names(`enabled: true`)).toBe("");
  const nested = await app.client.query(
    `{ jobs { name job_results(status: "FAILURE") { name } job_queues(name__isw: "s") { name } } }`,
  );
  expect(nested.jobs).toEqual([
    { name: "Job A", job_results: [], job_queues: [] },
    { name: "Job B", job_results: [{ name: "b" }], job_queues: [{ name: "slow" }] },
  ]);
});

test("each object has something of a kind, or has nothing of it, also where others refer to nothing", async () => {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  await fillModels(database, 3);
  const rows = ofAnyTable(database.rows);
  for (const { table, one } of MODELS.map((model) => shapeOf(model))) {
    const [first] = await rows.selectFrom(table).select("id").orderBy("id").limit(1).execute();
    const nothing = [...one.values()].filter(({ nullable }) => nullable).map(({ column }) => [column, null] as const);
    if (first && nothing.length > 0)
      await rows.updateTable(table).set(Object.fromEntries(nothing)).where("id", "=", first["id"]).execute();
  }
  let filters = 0;
  for (const [list, { args, extensions }] of Object.entries(createSchema().getQueryType()!.getFields())) {
    if ((extensions as Partial<ListField>).as !== "list") continue;
    const all = args.some(({ name }) => name === "hidden") ? "hidden: null" : "limit: 1000";
    for (const { name } of args.filter(
      ({ name: argument }) => /^has_|__isnull$/.test(argument) && argument !== "has_sensitive_variables",
    )) {
      const { every, yes, no } = await app.client.query(
        `{ every: ${list}(${all}) { id } yes: ${list}(${all}, ${name}: true) { id } no: ${list}(${all}, ${name}: false) { id } }`,
      );
      const idsOf = (objects: { id: string }[]) => objects.map(({ id }) => id).toSorted();
      expect([list, name, idsOf([...yes, ...no])]).toEqual([list, name, idsOf(every)]);
      filters++;
    }
  }
  expect(filters).toBeGreaterThan(200);
});

test("a filter without a value filters nothing, in every list, and mass changes refuse it", async () => {
  const app = await openTestApp({});
  await fillModels(await databaseOf(app), 2);
  const schema = createSchema();
  const isFilter = ({ name, type }: GraphQLArgument) =>
    getNamedType(type) !== GraphQLBoolean && !/^(sort|limit|offset|first|last|after|before|reason)$/.test(name);
  let filters = 0;
  for (const [list, field] of Object.entries(schema.getQueryType()!.getFields())) {
    if ((field.extensions as Partial<ListField>).as !== "list") continue;
    const all = (await app.client.query(`{ ${list} { id } }`))[list];
    const asked = field.args.filter(isFilter).flatMap(({ name, type }) => {
      const values = isListType(type) ? ["[]", "[null]"] : [];
      if (getNamedType(type) === GraphQLString) values.push(`""`, ...(isListType(type) ? [`["", ""]`] : []));
      return values.map((value) => `${name}: ${value}`);
    });
    for (let n = 0; n < asked.length; n += 40) {
      const some = asked.slice(n, n + 40);
      const found = await app.client.query(`{ ${some.map((filter, m) => `a${m}: ${list}(${filter}) { id }`).join(" ")} }`);
      for (const [m, filter] of some.entries()) expect([list, filter, found[`a${m}`]]).toEqual([list, filter, all]);
    }
    filters += asked.length;
    if (list !== "jobs" && list !== "job_results") continue;
    const change = (filter: string) =>
      list === "jobs"
        ? `update_jobs(${filter}, data: { description: "new" }) { applied }`
        : `cancel_job_results(${filter}) { outcomes { canceled } }`;
    for (const filter of asked) {
      const { extensions } = await app.client.refused(`mutation { ${change(filter)} }`);
      expect([filter, extensions]).toMatchObject([
        filter,
        { code: "BAD_USER_INPUT", details: [{ field: filter.split(":")[0] }] },
      ]);
    }
  }
  expect(filters).toBeGreaterThan(1000);
});

test.for([
  [`job_results(status: "DONE")`, "status", "none of"],
  [`job_results(id: "nonsense")`, "id", "not a UUID"],
  [`job_results(date_done__gt: "yesterday")`, "date_done__gt", "ISO 8601"],
  [`job_log_entries(message__re: "(a")`, "message__re", "regular expression"],
  [`job_log_entries(message__ire: "(a)\\\\1")`, "message__ire", "regular expression"],
  [`job_log_entries(job_result: "A run")`, "job_result", "not a UUID"],
  [`jobs(limit: 10001)`, "limit", "10000 or less"],
  [`jobs(sort: "variables_schema")`, "sort", "not a field to sort by"],
] as const)("%s is refused by the argument's name", async ([list, field, message]) => {
  const { client } = await openTestApp({});
  expect(await client.refused(`{ ${list} { id } }`)).toMatchObject({
    extensions: { code: "BAD_USER_INPUT", details: [{ field, message: expect.stringContaining(message) }] },
  });
});

test("a regular expression made to stall does not", async () => {
  const app = await openTestApp({});
  const run = await storeRun(await databaseOf(app), {}, [{ message: "a".repeat(50_000) + "!" }]);
  const started = performance.now();
  const { job_log_entries } = await app.client.query(`{ job_log_entries(job_result: "${run}", message__re: "^(a+)+$") { id } }`);
  expect(job_log_entries).toEqual([]);
  // A bound for "does not stall", far from the time it takes: a backtracking engine would need longer than the universe has been there.
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("a list that is too long without a limit is refused, not cut", async () => {
  const app = await openTestApp({}, { maxPageSize: 3 });
  const database = await databaseOf(app);
  const run = await storeRun(
    database,
    {},
    Array.from({ length: 4 }, () => ({})),
  );
  await storeRun(database, {}, [{}, {}]);
  for (const list of [`job_log_entries`, `job_result(id: "${run}") { job_log_entries { id } } job_results { job_log_entries`]) {
    const refused = await app.client.refused(`{ ${list} { id } ${list.includes("results") ? "}" : ""} }`);
    expect(refused).toMatchObject({ extensions: { code: "LIMIT_EXCEEDED", details: [{ field: "limit" }] } });
  }
  const { job_result } = await app.client.query(`{ job_result(id: "${run}") { job_log_entries(limit: 3) { sequence } } }`);
  expect(sequencesOf(job_result.job_log_entries)).toEqual([1, 2, 3]);
  const byDefault = await openTestApp({}, { defaultPageSize: 2, databaseUrl: app.config.databaseUrl });
  const { job_log_entries } = await byDefault.client.query(`{ job_log_entries(job_result: "${run}") { sequence } }`);
  expect(sequencesOf(job_log_entries)).toEqual([1, 2]);
});

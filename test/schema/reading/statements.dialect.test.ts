import { ALL_RIGHTS } from "../../../src/access/rights.ts";
import { getNamedType, graphql, isObjectType } from "graphql";
import type { CompiledQuery } from "kysely";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { type Database, openDatabase } from "../../../src/entities/database.ts";
import { MODELS } from "../../../src/entities/index.ts";
import { shapeOf } from "../../../src/entities/mapping/shape.ts";
import { createContext } from "../../../src/schema/context.ts";
import { createSchema } from "../../../src/schema/index.ts";
import type { ListField } from "../../../src/schema/reading/list-arguments.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { fillModels } from "../../support/draws/fill.ts";
import { storeRun } from "../../support/rows.ts";

const FEW = 10;
const MANY = 1000;
const NOBODY = "00000000-0000-7000-8000-000000000000";

const schema = createSchema();
const rootLists = Object.entries(schema.getQueryType()!.getFields()).filter(
  ([, field]) => (field.extensions as Partial<ListField>).as === "list",
);

/** Every relation of a model, each in every way it can be asked for. */
function selection(model: object): string {
  const shape = shapeOf(model);
  const one = [...shape.one.keys()].map((name) => `${name} { id }`);
  const many = [...shape.many.keys()].flatMap((name) => [
    `${name} { id }`,
    `${name}_limited: ${name}(limit: 2, offset: 0) { id }`,
    `${name}_filtered: ${name}(id__n: "${NOBODY}", sort: ["-id"]) { id }`,
    `${name}_both: ${name}(id__n: "${NOBODY}", limit: 1) { id }`,
    `${name}_connection(first: 2) { nodes { id } total_count }`,
  ]);
  return [...one, ...many].join("\n");
}

async function countStatements(database: Database, source: string): Promise<{ statements: number; data: any }> {
  let statements = 0;
  const counted: Database = {
    ...database,
    read(statement) {
      statements += 1;
      return database.read(statement);
    },
  };
  const viewer = { id: NOBODY, username: "tester", isStaff: true, isSuperuser: true, rights: ALL_RIGHTS };
  const contextValue = createContext(
    { database: counted, runner: undefined as never, limits: { ...loadConfig({}), maxPageSize: 10_000 } },
    viewer,
  );
  const { data, errors } = await graphql({ schema, source, contextValue });
  expect(errors).toBeUndefined();
  return { statements, data };
}

test("no relation of any type costs more statements for a thousand parents than for ten", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  await fillModels(database, MANY);
  const models = new Map(MODELS.map((model) => [`${model.name}Type`, model]));
  expect(rootLists.length).toBeGreaterThan(4);
  for (const [list, field] of rootLists) {
    const type = getNamedType(field.type);
    expect(isObjectType(type)).toBe(true);
    const model = models.get(type.name)!;
    // All of them, also those that a list leaves out unless it is asked otherwise.
    const all = field.args.filter(({ name }) => name === "hidden").map(({ name }) => `, ${name}: null`);
    const document = (limit: number) => `{ ${list}(limit: ${limit}${all.join("")}) { id ${selection(model)} } }`;
    const few = await countStatements(database, document(FEW));
    const many = await countStatements(database, document(MANY));
    const { one, many: lists } = shapeOf(model);
    expect([list, many.data[list].length, many.statements]).toEqual([list, MANY, few.statements]);
    // A statement for the list, one for each reference, and for each list below five and one to count.
    expect([list, many.statements <= 1 + one.size + lists.size * 6]).toEqual([list, true]);
  }
  await database.close();
});

test("only selected columns are read, and the big ones only when asked for", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  const statements: CompiledQuery[] = [];
  const spying: Database = {
    ...database,
    read(statement) {
      statements.push(statement);
      return database.read(statement);
    },
  };
  const contextValue = () =>
    createContext(
      { database: spying, runner: undefined as never, limits: { ...loadConfig({}), maxPageSize: 10 } },
      { id: NOBODY, username: "", isStaff: true, isSuperuser: true, rights: ALL_RIGHTS },
    );
  /** The columns of each statement that an operation reads with. */
  const columnsOf = async (source: string) => {
    statements.length = 0;
    expect((await graphql({ schema, source, contextValue: contextValue() })).errors).toBeUndefined();
    return statements.map(({ sql }) =>
      /select (.*?) from/s.exec(sql)![1]!.replace(/["`]/g, "").replaceAll("job_result.", "").split(/,\s*/).toSorted(),
    );
  };
  const [first] = await columnsOf(
    `{ job_results { id status ...More } } fragment More on JobResultType { job_model { name } job_log_entries { id } }`,
  );
  expect(first).toEqual(["id", "job_model_id", "status"]);
  expect(await columnsOf(`{ job_results { result traceback task_kwargs } }`)).toEqual([["result", "task_kwargs", "traceback"]]);

  const parts = ["attempt", "id", "status"];
  await storeRun(database, { result: "x".repeat(1000) });
  await storeRun(database, { status: "STARTED", attempt: 1, dateDone: null });
  expect(await columnsOf(`{ job_results { error { type message traceback } } }`)).toEqual([parts]);
  const failed = new Set([await storeRun(database, { status: "FAILURE" }), await storeRun(database, { status: "REVOKED" })]);
  for (const [selected, column] of [
    ["type message", "result"],
    ["traceback", "traceback"],
  ] as const) {
    const [runs, errors] = await columnsOf(`{ job_results { error { ${selected} } } }`);
    expect([runs, errors]).toEqual([parts, expect.arrayContaining([column])]);
    expect(errors!.filter((name) => ["result", "traceback"].includes(name))).toEqual([column]);
    const asked = JSON.stringify(statements[1]!.parameters);
    expect(statements).toHaveLength(2);
    for (const { id } of await database.rows.selectFrom("job_result").select("id").execute())
      expect(asked.includes(id as string)).toBe(failed.has(id as string));
  }
  await database.close();
});

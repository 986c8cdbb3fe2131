import { getNamedType, graphql, isObjectType } from "graphql";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { type Database, openDatabase } from "../../src/entities/database.ts";
import { MODELS } from "../../src/entities/index.ts";
import { shapeOf } from "../../src/entities/shape.ts";
import { createContext } from "../../src/schema/context.ts";
import { createSchema } from "../../src/schema/index.ts";
import type { ListField } from "../../src/schema/list-arguments.ts";
import { freshDatabaseUrl } from "../support/database.ts";
import { fillModels } from "../support/fill.ts";

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
  const viewer = { id: NOBODY, username: "tester", isStaff: true, isSuperuser: true };
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
    // One for the list, one for each reference, and for each list below five and one to count.
    expect([list, many.statements <= 1 + one.size + lists.size * 6]).toEqual([list, true]);
  }
  await database.close();
});

test("only selected columns are read, and the big ones only when asked for", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  const texts: string[] = [];
  const spying: Database = {
    ...database,
    read(statement) {
      texts.push(statement.sql);
      return database.read(statement);
    },
  };
  const contextValue = () =>
    createContext(
      { database: spying, runner: undefined as never, limits: { ...loadConfig({}), maxPageSize: 10 } },
      { id: NOBODY, username: "", isStaff: true, isSuperuser: true },
    );
  const run = async (source: string) =>
    expect((await graphql({ schema, source, contextValue: contextValue() })).errors).toBeUndefined();
  await run(`{ job_results { id status ...More } } fragment More on JobResultType { job_model { name } job_log_entries { id } }`);
  const columns = (text: string) =>
    /select (.*?) from/s.exec(text)![1]!.replace(/["`]/g, "").replaceAll("job_result.", "").split(/,\s*/).toSorted();
  expect(columns(texts[0]!)).toEqual(["id", "job_model_id", "status"]);
  texts.length = 0;
  await run(`{ job_results { result traceback task_kwargs } }`);
  expect(columns(texts[0]!)).toEqual(["result", "task_kwargs", "traceback"]);
  await database.close();
});

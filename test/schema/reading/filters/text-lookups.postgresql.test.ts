import { ALL_RIGHTS } from "../../../../src/access/rights.ts";
import { graphql, type GraphQLArgument } from "graphql";
import type { CompiledQuery } from "kysely";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../../../src/config.ts";
import { type Database, openDatabase } from "../../../../src/entities/database.ts";
import { createContext } from "../../../../src/schema/context.ts";
import { createSchema } from "../../../../src/schema/index.ts";
import type { ListField } from "../../../../src/schema/reading/list-arguments.ts";
import { freshDatabaseUrl } from "../../../support/database.ts";

const schema = createSchema();
const VIEWER = {
  id: "00000000-0000-7000-8000-000000000000",
  username: "tester",
  isStaff: true,
  isSuperuser: true,
  rights: ALL_RIGHTS,
};

/** Arguments of lists that look for a text in any case, and the one that looks for it in a list. */
const LOOKUP = /^(?:q|provided_contents)$|__n?(?:ic|isw|iew|ie)$/;

/** Statements of operations. */
async function statementsOf(database: Database, sources: readonly string[]): Promise<CompiledQuery[]> {
  const statements: CompiledQuery[] = [];
  const recording: Database = {
    ...database,
    read(statement) {
      statements.push(statement);
      return database.read(statement);
    },
  };
  const limits = { ...loadConfig({}), maxPageSize: 10_000 };
  for (const source of sources) {
    const contextValue = createContext({ database: recording, runner: undefined as never, limits }, VIEWER);
    expect([source, (await graphql({ schema, source, contextValue })).errors]).toEqual([source, undefined]);
  }
  return statements;
}

const valueOf = ({ name }: GraphQLArgument, text: string) => (name === "q" ? `"${text}"` : `["${text}", "other"]`);

test("the case of a text that is looked for is changed once a statement, not in each row", async () => {
  const url = await freshDatabaseUrl();
  const database = await openDatabase(url);
  onTestFinished(() => database.close());
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  // As a statement is planned that has come several times: its parameters are no constants.
  await client.query("set plan_cache_mode = force_generic_plan");

  const lists = Object.values(schema.getQueryType()!.getFields()).filter(
    ({ extensions }) => (extensions as Partial<ListField>).as === "list",
  );
  const sources = lists.flatMap(({ name, args }) =>
    args.filter((arg) => LOOKUP.test(arg.name)).map((arg) => `{ ${name}(${arg.name}: ${valueOf(arg, "Ab%")}, limit: 1) { id } }`),
  );
  const statements = await statementsOf(database, sources);
  expect(statements.length).toBeGreaterThan(200);
  const inRows: string[] = [];
  for (const { sql, parameters } of statements) {
    await client.query(`prepare lookup as ${sql}`);
    const values = parameters.map((value) => client.escapeLiteral(String(value))).join(", ");
    const { rows } = await client.query(`explain (costs off) execute lookup(${values})`);
    await client.query("deallocate lookup");
    const filters = rows.map((row) => String(row["QUERY PLAN"])).filter((line) => / (?:Filter|Cond): /.test(line));
    expect([sql, filters.some((filter) => / !?~ /.test(filter))]).toEqual([sql, true]);
    // Operators with a star change the case of both their sides wherever they compare them; `$1` is a parameter.
    inRows.push(...filters.filter((filter) => /~~?\*|lower\(\$|lower\('/.test(filter)));
  }
  expect(inRows).toEqual([]);
});

import Sqlite from "better-sqlite3";
import { Client } from "pg";
import { type ModelShape, shapeOf } from "../../../src/entities/mapping/shape.ts";
import { MODELS, OWN_MODELS } from "../../../src/entities/index.ts";
import { openDatabase } from "../../../src/entities/database.ts";
import { newId } from "../../../src/entities/new-id.ts";
import type { TestApp } from "../app.ts";
import { drawSeed, sized } from "../full.ts";
import { fillModels } from "./fill.ts";

/*
 * Rows with a value each that the server would never write, and that their column takes all the same: of an import, of another program, of an older
 * release. They follow from the columns that the database has, so that a new column is odd without being named.
 */

/** A value as SQL writes it, under a name for the report of a failure. */
interface Odd {
  words: string;
  sql: string;
}

/** A row of a model, and the column of it that is odd. */
export interface OddRow {
  model: string;
  id: string;
  column: string;
  words: string;
  /** Its place among the rows of its model; rows of several models at one place refer to each other. */
  place: number;
  /** True for one odd value of each kind of column, over all models. */
  isExample: boolean;
}

/** A column as the database has it. */
interface StoredColumn {
  name: string;
  /** In lower case, without its length. */
  type: string;
  length: number | undefined;
  nullable: boolean;
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const odd = (words: string, sql: string): Odd => ({ words, sql });
const texts = (values: readonly string[]) => values.map((value) => odd(JSON.stringify(value.slice(0, 40)), text(value)));

/** Texts for columns of texts, times, choices, crontabs, time zones and names: each is odd for some of them. */
const TEXTS = [
  "",
  " ",
  "odd",
  "ACTIVE ",
  "Mars/Olympus_Mons",
  "* * nonsense",
  "2026-13-45T99:99:99.999Z",
  "\u202e\u0001👩‍🚀\ufeff%_\\'\"",
];
const LONG = "long ".repeat(3000);

const JSONS: readonly unknown[] = [null, 5, -0.5, "odd", true, [], {}, ["odd", null, 1], [[{}]], { odd: { odd: [{ odd: 1 }] } }];
const json = (value: unknown) => odd(JSON.stringify(value), text(JSON.stringify(value)));
const nested = (levels: number) => odd(`${levels} lists in each other`, text("[".repeat(levels) + "]".repeat(levels)));

/** Values of the stored JSON of a server, whose members are odd one after the other. */
export const JSON_EXAMPLES: Readonly<Record<string, unknown>> = {
  _custom_field_data: { text: "a", integer: 1, float: 0.5, boolean: true, date: "2026-01-01", json: {} },
  celery_kwargs: { queue: "x1", dryrun: false, sensitive_variables: ["key"] },
  meta: { approvals: [{ user_name: "ada", date: "2026-01-01T00:00:00.000Z", comment: "", stage: null }] },
  object_data_v2: { name: "a", tags: [{ id: "1", object_type: "extras.tag" }] },
  prechange: { name: "b", tags: [] },
  provided_contents: ["extras.job"],
  result: { exc_type: "Error", exc_module: "builtins", exc_message: ["no"] },
  source: {
    grouping: "a",
    name: "b",
    description: "",
    approvalRequired: false,
    consoleLogDefault: false,
    dryrunDefault: false,
    hidden: false,
    softTimeLimit: 0,
    timeLimit: 0,
    hasSensitiveVariables: false,
    isSingleton: false,
    jobQueues: ["default"],
    defaultJobQueue: "default",
  },
};

/** Values of other columns with which a column is looked at. */
const BESIDE: Readonly<Record<string, string>> = {
  celery_kwargs: "status = 'PENDING', awaits_approval = null, waits_for_slot = null",
  result: "status = 'FAILURE'",
};

/** The value with each of its members, at all depths, absent and odd. */
function* withOddMembers(value: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null) return;
  const entries = Object.entries(value);
  const rebuilt = (changed: readonly (readonly [string, unknown])[]) =>
    Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
  for (const [n, [name, member]] of entries.entries()) {
    yield rebuilt(entries.toSpliced(n, 1));
    for (const other of [...JSONS.slice(0, 8), ...withOddMembers(member)]) yield rebuilt(entries.with(n, [name, other]));
  }
}

const BYTES = odd("bytes", "x'00ff41'");

/** Values that a column takes: on SQLite any at all. */
function oddValues({ name, type, length, nullable }: StoredColumn, isSqlite: boolean): Odd[] {
  const loose = isSqlite ? [...texts(["odd", ""]), BYTES] : [];
  const none = nullable ? [odd("null", "null")] : [];
  switch (type) {
    case "boolean":
      return none;
    case "integer":
    case "int":
      return [
        ...none,
        ...["-1", "0", "2147483647", ...(isSqlite ? ["2147483648", "9223372036854775807", "1.5", "9e999"] : [])].map((n) =>
          odd(n, n),
        ),
        ...loose,
      ];
    case "double":
    case "double precision":
      return [
        ...none,
        ...["-1", "1e308", ...(isSqlite ? ["9e999", "-9e999"] : ["'NaN'", "'infinity'", "'-infinity'"])].map((n) => odd(n, n)),
        ...loose,
      ];
    case "timestamp with time zone":
      return [
        ...none,
        ...texts([
          "infinity",
          "-infinity",
          "0044-03-15 12:00:00+00 BC",
          "10000-01-01 00:00:00.5+00",
          "294276-12-31 23:59:59+00",
          "0001-01-01 00:00:00+00",
        ]),
      ];
    case "json":
    case "jsonb":
      return [
        ...none,
        ...JSONS.map(json),
        ...[...withOddMembers(JSON_EXAMPLES[name])].map(json),
        odd("numbers that are too large", text("[1e400, 12345678901234567890123]")),
        odd("a long text", text(JSON.stringify(LONG.repeat(10)))),
        odd("a long list", text(JSON.stringify(Array.from({ length: 5000 }, (_, n) => ({ queue: n, approvals: n }))))),
        nested(900),
        nested(5000),
        ...(isSqlite ? [...texts(["{broken", `"${LONG.repeat(10)}`]), odd("an empty text", "''"), BYTES] : []),
      ];
    case "uuid":
      return none;
    default: {
      const most = length ?? Infinity;
      return [
        ...none,
        ...texts(TEXTS.map((one) => one.slice(0, most))),
        ...texts([LONG.slice(0, most)]),
        ...(isSqlite
          ? [BYTES, ...texts(["2026-01-01 10:00:00", "1767225600", "2026-02-30T00:00:00.000Z", "10000-01-01T00:00:00.000Z"])]
          : []),
      ];
    }
  }
}

/** Models that clients see. */
export const SEEN_MODELS = MODELS.filter((model) => !OWN_MODELS.has(model));

/** Runs statements on the app's database, past the app. @returns the rows of the last. */
async function run(url: string, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const last = statements.at(-1)!;
  if (url.startsWith("sqlite:")) {
    const connection = new Sqlite(url.slice("sqlite:".length));
    connection.pragma("foreign_keys = off");
    connection.exec(["begin", ...statements.slice(0, -1), "commit"].join(";\n"));
    const statement = connection.prepare(last);
    const rows = statement.reader ? statement.all() : (statement.run(), []);
    connection.close();
    return rows as Record<string, unknown>[];
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    if (statements.length > 1) await client.query(statements.slice(0, -1).join(";\n"));
    return (await client.query(last)).rows;
  } finally {
    await client.end();
  }
}

async function columnsOf(url: string, { table }: Pick<ModelShape, "table">): Promise<StoredColumn[]> {
  if (url.startsWith("sqlite:")) {
    const found = await run(url, [`select name, type, "notnull" as strict from pragma_table_info(${text(table)})`]);
    return found.map(({ name, type, strict }) => ({
      name: String(name),
      type: String(type).toLowerCase(),
      length: undefined,
      nullable: strict === 0,
    }));
  }
  const found = await run(url, [
    `select column_name, data_type, character_maximum_length, is_nullable from information_schema.columns
      where table_schema = current_schema() and table_name = ${text(table)}`,
  ]);
  return found.map((column) => ({
    name: String(column["column_name"]),
    type: String(column["data_type"])
      .replace(/^character varying$/, "varchar")
      .replace(/^integer$/, "int"),
    length: (column["character_maximum_length"] as number | null) ?? undefined,
    nullable: column["is_nullable"] === "YES",
  }));
}

/** Ordinary rows of every model that clients see, and a function that makes all but the first odd. */
export interface Odds {
  rows: readonly OddRow[];
  /** Ids of a table's rows, by their places. */
  ids: ReadonlyMap<string, readonly string[]>;
  /** Makes them odd. */
  store(): Promise<void>;
}

/** Fills the app's database with ordinary rows, one for each odd value of each column and one more. */
export async function fillForOdds({ config: { databaseUrl } }: TestApp): Promise<Odds> {
  const isSqlite = databaseUrl.startsWith("sqlite:");
  const shapes = SEEN_MODELS.map((model) => shapeOf(model));
  const columns = new Map<ModelShape, StoredColumn[]>();
  for (const shape of shapes) columns.set(shape, await columnsOf(databaseUrl, shape));
  const oddsOf = (shape: ModelShape) =>
    columns.get(shape)!.flatMap((column) => oddValues(column, isSqlite).map((value) => ({ column: column.name, ...value })));
  const countOf = (shape: ModelShape) => 1 + oddsOf(shape).length;
  const database = await openDatabase(databaseUrl);
  await fillModels(database, countOf);
  await database.close();

  const examples: string[] = [];
  const statements: string[] = [];
  const rows: OddRow[] = [];
  const ids = new Map<string, readonly string[]>();
  const examined = new Set<string>();
  for (const shape of shapes) {
    const { table } = shape;
    for (const { name } of columns.get(shape)!)
      if (name in JSON_EXAMPLES) examples.push(`update "${table}" set "${name}" = ${text(JSON.stringify(JSON_EXAMPLES[name]))}`);
    // Rows that were there before are of the app.
    const found = (await run(databaseUrl, [`select id from "${table}" order by id`]))
      .slice(-countOf(shape))
      .map(({ id }) => String(id));
    ids.set(table, found);
    const types = new Map(columns.get(shape)!.map(({ name, type }) => [name, shape.columns.get(name)?.kind ?? type]));
    for (const [n, { column, words, sql }] of oddsOf(shape).entries()) {
      // The first row stays as it is.
      const place = n + 1;
      const id = found[place]!;
      const example = `${types.get(column)} ${words}`;
      rows.push({ model: table, id, column, words, place, isExample: !examined.has(example) });
      examined.add(example);
      if (table === "job_result" && column in BESIDE) examples.push(`update job_result set ${BESIDE[column]} where id = '${id}'`);
      statements.push(`update "${table}" set "${column}" = ${sql} where id = '${id}'`);
    }
  }
  await run(databaseUrl, [...examples, "select 1"]);
  return { rows, ids, store: async () => void (await run(databaseUrl, [...statements, "select 1"])) };
}

/** A copy of a row, with one value that is odd. */
export interface OddCopy {
  id: string;
  /** Its column and the value, for the report of a failure. */
  words: string;
}

/**
 * Copies a row of the app's database once for each odd value of each of its columns; in `npm test`, for a part of them that another seed draws anew.
 * @param own columns that hold the id of their copy, since no two rows may have the same there.
 */
export async function copyOdd(
  { config: { databaseUrl } }: TestApp,
  table: string,
  id: string,
  own: readonly string[] = [],
): Promise<OddCopy[]> {
  const isSqlite = databaseUrl.startsWith("sqlite:");
  const columns = await columnsOf(databaseUrl, { table });
  const names = columns.map(({ name }) => `"${name}"`).join(", ");
  const copies: OddCopy[] = [];
  const statements: string[] = [];
  let turn = drawSeed();
  for (const column of columns) {
    if (column.name === "id") continue;
    for (const { words, sql } of oddValues(column, isSqlite)) {
      if (turn++ % sized(4, 1) !== 0) continue;
      const copy = newId();
      copies.push({ id: copy, words: `${column.name} ${words}` });
      const key = isSqlite ? text(copy) : `cast(${text(copy)} as uuid)`;
      const values = columns.map(({ name }) => (name === "id" ? key : own.includes(name) ? text(copy) : `"${name}"`)).join(", ");
      statements.push(
        `insert into "${table}" (${names}) select ${values} from "${table}" where id = ${text(id)}`,
        `update "${table}" set "${column.name}" = ${sql} where id = ${text(copy)}`,
      );
    }
  }
  await run(databaseUrl, [...statements, "select 1"]);
  return copies;
}

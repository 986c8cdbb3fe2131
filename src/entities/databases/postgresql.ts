import { MikroORM } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import type { Pool } from "pg";
import type { ConsoleEntryRow, Database, LineRow } from "../database.ts";
import { COUNT_COLUMNS, countLines } from "../log-counts.ts";
import { migrationOptions } from "../migrations/index.ts";
import { ORM_OPTIONS } from "./options.ts";
import { createNames, ReadingClient, readRows } from "./postgresql-rows.ts";

/** Opens a PostgreSQL database; sessions run in UTC, which the text form of timestamps relies on. */
export async function openPostgresql(url: string): Promise<Database> {
  const orm = await MikroORM.init({
    ...ORM_OPTIONS,
    clientUrl: url,
    ensureDatabase: false,
    driverOptions: { Client: ReadingClient, options: "-c timezone=UTC", application_name: "jobgraph" },
    migrations: migrationOptions("postgresql"),
  });
  // MikroORM connects on first use; asking now turns a wrong URL into a sentence at start.
  await orm.em.fork().execute("select 1");
  const pool: Pool = await orm.em.getConnection().getNativeClient();
  const nameOf = createNames("read");
  return {
    fork: () => orm.em.fork(),
    transaction: (work) => orm.em.fork().transactional(work),
    rows: orm.em.fork().getKysely() as Database["rows"],
    read: async ({ sql: text, parameters }) => {
      const name = nameOf(text);
      return readRows(pool, { text, values: parameters as unknown[], ...(name && { name }) });
    },
    estimateRows: async () => {
      const { rows } = await pool.query<{ name: string; rows: number }>({ name: "estimate-rows", text: ESTIMATE_ROWS });
      return new Map(rows.map(({ name, rows: count }) => [name, count]));
    },
    readJson: (column) => column,
    owners: (parameter) =>
      sql`(select value, n - 1 as place from unnest(${parameter}::uuid[]) with ordinality as o (value, n)) as owner`,
    ownersParameter: (ids) => ids,
    hasLateral: true,
    like: (text, pattern) => sql`${text} ilike ${pattern}`,
    matches: (text, pattern, ignoreCase) => sql`${text} ${sql.raw(ignoreCase ? "~*" : "~")} ${pattern}`,
    appendLines: (lines) => appendLines(pool, lines),
    appendConsoleEntries: (entries) => appendConsoleEntries(pool, entries),
    migrate: async () => (await orm.migrator.up()).map((migration) => migration.name),
    pendingSchemaChanges: () => orm.schema.getUpdateSchemaSQL({ wrap: false }),
    close: () => orm.close(),
  };
}

/** What the last analysis found, or what was counted since, whichever is more: neither is always up to date. */
const ESTIMATE_ROWS = `select c.relname as name, greatest(c.reltuples, s.n_live_tup, 0)::float as rows
  from pg_class as c left join pg_stat_user_tables as s on s.relid = c.oid
  where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace`;

const LINE_COLUMNS = {
  id: "uuid",
  job_result_id: "uuid",
  sequence: "integer",
  log_level: "text",
  grouping: "text",
  message: "text",
  created: "timestamptz",
  log_object: "text",
  absolute_url: "text",
} as const satisfies Record<keyof LineRow, string>;
const LINE_NAMES = Object.keys(LINE_COLUMNS) as (keyof LineRow)[];

const CONSOLE_COLUMNS = {
  id: "uuid",
  job_result_id: "uuid",
  sequence: "integer",
  timestamp: "timestamptz",
  output_type: "text",
  text: "text",
} as const satisfies Record<keyof ConsoleEntryRow, string>;
const CONSOLE_NAMES = Object.keys(CONSOLE_COLUMNS) as (keyof ConsoleEntryRow)[];

/** One array a column: a statement that is prepared once, however many rows come. */
const insertInto = (table: string, columns: Record<string, string>) => `insert into ${table} (${Object.keys(columns).join(", ")})
  select * from unnest(${Object.values(columns)
    .map((type, i) => `$${i + 1}::${type}[]`)
    .join(", ")})`;

const INSERT_LINES = insertInto("job_log_entry", LINE_COLUMNS);
const INSERT_CONSOLE_ENTRIES = insertInto("job_console_entry", CONSOLE_COLUMNS);

const ADD_COUNTS = `update job_result as run
  set ${COUNT_COLUMNS.map((name) => `${name} = run.${name} + new.${name}`).join(", ")}
  from unnest($1::uuid[], ${COUNT_COLUMNS.map((_, i) => `$${i + 2}::integer[]`).join(", ")}) as new (id, ${COUNT_COLUMNS.join(", ")})
  where run.id = new.id`;

async function appendConsoleEntries(pool: Pool, entries: readonly ConsoleEntryRow[]): Promise<void> {
  await pool.query({
    name: "insert-console-entries",
    text: INSERT_CONSOLE_ENTRIES,
    values: CONSOLE_NAMES.map((name) => entries.map((entry) => entry[name])),
  });
}

async function appendLines(pool: Pool, lines: readonly LineRow[]): Promise<void> {
  const counts = [...countLines(lines)];
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query({
      name: "insert-lines",
      text: INSERT_LINES,
      values: LINE_NAMES.map((name) => lines.map((line) => line[name])),
    });
    await client.query({
      name: "add-counts",
      text: ADD_COUNTS,
      values: [counts.map(([id]) => id), ...COUNT_COLUMNS.map((_, i) => counts.map(([, count]) => count[i]))],
    });
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

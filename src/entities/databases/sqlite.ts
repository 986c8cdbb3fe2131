import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MikroORM } from "@mikro-orm/sqlite";
import Sqlite from "better-sqlite3";
import { CompiledQuery, sql, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";
import { LRUCache } from "lru-cache";
import { RE2JS } from "re2js";
import type { ConsoleEntryRow, Database, LineRow } from "../database.ts";
import { parseStoredJson } from "../json-length.ts";
import { COUNT_COLUMNS, countLines } from "../log-counts.ts";
import { migrationOptions } from "../migrations/index.ts";
import { ORM_OPTIONS } from "./options.ts";

const LINE_COLUMNS = [
  "id",
  "job_result_id",
  "sequence",
  "log_level",
  "grouping",
  "message",
  "created",
  "log_object",
  "absolute_url",
] as const;

const CONSOLE_COLUMNS = ["id", "job_result_id", "sequence", "timestamp", "output_type", "text"] as const;

/** Opens, and makes where it is missing, the SQLite database at a path. */
export async function openSqlite(path: string): Promise<Database> {
  const file = resolve(path);
  await mkdir(dirname(file), { recursive: true });
  const orm = await MikroORM.init({
    ...ORM_OPTIONS,
    dbName: file,
    driverOptions: new SqliteDialect({ database: keepPrepared(new Sqlite(file)) }),
    migrations: migrationOptions("sqlite"),
  });
  const em = orm.em.fork();
  for (const pragma of ["journal_mode = wal", "synchronous = normal", "busy_timeout = 5000"])
    await em.execute(`pragma ${pragma}`);
  let reader: ReturnType<typeof openReader> | undefined;
  let lines: LineConnection | undefined;
  return {
    fork: () => orm.em.fork(),
    transaction: (work) =>
      orm.em.fork().transactional(async (tx) => {
        // A transaction that only becomes a writer after it has read is refused when the lines' connection wrote meanwhile.
        await tx.execute("delete from job_hook_delivery where false");
        return work(tx);
      }),
    rows: em.getKysely() as Database["rows"],
    // The file is there only once the first statement has run.
    read: async (statement) => (reader ??= openReader(file)).read(statement),
    estimateRows: async () => estimateRows((reader ??= openReader(file)).read),
    readJson: (column) => (column === null ? null : parseStoredJson(column as string)),
    owners: (parameter) => sql`(select key as place, value from json_each(${parameter})) as owner`,
    ownersParameter: (ids) => JSON.stringify(ids),
    hasLateral: false,
    like: (text, pattern) => sql`${text} like ${pattern} escape '\\'`,
    matches: (text, pattern, ignoreCase) => sql`matches(${ignoreCase ? `(?i)${pattern}` : pattern}, ${text})`,
    appendLines: (rows) => (lines ??= openLineConnection(file)).append(rows),
    appendConsoleEntries: (rows) => (lines ??= openLineConnection(file)).appendConsole(rows),
    migrate: async () => (await orm.migrator.up()).map((migration) => migration.name),
    pendingSchemaChanges: () => orm.schema.getUpdateSchemaSQL({ wrap: false }),
    async close() {
      reader?.close();
      lines?.close();
      await orm.close();
    },
  };
}

/** Statements that are kept prepared. Clients choose the columns, so their number has to be bounded. */
const MAX_STATEMENTS = 500;

/** A connection on which statements with parameters are prepared once. MikroORM's own have none: it writes values into texts that never come again. */
function keepPrepared(connection: Sqlite.Database): SqliteDatabase {
  const prepared = new LRUCache({ max: MAX_STATEMENTS, memoMethod: (text: string) => connection.prepare(text) });
  return {
    prepare: (text) => (text.includes("?") ? prepared.memo(text) : connection.prepare(text)) as SqliteStatement,
    close: () => void connection.close(),
  };
}

/** Reading has a connection of its own too: it sees no transaction that is under way, and waits for none. */
function openReader(file: string) {
  const connection = new Sqlite(file, { readonly: true });
  connection.function("matches", { deterministic: true }, createMatcher());
  const prepared = new LRUCache({ max: MAX_STATEMENTS, memoMethod: (text: string) => connection.prepare(text) });
  return {
    read: ({ sql: text, parameters }: CompiledQuery) => prepared.memo(text).all(...parameters) as Record<string, unknown>[],
    close: () => connection.close(),
  };
}

/** From the numbers of the first and the last row: found without counting, and none is missed. */
function estimateRows(read: (statement: CompiledQuery) => Record<string, unknown>[]): ReadonlyMap<string, number> {
  const ask = (text: string) => read(CompiledQuery.raw(text)) as { name: string; rows: number }[];
  const tables = ask("select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!'");
  const sizes = tables.map(
    ({ name }) =>
      `select '${name}' as name, coalesce((select max(rowid) from "${name}") - (select min(rowid) from "${name}") + 1, 0) as rows`,
  );
  return new Map(sizes.length > 0 ? ask(sizes.join(" union all ")).map(({ name, rows }) => [name, rows]) : []);
}

/** SQLite calls it once a row; the pattern is the same all through a statement. */
function createMatcher(): (pattern: string, text: string | null) => number {
  let compiled: { pattern: string; regex: RE2JS } | undefined;
  return (pattern, text) => {
    if (compiled?.pattern !== pattern) compiled = { pattern, regex: RE2JS.compile(pattern) };
    return text !== null && compiled.regex.test(text) ? 1 : 0;
  };
}

interface LineConnection {
  append(rows: readonly LineRow[]): Promise<void>;
  appendConsole(rows: readonly ConsoleEntryRow[]): Promise<void>;
  close(): void;
}

/** Lines and what is printed have a connection and prepared statements of their own: MikroORM's single connection would make them queue behind reads. */
function openLineConnection(file: string): LineConnection {
  // A busy database answers at once: whoever holds it runs on this very thread, and waiting here would keep it from letting go.
  const connection = new Sqlite(file, { timeout: 0 });
  connection.pragma("synchronous = normal");
  const insertInto = (table: string, columns: readonly string[]) =>
    connection.prepare(`insert into ${table} (${columns.join(", ")}) values (${columns.map((name) => `@${name}`).join(", ")})`);
  const insert = insertInto("job_log_entry", LINE_COLUMNS);
  const insertConsole = insertInto("job_console_entry", CONSOLE_COLUMNS);
  const count = connection.prepare(
    `update job_result set ${COUNT_COLUMNS.map((name) => `${name} = ${name} + ?`).join(", ")} where id = ?`,
  );
  const write = connection.transaction((rows: readonly LineRow[]) => {
    for (const row of rows) insert.run(row);
    for (const [id, counts] of countLines(rows)) count.run(...counts, id);
  });
  const writeConsole = connection.transaction((rows: readonly ConsoleEntryRow[]) => {
    for (const row of rows) insertConsole.run(row);
  });

  async function whenFree(writeNow: () => void): Promise<void> {
    for (;;) {
      try {
        return writeNow();
      } catch (error) {
        if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
        await delay(2);
      }
    }
  }
  return {
    append: (rows) => whenFree(() => write.immediate(rows)),
    appendConsole: (rows) => whenFree(() => writeConsole.immediate(rows)),
    close: () => connection.close(),
  };
}

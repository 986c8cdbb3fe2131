import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MikroORM } from "@mikro-orm/sqlite";
import Sqlite from "better-sqlite3";
import { type CompiledQuery, sql, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";
import { LRUCache } from "lru-cache";
import { RE2JS } from "re2js";
import type { Database } from "../database.ts";
import { migrationOptions } from "../migrations/index.ts";
import { ORM_OPTIONS } from "./options.ts";
import { keepAlive } from "./heartbeat.ts";
import { alone } from "./sqlite-alone.ts";
import { openAppend } from "./sqlite-append.ts";

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
  // A new file becomes one with a write-ahead log only while nobody else looks at it.
  await alone(file, async () => {
    for (const pragma of ["journal_mode = wal", "synchronous = normal", "busy_timeout = 5000"])
      await em.execute(`pragma ${pragma}`);
  });
  let reader: ReturnType<typeof openReader> | undefined;
  let append: ReturnType<typeof openAppend> | undefined;
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
    readJson: (column) => (column === null ? null : JSON.parse(column as string)),
    owners: (parameter) => sql`(select key as place, value from json_each(${parameter})) as owner`,
    ownersParameter: (ids) => JSON.stringify(ids),
    hasLateral: false,
    like: (text, pattern) => sql`${text} like ${pattern} escape '\\'`,
    matches: (text, pattern, ignoreCase) => sql`matches(${ignoreCase ? `(?i)${pattern}` : pattern}, ${text})`,
    appendLines: (rows, holds = []) => (append ??= openAppend(file)).lines(rows, holds),
    appendConsoleEntries: (rows, holds = []) => (append ??= openAppend(file)).consoleEntries(rows, holds),
    keepAlive: (workerId, everyMs) => keepAlive({ file }, workerId, everyMs),
    alone: (work) => alone(file, work),
    migrate: async () => (await orm.migrator.up()).map((migration) => migration.name),
    pendingSchemaChanges: () => orm.schema.getUpdateSchemaSQL({ wrap: false }),
    async close() {
      reader?.close();
      append?.close();
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

/** SQLite calls it once a row; the pattern is the same all through a statement. */
function createMatcher(): (pattern: string, text: string | null) => number {
  let compiled: { pattern: string; regex: RE2JS } | undefined;
  return (pattern, text) => {
    if (compiled?.pattern !== pattern) compiled = { pattern, regex: RE2JS.compile(pattern) };
    return text !== null && compiled.regex.test(text) ? 1 : 0;
  };
}

import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MikroORM } from "@mikro-orm/sqlite";
import Sqlite from "better-sqlite3";
import { sql, type SqliteDatabase, type SqliteStatement } from "kysely";
import { LRUCache } from "lru-cache";
import type { ConsoleEntryRow, Database, LineRow } from "../database.ts";
import { COUNT_COLUMNS, countLines } from "../log-counts.ts";
import { migrationOptions } from "../migrations/index.ts";
import { ORM_OPTIONS } from "./options.ts";
import type { ReadLimits } from "./read-limits.ts";
import { PatientSqliteDialect, whenUnlocked } from "./sqlite-busy.ts";
import { owners } from "./sqlite-owners.ts";
import { MAX_STATEMENTS, openReads, type SqliteReads } from "./sqlite-reads.ts";

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
export async function openSqlite(path: string, limits: ReadLimits): Promise<Database> {
  const file = resolve(path);
  await mkdir(dirname(file), { recursive: true });
  const orm = await MikroORM.init({
    ...ORM_OPTIONS,
    dbName: file,
    driverOptions: new PatientSqliteDialect({ database: keepPrepared(new Sqlite(file, { timeout: 0 })) }),
    migrations: migrationOptions("sqlite"),
  });
  const em = orm.em.fork();
  for (const pragma of ["journal_mode = wal", "synchronous = normal"]) await em.execute(`pragma ${pragma}`);
  let reads: SqliteReads | undefined;
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
    read: async (statement, bounds) =>
      (reads ?? (await whenUnlocked(() => (reads ??= openReads(file, limits))))).read(statement, bounds),
    readJson: (column) => (column === null ? null : JSON.parse(column as string)),
    owners,
    ownersParameter: (ids) => JSON.stringify(ids),
    hasLateral: false,
    like: (text, pattern) => sql`${text} like ${pattern} escape '\\'`,
    matches: (text, pattern, ignoreCase) => sql`matches(${ignoreCase ? `(?i)${pattern}` : pattern}, ${text})`,
    appendLines: (rows) => (lines ??= openLineConnection(file)).append(rows),
    appendConsoleEntries: (rows) => (lines ??= openLineConnection(file)).appendConsole(rows),
    migrate: async () => (await orm.migrator.up()).map((migration) => migration.name),
    pendingSchemaChanges: () => orm.schema.getUpdateSchemaSQL({ wrap: false }),
    async close() {
      reads?.close();
      lines?.close();
      await orm.close();
    },
  };
}

/** A connection on which statements with parameters are prepared once. MikroORM's own have none: it writes values into texts that never come again. */
function keepPrepared(connection: Sqlite.Database): SqliteDatabase {
  const prepared = new LRUCache({ max: MAX_STATEMENTS, memoMethod: (text: string) => connection.prepare(text) });
  return {
    prepare: (text) => (text.includes("?") ? prepared.memo(text) : connection.prepare(text)) as SqliteStatement,
    close: () => void connection.close(),
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

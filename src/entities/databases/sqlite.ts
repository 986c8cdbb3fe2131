import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MikroORM } from "@mikro-orm/sqlite";
import Sqlite from "better-sqlite3";
import { type CompiledQuery, type RawBuilder, sql, type SqlBool, type SqliteDatabase, type SqliteStatement } from "kysely";
import { LRUCache } from "lru-cache";
import { anyCaseLike, anyCasePattern, type Place } from "../any-case.ts";
import type { Database, ReadBounds } from "../database.ts";
import { parseStoredJson, passStoredJson } from "../stored-json.ts";
import { migrationOptions } from "../migrations/index.ts";
import { keepAlive } from "./heartbeat.ts";
import { ORM_OPTIONS } from "./options.ts";
import type { ReadLimits } from "./read-limits.ts";
import { alone } from "./sqlite/alone.ts";
import { openAppend } from "./sqlite/append.ts";
import { PatientSqliteDialect, whenUnlocked } from "./sqlite/busy.ts";
import { addMatchers } from "./sqlite/matcher.ts";
import { owners } from "./sqlite/owners.ts";
import { MAX_STATEMENTS, openReads, type SqliteReads } from "./sqlite/reads.ts";

/** Opens, and makes where it is missing, the SQLite database at a path. */
export async function openSqlite(path: string, limits: ReadLimits): Promise<Database> {
  const file = resolve(path);
  await mkdir(dirname(file), { recursive: true });
  const writer = new Sqlite(file, { timeout: 0 });
  // Rights are asked for within the transaction of a write, and their constraints may have patterns.
  addMatchers(writer);
  const orm = await MikroORM.init({
    ...ORM_OPTIONS,
    dbName: file,
    driverOptions: new PatientSqliteDialect({ database: keepPrepared(writer) }),
    migrations: migrationOptions("sqlite"),
  });
  const em = orm.em.fork();
  // A new file becomes one with a write-ahead log only while nobody else looks at it.
  await alone(file, async () => {
    for (const pragma of ["journal_mode = wal", "synchronous = normal"]) await em.execute(`pragma ${pragma}`);
  });
  let reads: SqliteReads | undefined;
  let append: ReturnType<typeof openAppend> | undefined;
  const readsOf = async () => reads ?? whenUnlocked(() => (reads ??= openReads(file, limits)));
  return {
    fork: () => orm.em.fork(),
    transaction: (work) =>
      orm.em.fork().transactional(async (tx) => {
        // A transaction that only becomes a writer after it has read is rejected when the lines' connection wrote meanwhile.
        await tx.execute("delete from job_hook_delivery where false");
        return work(tx);
      }),
    rows: em.getKysely() as Database["rows"],
    // The file is there only once the first statement has run.
    read: ((statement: CompiledQuery, bounds?: ReadBounds) =>
      reads ? reads.read(statement, bounds) : readsOf().then((opened) => opened.read(statement, bounds))) as Database["read"],
    estimateRows: async () => (await readsOf()).estimateRows(),
    checksTypes: false,
    readJson: (column) => (column === null ? null : parseStoredJson(column as string)),
    passJson: (column) => (column === null ? null : passStoredJson(column as string, isJson)),
    // SQLite fails the whole statement for a text that is no JSON.
    memberOf: (column, name) => sql`(case when json_valid(${column}) then ${column} ->> ${sql.lit(name)} end)`,
    owners,
    ownersParameter: (ids) => JSON.stringify(ids),
    hasLateral: false,
    holdsInAnyCase: (text, wanted, place) =>
      sql`(${sql.join(
        wanted.map((one) => holdsInAnyCase(text, one, place)),
        sql` or `,
      )})`,
    matches: (text, pattern, ignoreCase) => sql`matches(${ignoreCase ? `(?i)${pattern}` : pattern}, ${text})`,
    appendLines: async (rows, holds = []) => (append ??= openAppend(file)).lines(rows, holds),
    appendConsoleEntries: async (rows, holds = []) => (append ??= openAppend(file)).consoleEntries(rows, holds),
    keepAlive: (workerId, everyMs) => keepAlive({ file }, workerId, everyMs),
    alone: (work) => alone(file, work),
    isOneOf: (value, values) => sql`(${value} in (select value from json_each(${JSON.stringify(values)})))`,
    // No index serves the value of an operator.
    ofMany: (condition) => sql`+(${condition})`,
    migrate: async () => (await orm.migrator.up()).map((migration) => migration.name),
    pendingSchemaChanges: () => orm.schema.getUpdateSchemaSQL({ wrap: false }),
    async close() {
      reads?.close();
      append?.close();
      await orm.close();
    },
  };
}

const validity = new Sqlite(":memory:").prepare("select json_valid(?)").pluck();

/** Tells whether a text is JSON, sooner than by parsing it. */
const isJson = (text: string): boolean => validity.get(text) === 1;

function holdsInAnyCase(text: RawBuilder<unknown>, wanted: string, place: Place): RawBuilder<SqlBool> {
  const { like, exact } = anyCaseLike(wanted, place);
  const fits = sql<SqlBool>`${text} like ${like} escape '\\'`;
  // The `case` calls the function for likely rows only.
  return exact ? fits : sql`case when ${fits} then in_any_case(${anyCasePattern(wanted, place)}, ${text}) else false end`;
}

/** A connection on which statements with parameters are prepared once. MikroORM's own have none: it writes values into texts that never come again. */
function keepPrepared(connection: Sqlite.Database): SqliteDatabase {
  const prepared = new LRUCache({ max: MAX_STATEMENTS, memoMethod: (text: string) => connection.prepare(text) });
  return {
    prepare: (text) => (text.includes("?") ? prepared.memo(text) : connection.prepare(text)) as SqliteStatement,
    close: () => void connection.close(),
  };
}

import { randomUUID } from "node:crypto";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { inject, onTestFinished } from "vitest";
import { openDatabase } from "../../src/entities/database.ts";
import { defaultPermissions } from "../../src/entities/migrations/0013-default-permissions.ts";

const serverUrl = inject("databaseUrl");

// Each worker has one: its migrations run once, and tests get copies.
let sqliteTemplate: Promise<string> | undefined;
let postgresqlTemplate: ReturnType<typeof makePostgresqlTemplate> | undefined;

/** URL of an empty, migrated database that is this test's alone. */
export async function freshDatabaseUrl(): Promise<string> {
  return serverUrl.startsWith("sqlite:") ? freshSqlite() : freshPostgresql();
}

async function migrated(url: string): Promise<void> {
  const database = await openDatabase(url);
  await database.migrate();
  await database.close();
}

async function freshSqlite(): Promise<string> {
  const path = join(inject("scratch"), `${randomUUID()}.db`);
  await copyFile(await (sqliteTemplate ??= makeSqliteTemplate()), path);
  return `sqlite:${path}`;
}

async function makeSqliteTemplate(): Promise<string> {
  const path = join(inject("scratch"), `${randomUUID()}.template.db`);
  await migrated(`sqlite:${path}`);
  return path;
}

// Databases that earlier tests of this worker left, emptied: to make and to drop one takes PostgreSQL longer than most tests take.
const free: string[] = [];

async function freshPostgresql(): Promise<string> {
  const { name, empty } = await (postgresqlTemplate ??= makePostgresqlTemplate());
  const database = free.pop() ?? (await createDatabase(serverUrl, `template "${name}"`));
  onTestFinished(async () => {
    try {
      await query(urlOf(database), ...empty);
      free.push(database);
    } catch {
      // A test that took a table away, or left one locked, takes the database with it.
      await query(serverUrl, `drop database "${database}" with (force)`);
    }
  });
  return urlOf(database);
}

/** Makes a database to copy, and the statements that empty a copy but for the rows of its migrations. At the end of the second, references are checked, so that their order does not matter. */
async function makePostgresqlTemplate(): Promise<{ name: string; empty: string[] }> {
  const name = await createDatabase(serverUrl);
  await migrated(urlOf(name));
  const tables = await query(
    urlOf(name),
    "select tablename from pg_tables where schemaname = current_schema() and tablename <> 'schema_migration'",
  );
  const deletes = tables.map(({ tablename }, n) => `t${n} as (delete from "${tablename}")`);
  const made = defaultPermissions.postgresql.join(";");
  return { name, empty: ["set lock_timeout = 1000", `with ${deletes.join(", ")} select`, made] };
}

async function createDatabase(server: string, options = ""): Promise<string> {
  const name = inject("databasePrefix") + randomUUID();
  await query(server, `create database "${name}" ${options}`);
  return name;
}

/** URL of a database with nothing in it, for a server that migrates it itself; dropped when the tests are over. */
export async function createPostgresqlUrl(server: string): Promise<string> {
  return urlOf(await createDatabase(server), server);
}

function urlOf(database: string, server = serverUrl): string {
  const url = new URL(server);
  url.pathname = database;
  return url.href;
}

/** @returns the rows of the last statement. */
async function query(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}

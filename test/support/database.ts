import { randomUUID } from "node:crypto";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, inject, onTestFinished } from "vitest";
import { openDatabase } from "../../src/entities/database.ts";

const newName = () => `jobgraph_test_${randomUUID()}`;
const serverUrl = inject("databaseUrl");
const isSqlite = serverUrl.startsWith("sqlite:");

// One template a test file: its migrations run once, and each test gets a copy.
let template: Promise<string> | undefined;

afterAll(async () => {
  if (template && !isSqlite) await onServer(`drop database if exists "${await template}" with (force)`);
});

/** URL of an empty, migrated database that is this test's alone. */
export async function freshDatabaseUrl(): Promise<string> {
  return isSqlite
    ? freshSqlite(await (template ??= makeSqliteTemplate()))
    : freshPostgresql(await (template ??= makePostgresqlTemplate()));
}

async function migrated(url: string): Promise<void> {
  const database = await openDatabase(url);
  await database.migrate();
  await database.close();
}

async function makeSqliteTemplate(): Promise<string> {
  const path = join(inject("scratch"), `${randomUUID()}.template.db`);
  await migrated(`sqlite:${path}`);
  return path;
}

async function freshSqlite(from: string): Promise<string> {
  const path = join(inject("scratch"), `${randomUUID()}.db`);
  await copyFile(from, path);
  return `sqlite:${path}`;
}

async function onServer(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

function urlOf(database: string): string {
  const url = new URL(serverUrl);
  url.pathname = database;
  return url.href;
}

async function makePostgresqlTemplate(): Promise<string> {
  const database = newName();
  await onServer(`create database "${database}"`);
  await migrated(urlOf(database));
  return database;
}

async function freshPostgresql(from: string): Promise<string> {
  const database = newName();
  await onServer(`create database "${database}" template "${from}"`);
  onTestFinished(() => onServer(`drop database if exists "${database}" with (force)`));
  return urlOf(database);
}

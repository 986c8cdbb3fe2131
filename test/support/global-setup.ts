import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Client } from "pg";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** `sqlite:` or the URL of a PostgreSQL database in which databases may be made. */
    databaseUrl: string;
    /** True if `vitest run --mode full` runs every storm at its full size. */
    isFull: boolean;
    /** URL of the PostgreSQL database, when there is one. */
    postgresqlUrl: string | undefined;
    /** Folder that is removed when the tests are over. */
    scratch: string;
    /** Prefix of the names of databases on PostgreSQL; they are dropped when the tests are over. */
    databasePrefix: string;
  }
}

/** Makes a folder for the files of tests (databases of SQLite, job files), and a prefix for things elsewhere. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(join(tmpdir(), "jobgraph-test-"));
  const databasePrefix = `${basename(scratch)}-`;
  project.provide("scratch", scratch);
  project.provide("databasePrefix", databasePrefix);
  return async () => {
    await rm(scratch, { recursive: true, force: true });
    const { postgresqlUrl } = project.getProvidedContext();
    if (postgresqlUrl) await dropDatabases(postgresqlUrl, databasePrefix);
  };
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("select datname from pg_database where starts_with(datname, $1)", [prefix]);
  for (const { datname } of rows) await client.query(`drop database if exists "${datname}" with (force)`);
  await client.end();
}

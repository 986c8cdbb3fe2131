import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** `sqlite:` or the URL of a PostgreSQL database in which databases may be made. */
    databaseUrl: string;
    /** What the names of this run's databases begin with. */
    databasePrefix: string;
    /** Folder that is removed when the tests are over. */
    scratch: string;
  }
}

/** Every test has a database of its own; what is left of them is removed at the end. Two runs at once do not meet. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(join(tmpdir(), "jobgraph-test-"));
  const databasePrefix = `jobgraph_test_${process.pid}_`;
  project.provide("scratch", scratch);
  project.provide("databasePrefix", databasePrefix);
  return async () => {
    await rm(scratch, { recursive: true, force: true });
    const { databaseUrl } = project.config.provide as { databaseUrl?: string };
    if (databaseUrl?.startsWith("postgres")) await dropDatabases(databaseUrl, databasePrefix);
  };
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(`select datname from pg_database where starts_with(datname, $1)`, [
    prefix,
  ]);
  for (const { datname } of rows) await client.query(`drop database if exists "${datname}" with (force)`);
  await client.end();
}

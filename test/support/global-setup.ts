import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** `sqlite:` or the URL of a PostgreSQL database in which databases may be made. */
    databaseUrl: string;
    /** Folder that is removed when the tests are over. */
    scratch: string;
  }
}

/** Every test has a database of its own; what a crashed run left behind is removed by the next. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(join(tmpdir(), "jobgraph-test-"));
  project.provide("scratch", scratch);
  const { databaseUrl } = project.config.provide as { databaseUrl?: string };
  if (databaseUrl?.startsWith("postgres")) await dropTestDatabases(databaseUrl);
  return async () => {
    await rm(scratch, { recursive: true, force: true });
    if (databaseUrl?.startsWith("postgres")) await dropTestDatabases(databaseUrl);
  };
}

async function dropTestDatabases(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    `select datname from pg_database where datname like 'jobgraph\\_test\\_%'`,
  );
  for (const { datname } of rows) await client.query(`drop database if exists "${datname}" with (force)`);
  await client.end();
}

import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { Client } from "pg";

/** A kind of database, reachable, in which empty databases can be made. */
export interface DatabaseServer {
  readonly kind: DatabaseKind;
  /** Name and version, for people. */
  readonly version: string;
  /** @returns the URL of an empty database, to be given to a server as it is. */
  create(): Promise<string>;
  /** Has the database count what is in a filled one, as PostgreSQL does by itself a minute later, amid the measurements. */
  analyze(url: string): Promise<void>;
  /** Removes every database that was made. */
  close(): Promise<void>;
}

/** Values of `--database`. */
export const DATABASE_KINDS = ["sqlite", "postgresql"] as const;
/** A value of {@link DATABASE_KINDS}. */
export type DatabaseKind = (typeof DATABASE_KINDS)[number];

/** @throws Error when the database cannot be reached. */
export function openDatabaseServer(kind: DatabaseKind, scratch: string): Promise<DatabaseServer> {
  return kind === "sqlite" ? openSqlite(scratch) : openPostgresql();
}

/** Opens SQLite with files in a folder; the caller removes it. */
async function openSqlite(scratch: string): Promise<DatabaseServer> {
  const memory = new Sqlite(":memory:");
  const version = memory.prepare("select sqlite_version()").pluck().get();
  memory.close();
  let made = 0;
  return {
    kind: "sqlite",
    version: `SQLite ${version}`,
    create: async () => `sqlite:${join(scratch, `${++made}.db`)}`,
    // Nothing analyzes the database of a server.
    analyze: async () => undefined,
    close: async () => undefined,
  };
}

const POSTGRESQL_URL = process.env["TEST_POSTGRESQL_URL"] || "postgresql://postgres@127.0.0.1:5432/postgres";

/** PostgreSQL: one connection makes and drops, so a drop waits for the creation that it undoes. */
async function openPostgresql(): Promise<DatabaseServer> {
  const client = new Client({ connectionString: POSTGRESQL_URL, connectionTimeoutMillis: 2000 });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>("show server_version");
  const made: string[] = [];
  return {
    kind: "postgresql",
    version: `PostgreSQL ${rows[0]!.server_version}`,
    async create() {
      const name = `jobgraph_bench_${process.pid}_${made.length + 1}`;
      made.push(name);
      await client.query(`create database ${name}`);
      const url = new URL(POSTGRESQL_URL);
      url.pathname = name;
      return url.href;
    },
    async analyze(connectionString) {
      const filled = new Client({ connectionString });
      await filled.connect();
      await filled.query("analyze");
      await filled.end();
    },
    async close() {
      for (const name of made) await client.query(`drop database if exists ${name} with (force)`);
      await client.end();
    },
  };
}

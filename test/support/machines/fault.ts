import Sqlite from "better-sqlite3";
import { Client } from "pg";
import { onTestFinished } from "vitest";
import { openProxy, type Proxy } from "./proxy.ts";

/** Something that keeps a database from doing what it is asked, until it is mended. */
export interface Fault {
  begin(): Promise<void>;
  mend(): Promise<void>;
}

/** Names of the faults that a database of each kind can have. */
export const FAULTS = {
  postgresql: [
    "away",
    "connections killed",
    "no connections left",
    "disk full for lines",
    "disk full for runs",
    "statement timeout",
    "a table that is locked",
  ],
  sqlite: ["a foreign lock"],
} as const;

/** A database that can be hurt. */
export interface Patient {
  /** A server's `DATABASE_URL`. */
  url: string;
  faults: Readonly<Record<string, Fault>>;
}

/** A state of PostgreSQL that all writes to a table end with. */
const failing = (query: Query, table: string, state: string): Fault => ({
  begin: () =>
    query(`create function hurt() returns trigger language plpgsql as $$ begin raise exception 'hurt' using errcode = '${state}'; end $$;
      create trigger hurt before insert or update on ${table} for each statement execute function hurt()`),
  mend: () => query("drop function hurt cascade"),
});

type Query = (statement: string) => Promise<void>;

/** PostgreSQL behind a proxy, which a server's connections go through. */
export async function hurtPostgresql(databaseUrl: string): Promise<Patient> {
  const { hostname, port } = new URL(databaseUrl);
  const proxy: Proxy = await openProxy(`http://${hostname}:${port || 5432}`);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  const query: Query = async (statement) => void (await client.query(statement));
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = new URL(proxy.url).port;
  const database = url.pathname.slice(1);
  return {
    url: url.href,
    faults: {
      away: { begin: async () => proxy.down(), mend: async () => proxy.down(false) },
      "connections killed": {
        begin: () =>
          query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
          ),
        mend: async () => undefined,
      },
      "no connections left": {
        begin: async () => {
          await query(`alter database "${database}" connection limit 0`);
          proxy.cut();
        },
        mend: () => query(`alter database "${database}" connection limit -1`),
      },
      "disk full for lines": failing(query, "job_log_entry", "53100"),
      "disk full for runs": failing(query, "job_result", "53100"),
      "statement timeout": failing(query, "job_result", "57014"),
      "a table that is locked": {
        begin: () => query("begin; lock table job_result in access exclusive mode"),
        mend: () => query("commit"),
      },
    },
  };
}

/** A SQLite file, with another process's connection to it. */
export function hurtSqlite(databaseUrl: string): Patient {
  const other = new Sqlite(databaseUrl.slice("sqlite:".length));
  onTestFinished(() => void other.close());
  return {
    url: databaseUrl,
    faults: {
      "a foreign lock": { begin: async () => void other.exec("begin immediate"), mend: async () => void other.exec("commit") },
    },
  };
}

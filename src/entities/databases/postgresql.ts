import { MikroORM } from "@mikro-orm/postgresql";
import { type CompiledQuery, sql } from "kysely";
import type { Pool } from "pg";
import type { Database, ReadBounds } from "../database.ts";
import { migrationOptions } from "../migrations/index.ts";
import { keepAlive } from "./heartbeat.ts";
import { translatePattern, translateTexts } from "../pattern.ts";
import { ORM_OPTIONS } from "./options.ts";
import { alone } from "./postgresql/alone.ts";
import { createAppend } from "./postgresql/append.ts";
import { openChannel } from "./postgresql/channel.ts";
import { connectionOf } from "./postgresql/connection.ts";
import { SteadyPostgreSqlDriver } from "./postgresql/driver.ts";
import { LongJson, parseStoredJson } from "../stored-json.ts";
import type { ReadLimits } from "./read-limits.ts";
import { openReads } from "./postgresql/reads.ts";
import { createNames, Reading, ReadingClient } from "./postgresql/reading.ts";

/** Opens a PostgreSQL database. */
export async function openPostgresql(url: string, limits: ReadLimits): Promise<Database> {
  const connection = connectionOf(url);
  const orm = await MikroORM.init({
    ...ORM_OPTIONS,
    driver: SteadyPostgreSqlDriver,
    clientUrl: url,
    ensureDatabase: false,
    pool: { max: limits.writerConnections },
    // MikroORM takes no more than names and numbers from the URL.
    driverOptions: { ...connection, Client: ReadingClient },
    migrations: migrationOptions("postgresql"),
  });
  // MikroORM connects on first use; asking now turns a wrong URL into a sentence at start.
  await orm.em.fork().execute("select 1");
  const pool: Pool = await orm.em.getConnection().getNativeClient();
  const reads = openReads(pool, limits);
  const nameOf = createNames("read");
  return {
    fork: () => orm.em.fork(),
    transaction: (work) => orm.em.fork().transactional(work),
    rows: orm.em.fork().getKysely() as Database["rows"],
    read: (async (statement: CompiledQuery, bounds?: ReadBounds) => {
      if (bounds) return reads.read(statement, bounds);
      const { sql: text, parameters } = statement;
      const name = nameOf(text);
      const reading = new Reading({ text, values: parameters as unknown[], ...(name && { name }) });
      await reading.by(pool);
      return reading.found;
    }) as Database["read"],
    estimateRows: async () => {
      const { rows } = await pool.query<{ name: string; rows: number }>({ name: "estimate-rows", text: ESTIMATE_ROWS });
      return new Map(rows.map(({ name, rows: count }) => [name, count]));
    },
    checksTypes: true,
    readJson: (column) => (column instanceof LongJson ? parseStoredJson(column.text) : column),
    passJson: (column) => column,
    memberOf: (column, name) => sql`${column} ->> ${sql.lit(name)}`,
    owners: (parameter) =>
      sql`(select value, n - 1 as place from unnest(${parameter}::uuid[]) with ordinality as o (value, n)) as owner`,
    ownersParameter: (ids) => ids,
    hasLateral: true,
    holdsInAnyCase: (text, wanted, place) =>
      sql`(${sql.join(
        translateTexts(wanted, place).map((pattern) => sql`${text} ~ ${pattern}`),
        sql` or `,
      )})`,
    matches: (text, pattern, ignoreCase) => sql`${text} ~ ${translatePattern(ignoreCase ? `(?i)${pattern}` : pattern)}`,
    ...createAppend(pool),
    keepAlive: (workerId, everyMs) => keepAlive({ url }, workerId, everyMs),
    openChannel: (listener) => openChannel(connectionOf(url, "jobgraph channel"), listener),
    alone: (work) => alone(connection, work),
    isOneOf: (value, values, type) => sql`(${value} = any(${values}::${sql.raw(type)}[]))`,
    ofMany: (condition) => sql`(${condition})`,
    migrate: async () => (await orm.migrator.up()).map((migration) => migration.name),
    pendingSchemaChanges: () => orm.schema.getUpdateSchemaSQL({ wrap: false }),
    async close() {
      await reads.close();
      await orm.close();
    },
  };
}

/** The larger of the last analysis's count and the count since: neither is always up to date. */
const ESTIMATE_ROWS = `select c.relname as name, greatest(c.reltuples, s.n_live_tup, 0)::float as rows
  from pg_class as c left join pg_stat_user_tables as s on s.relid = c.oid
  where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace`;

import { Client, type ClientConfig } from "pg";
import { ALONE_TIMEOUT_MS, othersAreStarting } from "../alone.ts";

/** Key of the advisory lock; PostgreSQL keeps one for each database. */
const LOCK = 5_623_874_126;

/** Does work while no other process does on the same database. The lock ends with its connection, and so with its process. */
export async function alone<T>(config: ClientConfig, work: () => Promise<T>): Promise<T> {
  // A connection of its own: in a pool, waiting processes would take the places of the working one.
  const client = new Client(config);
  // The work goes on without the lock when the connection breaks; its own statements then tell that the database is away.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query(`set lock_timeout = ${ALONE_TIMEOUT_MS}`);
    await client.query("select pg_advisory_lock($1)", [LOCK]).catch((error: Error & { code?: string }) => {
      throw error.code === "55P03" ? othersAreStarting() : error;
    });
    return await work();
  } finally {
    await client.end().catch(() => undefined);
  }
}

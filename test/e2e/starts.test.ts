import { inject, expect, test } from "vitest";
import { createPostgresqlUrl } from "../support/database.ts";
import { databaseKinds, sized } from "../support/full.ts";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

const KEY = "given-key-0123456789";
const postgresqlUrl = inject("postgresqlUrl");

/** Servers that start at once. */
const SERVERS = sized(4, 10);
/** Databases on which they do, one after the other. */
const ROUNDS = sized(1, 20);

test.for(databaseKinds("postgresql"))(
  "servers that start at once on an empty database all start, and so do others on the same afterwards: %s",
  { timeout: 600_000 * ROUNDS },
  async (kind) => {
    const env = { ADMIN_TOKEN: KEY, LOG_LEVEL: "warn", SPARE_SANDBOXES: "0", SECRET_KEY: "a secret key that all servers share" };
    for (let round = 0; round < ROUNDS; round++) {
      const folder = await scratchFolder();
      const url = kind === "sqlite" ? `sqlite:${folder}/new/jobgraph.db` : await createPostgresqlUrl(postgresqlUrl!);
      for (const _ of ["empty", "migrated"]) {
        const started = await Promise.allSettled(
          Array.from({ length: SERVERS }, () => startServer({ ...env, DATABASE_URL: url })),
        );
        const failed = started.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
        expect(failed).toEqual([]);
        const servers = started.map((one) => (one as PromiseFulfilledResult<ServerProcess>).value);
        const { jobs, users } = await servers[0]!.client.query(`{ jobs(hidden: null) { name installed } users { username } }`);
        // Each exists once, with any of the servers as its creator.
        expect(users).toEqual([{ username: "admin" }]);
        expect(new Set(jobs.map(({ name }) => name)).size).toBe(jobs.length);
        expect(jobs.every(({ installed }: { installed: boolean }) => installed)).toBe(true);
        await Promise.all(servers.map((server) => server.stop()));
        for (const server of servers) expect(server.output()).not.toContain('"level":50');
      }
    }
  },
);

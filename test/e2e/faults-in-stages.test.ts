import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { post } from "../support/client.ts";
import { createPostgresqlUrl } from "../support/database.ts";
import { IS_FULL, sized } from "../support/full.ts";
import { FAULTS, type Fault, hurtPostgresql, hurtSqlite } from "../support/machines/fault.ts";
import { canRunPostgresql, openPostgresql } from "../support/machines/own-postgresql.ts";
import { SMALL_DISKS } from "../support/machines/small-disk.ts";
import { openStages, STAGES_ENV, writeStages } from "../support/approvals/stages.ts";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

/*
 * The matrix of faults: each fault, in each stage of a run's life. `test/support/approvals/stages.ts` holds a run in each stage: waiting (for
 * a slot, for a worker), claimed, running (in a slot, without, in the last place), settling (for good, for a retry), between attempts.
 *
 * | What goes wrong                       | All stages, each held                         | Stages by chance, or other ways                  |
 * | ------------------------------------- | --------------------------------------------- | ------------------------------------------------ |
 * | PostgreSQL restarts                   | "once PostgreSQL has restarted" below         | runner/worker/faults.test.ts                     |
 * | PostgreSQL is down                    | "away" below, in test:full                    | runner/worker/faults.test.ts                     |
 * | connections killed, or none left      | the two of that name below, in test:full      | runner/worker/faults.test.ts                     |
 * | statement timeout, a locked table     | the two of that name below, in test:full      | runner/worker/faults.test.ts                     |
 * | a full disk                           | "once a disk has room again" below            | runner/worker/faults.test.ts: states 53100       |
 * | a foreign lock on SQLite              | "a foreign lock" below, in test:full          | runner/worker/faults.test.ts                     |
 * | a server stands still (SIGSTOP)       | lost-in-stages.test.ts: alone, beside another | lost-servers.test.ts: its jobs go on             |
 * | a server is killed (kill -9)          | lost-in-stages.test.ts: the same host         | survive.test.ts, schedules.test.ts               |
 * | the host's name is another afterwards | lost-in-stages.test.ts: another-host          | runner/worker/leases.dialect.test.ts             |
 * | the clock is set by three hours       | clocks.test.ts                                | runs/retry.test.ts, messaging/clock.unit.test.ts |
 *
 * `npm run test:full` runs all of the matrix. There PostgreSQL is down for five seconds, and a server stands still for forty.
 */
/** Milliseconds that a fault lasts. */
const FAULT_MS = sized(1500, 5000);

const KEY = "given-key-0123456789";
const RUN = `mutation { run_job(class_path: "stages.Quick") { id } }`;
const postgresqlUrl = inject("postgresqlUrl");

/** Opens a server with a run in each stage. @returns what to do with it. */
async function open(folder: string, databaseUrl: string, within: readonly string[] = []) {
  const env = {
    ...STAGES_ENV,
    DATABASE_URL: databaseUrl,
    JOBS_ROOT: await writeStages(folder),
    ADMIN_TOKEN: KEY,
    WORKER_LEASE_SECONDS: "1",
    LOG_LEVEL: "warn",
  };
  const server = await startServer(env, { within });
  return { server, stages: await openStages(server.client, folder) };
}

/** Hurts a database while runs go on, and looks at them once it is mended. @param feel resolves once the fault is felt. @returns the server's exit code. */
async function survive(
  { server, stages }: Awaited<ReturnType<typeof open>>,
  { begin, mend }: Fault,
  feel: (server: ServerProcess) => Promise<void> = async () => undefined,
): Promise<number | null> {
  await begin();
  await feel(server);
  await stages.end();
  await stages.goOn();
  await delay(FAULT_MS);
  await mend();
  await stages.recorded(server.client);
  return server.stop();
}

const OPTIONS = { timeout: 240_000 + FAULT_MS };

test.runIf(canRunPostgresql())(
  "once PostgreSQL has restarted, runs of all stages are recorded, each attempt once",
  OPTIONS,
  async () => {
    const folder = await scratchFolder();
    const [data, log] = [join(folder, "data"), join(folder, "log")];
    await mkdir(data);
    const { databaseUrl, stop, start } = await openPostgresql({ folder: data, log });
    const exited = await survive(await open(folder, databaseUrl), { begin: stop, mend: start }, async ({ url, output }) => {
      await expect.poll(async () => (await post(url, KEY, { query: RUN })).body.errors?.[0].extensions.code).toBe("UNAVAILABLE");
      await expect.poll(output).toContain("the database is away; trying again until it is back");
    });
    expect(exited).toBe(0);
  },
);

for (const [name, { isPossible, open: openDisk }] of Object.entries(SMALL_DISKS).slice(0, sized(1, Infinity)))
  test.runIf(isPossible())(
    `once a disk has room again, runs of all stages are recorded, each attempt once: ${name}`,
    OPTIONS,
    async () => {
      const folder = await scratchFolder();
      const { databaseUrl, within, fault, says } = await openDisk(folder);
      const opened = await open(folder, databaseUrl, within);
      const exited = await survive(opened, fault(opened.server.process.pid!), async ({ url, client, output }) => {
        // PostgreSQL has room in pages that it has begun.
        const change = async () => (await post(url, KEY, { query: RUN })).body.errors?.[0].extensions.code;
        await expect.poll(change).toBe("UNAVAILABLE");
        await expect.poll(output).toContain("the database is away; trying again until it is back");
        expect((await client.query("{ job_results(limit: 1) { status } }")).job_results).toHaveLength(1);
      });
      expect(exited).toBe(0);
      expect(opened.server.output()).toContain(says);
    },
  );

test.runIf(IS_FULL).for([...(postgresqlUrl ? FAULTS.postgresql : []), ...FAULTS.sqlite])(
  "once a database can again, runs of all stages are recorded, each attempt once: %s",
  OPTIONS,
  async (name) => {
    const folder = await scratchFolder();
    if (name === "a foreign lock") {
      const databaseUrl = `sqlite:${folder}/jobgraph.db`;
      const opened = await open(folder, databaseUrl);
      expect(await survive(opened, hurtSqlite(databaseUrl).faults[name]!)).toBe(0);
      return;
    }
    const patient = await hurtPostgresql(await createPostgresqlUrl(postgresqlUrl!));
    expect(await survive(await open(folder, patient.url), patient.faults[name]!)).toBe(0);
  },
);

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { createPostgresqlUrl } from "../support/database.ts";
import { type DatabaseKind, databaseKinds, IS_FULL, sized } from "../support/full.ts";
import { hurtPostgresql, hurtSqlite } from "../support/machines/fault.ts";
import { nodeOptionsOf } from "../support/machines/machine.ts";
import { openStages, STAGES_ENV, writeStages } from "../support/approvals/stages.ts";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

/** Milliseconds that a server stands still without losing its runs. */
const STILL_MS = sized(1500, 40_000);
const postgresqlUrl = inject("postgresqlUrl");

/** A server with a run in each stage. */
async function open(kind: DatabaseKind, leaseSeconds: number) {
  const folder = await scratchFolder();
  const env = {
    ...STAGES_ENV,
    DATABASE_URL: kind === "sqlite" ? `sqlite:${folder}/jobgraph.db` : await createPostgresqlUrl(postgresqlUrl!),
    JOBS_ROOT: await writeStages(folder),
    ADMIN_TOKEN: "given-key-0123456789",
    SECRET_KEY: "a secret key that all servers share",
    WORKER_LEASE_SECONDS: String(leaseSeconds),
    LOG_LEVEL: "warn",
  };
  const server = await startServer(env);
  const stages = await openStages(server.client, folder);
  /** Stops the settling of runs in the middle: their outcome is known, and a lock keeps it from being written. */
  async function halt(): Promise<() => Promise<void>> {
    const { faults } = kind === "sqlite" ? hurtSqlite(env.DATABASE_URL) : await hurtPostgresql(env.DATABASE_URL);
    const lock = faults[kind === "sqlite" ? "a foreign lock" : "a table that is locked"]!;
    await lock.begin();
    await stages.end();
    await stages.ended();
    return lock.mend;
  }
  return { env, server, stages, halt };
}

/** Stops all threads of a server at any point. */
async function freeze({ process: { pid }, process }: ServerProcess): Promise<void> {
  process.kill("SIGSTOP");
  await expect.poll(() => execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })).toMatch(/^T/);
}

test.for([
  ...databaseKinds("postgresql").map((kind) => ({ kind, hostName: "another-host", words: "another host" })),
  // Servers of one host are killed in survive.test.ts, in every run.
  ...(IS_FULL ? databaseKinds("sqlite") : []).map((kind) => ({ kind, hostName: undefined, words: "the same host" })),
])(
  "the server that follows one that was killed records its runs of all stages, each once: $words, $kind",
  { timeout: 240_000 },
  async ({ kind, hostName }) => {
    const { env, server, stages, halt } = await open(kind, 1);
    const goOn = await halt();
    server.process.kill("SIGKILL");
    await once(server.process, "exit");
    await goOn();
    await stages.goOn();
    const next = await startServer({ ...env, ...(hostName && { NODE_OPTIONS: nodeOptionsOf({ hostName }) }) });
    const runs = await stages.recorded(next.client, true);
    if (hostName) expect(runs.map(({ worker }) => worker)).toContain(`jobgraph@${hostName}`);
    expect(next.output()).not.toContain('"level":50');
    expect(await next.stop()).toBe(0);
  },
);

test.for(databaseKinds("postgresql"))(
  "a server records the runs of all stages of one that is frozen beside it, which changes nothing when it wakes: %s",
  { timeout: 240_000 },
  async (kind) => {
    const { env, server, stages, halt } = await open(kind, 2);
    const other = await startServer(env);
    const goOn = await halt();
    await freeze(server);
    await goOn();
    await expect.poll(other.output).toContain("a worker gives no sign of life: its runs are settled");
    await stages.goOn();
    const recorded = await stages.recorded(other.client, true);
    server.process.kill("SIGCONT");
    await expect.poll(server.output).toContain("a run was no longer this worker's when it ended");
    expect(await stages.recorded(server.client, true)).toEqual(recorded);
    expect(await Promise.all([server.stop(), other.stop()])).toEqual([0, 0]);
  },
);

test.for(databaseKinds("sqlite"))(
  "a server that stands still for longer than a lease, alone, goes on with its runs of all stages: %s",
  { timeout: 240_000 + STILL_MS },
  async (kind) => {
    const { server, stages } = await open(kind, 1);
    await freeze(server);
    await stages.end();
    await delay(STILL_MS);
    server.process.kill("SIGCONT");
    await stages.goOn();
    await stages.recorded(server.client);
    expect(server.output()).not.toMatch(/no sign of life|no longer this worker's|"level":50/);
    expect(await server.stop()).toBe(0);
  },
);

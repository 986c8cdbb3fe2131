import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { reaches, start } from "../support/control.ts";
import type { TestClient } from "../support/client.ts";
import { createPostgresqlUrl } from "../support/database.ts";
import { databaseKinds, sized } from "../support/full.ts";
import { nodeOptionsOf } from "../support/machines/machine.ts";
import { createSchedule, readSchedule, runsOf } from "../support/schedules.ts";
import { openStages, STAGES_ENV, writeStages } from "../support/approvals/stages.ts";
import { scratchFolder, startServer } from "../support/machines/process.ts";

const HOUR = 3_600_000;
const iso = (time: number) => new Date(time).toISOString();
const readCreated = async (client: TestClient, id: string) =>
  (await client.query(`query ($id: ID!) { job_result(id: $id) { date_created } }`, { id })).job_result;
const postgresqlUrl = inject("postgresqlUrl");

/** Hours that the clock is ahead, one after the other; and whether a server whose clock is right shares the database. */
const SETTINGS = [
  { words: "forwards, and right again", jumps: [3, 0], isBeside: false },
  { words: "back, and right again", jumps: [-3, 0], isBeside: false },
  {
    words: "forwards, back, and right again, beside another server",
    jumps: [3, -3, 0],
    isBeside: true,
  },
]
  // The last has the jumps of the others in it.
  .slice(sized(-1, 0))
  .flatMap((setting) => databaseKinds("postgresql").map((kind) => ({ ...setting, kind })));

test.for(SETTINGS)(
  "a clock that is set loses no run of any stage and no lease, and a schedule has one run: $words, $kind",
  { timeout: 240_000 },
  async ({ jumps, isBeside, kind }) => {
    const folder = await scratchFolder();
    const clock = join(folder, "clock");
    const set = async (hours: number) => {
      // It is read all the time, and has to be whole.
      await writeFile(`${clock}.new`, String(hours * HOUR));
      await rename(`${clock}.new`, clock);
    };
    await set(0);
    const env = {
      ...STAGES_ENV,
      DATABASE_URL: kind === "sqlite" ? `sqlite:${folder}/jobgraph.db` : await createPostgresqlUrl(postgresqlUrl!),
      JOBS_ROOT: await writeStages(folder),
      ADMIN_TOKEN: "given-key-0123456789",
      SECRET_KEY: "a secret key that both servers share",
      WORKER_LEASE_SECONDS: "3",
      LOG_LEVEL: "warn",
    };
    const server = await startServer({ ...env, NODE_OPTIONS: nodeOptionsOf({ clock }) });
    const { client } = server;
    const servers = isBeside ? [server, await startServer(env)] : [server];
    const stages = await openStages(client, folder);
    const now = Date.now();
    const job_model = "stages.Quick";
    const due = await createSchedule(client, { name: "Due", job_model, interval: "FUTURE", start_time: iso(now + 2000) });
    const hourly = await createSchedule(client, {
      name: "Hourly",
      job_model,
      interval: "HOURLY",
      start_time: iso(now + HOUR / 2),
    });
    const timesRun = async (id: string) => (await readSchedule(client, id)).total_run_count;

    /** Sets the clock, and sees that the server goes by it. */
    const setAndSee = async (hours: number) => {
      await set(hours);
      const { date_created } = await readCreated(client, await start(client, job_model));
      expect((Date.parse(date_created) - Date.now()) / HOUR).toBeCloseTo(hours, 0);
    };
    const [first, ...others] = jumps;
    await setAndSee(first!);
    await stages.end();
    await reaches(client, stages.id("settling for a retry"), "RETRY");
    await stages.goOn();
    // By a clock that is ahead both are due now, and the second has missed some of its times.
    if (first! > 0) for (const { id } of [due, hourly]) await expect.poll(() => timesRun(id)).toBe(1);
    for (const hours of others) await setAndSee(hours);

    await stages.recorded(client);
    const [run] = await runsOf(client, due.id, 1);
    expect(run).toMatchObject({ status: "SUCCESS", scheduled_for: due.next_run_at });
    expect(await readSchedule(client, due.id)).toMatchObject({ state: "COMPLETED", total_run_count: 1 });
    await runsOf(client, hourly.id, first! > 0 ? 1 : 0);
    for (const one of servers) {
      expect(one.output()).not.toMatch(/no sign of life|no longer this worker's|"level":50/);
      expect(await one.stop()).toBe(0);
    }
  },
);

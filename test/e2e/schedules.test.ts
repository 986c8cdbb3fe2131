import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, onTestFailed, onTestFinished, test } from "vitest";
import { createRandom } from "../../src/cli/seed/random.ts";
import { openDatabase } from "../../src/entities/database.ts";
import { isoTime } from "../../src/entities/times/timestamp.ts";
import { createPostgresqlUrl } from "../support/database.ts";
import { drawSeed, IS_FULL, sized } from "../support/full.ts";
import { fastNow } from "../support/machines/fast-server.ts";
import { createSchedule } from "../support/schedules.ts";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

const KEY = "given-key-0123456789";
const SERVERS = 3;
const SCHEDULES = 4;
const MINUTE = 60_000;
/** Seconds of the machine's clock; each is a minute to the servers. */
const SECONDS = sized(5, 60);

const postgresqlUrl = inject("postgresqlUrl");

test.runIf(postgresqlUrl)(
  "three servers on one database, killed and started again at random: no tick of any second is lost, none has two runs",
  { timeout: 240_000 + SECONDS * 1000 },
  async () => {
    const seed = drawSeed();
    onTestFailed(() => console.log(`SEED=${seed}`));
    const random = createRandom(seed);
    const folder = await scratchFolder();
    const databaseUrl = await createPostgresqlUrl(postgresqlUrl!);
    await mkdir(join(folder, "jobs"));
    const source = `import { defineJob } from "jobgraph"; export const Own = defineJob({ name: "Own", enabled: true, isolation: "shared", run() {} });`;
    await writeFile(join(folder, "jobs", "own.ts"), source);
    const since = Date.now();
    const env = {
      DATABASE_URL: databaseUrl,
      JOBS_ROOT: join(folder, "jobs"),
      SECRET_KEY_FILE: join(folder, "secret-key"),
      FILES_ROOT: join(folder, "files"),
      ADMIN_TOKEN: KEY,
      LOG_LEVEL: "warn",
      SPARE_SANDBOXES: "0",
      FAST_SINCE: String(since),
    };
    const start = () => startServer(env, { script: "test/support/machines/fast-server.ts" });
    const first = await start();
    const began = new Map<string, number>();
    for (let n = 0; n < SCHEDULES; n++) {
      const times = { interval: "CUSTOM", crontab: "* * * * *", catch_up: "ALL" };
      const { id, next_run_at } = await createSchedule(first.client, { name: `Each ${n}`, job_model: "own.Own", ...times });
      began.set(id, Date.parse(next_run_at) / MINUTE);
    }
    const servers: ServerProcess[] = [first];
    while (servers.length < SERVERS) servers.push(await start());

    let kills = 0;
    for (const end = Date.now() + SECONDS * 1000; Date.now() < end || kills === 0;) {
      await delay(random.integer(0, 900));
      // Some, or all at once.
      const some = servers.filter(() => random.fraction() < 0.4);
      for (const server of some) {
        server.process.kill("SIGKILL");
        await once(server.process, "exit");
        servers.splice(servers.indexOf(server), 1);
        kills += 1;
      }
      while (servers.length < SERVERS) servers.push(await start());
    }
    const last = fastNow(since);
    const database = await openDatabase(databaseUrl);
    onTestFinished(() => database.close());
    const schedules = () => database.rows.selectFrom("scheduled_job").selectAll().execute();
    const areDone = async () => (await schedules()).every(({ next_run_at }) => Date.parse(isoTime(next_run_at!)) > last);
    await expect.poll(areDone).toBe(true);

    let ticks = 0;
    for (const [id, from] of began) {
      const rows = await database.rows
        .selectFrom("job_result")
        .select("scheduled_for")
        .where("scheduled_job_id", "=", id)
        .orderBy("scheduled_for")
        .execute();
      const minutes = rows
        .map(({ scheduled_for }) => Date.parse(isoTime(scheduled_for as Date)) / MINUTE)
        .filter((minute) => minute * MINUTE <= last);
      expect(minutes).toEqual(Array.from({ length: Math.floor(last / MINUTE) - from + 1 }, (_, n) => from + n));
      ticks += minutes.length;
    }
    if (IS_FULL) console.log(`${ticks} ticks of ${SCHEDULES} schedules, ${kills} kills`);
    for (const server of servers) server.process.kill("SIGKILL");
  },
);

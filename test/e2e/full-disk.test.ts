import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { post } from "../support/client.ts";
import { SMALL_DISKS } from "../support/small-disk.ts";
import { openStages, STAGES_ENV, writeStages } from "../support/stages.ts";
import { scratchFolder, startServer } from "./process.ts";

const KEY = "given-key-0123456789";
/** How long a fault lasts, in milliseconds; longer in the long run. */
const FAULT_MS = Number(process.env["FAULT_MS"] ?? 1500);
const RUN = `mutation { run_job(class_path: "stages.Quick") { id } }`;

for (const [name, { isPossible, open }] of Object.entries(SMALL_DISKS))
  test.runIf(isPossible())(
    `once a disk has room again, runs of all stages are recorded, each attempt once: ${name}`,
    { timeout: 240_000 + FAULT_MS },
    async () => {
      const folder = await scratchFolder();
      const { databaseUrl, within, fault, says } = await open(folder);
      const env = {
        ...STAGES_ENV,
        DATABASE_URL: databaseUrl,
        JOBS_ROOT: await writeStages(folder),
        ADMIN_TOKEN: KEY,
        WORKER_LEASE_SECONDS: "1",
        LOG_LEVEL: "warn",
      };
      const server = await startServer(env, { within });
      const stages = await openStages(server.client, folder);
      const { begin, mend } = fault(server.process.pid!);
      await begin();
      // PostgreSQL has room in pages that it has begun.
      const change = async () => (await post(server.url, KEY, { query: RUN })).body.errors?.[0].extensions.code;
      await expect.poll(change).toBe("UNAVAILABLE");
      await stages.end();
      await stages.goOn();
      await expect.poll(server.output).toContain("the database is away; trying again until it is back");
      await delay(FAULT_MS);
      expect((await server.client.query("{ job_results(limit: 1) { status } }")).job_results).toHaveLength(1);
      await mend();
      await stages.recorded(server.client);
      expect(server.output()).toContain(says);
      expect(await server.stop()).toBe(0);
    },
  );

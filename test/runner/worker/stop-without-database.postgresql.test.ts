import { expect, test } from "vitest";
import { openTestApp, restart } from "../../support/app.ts";
import { finished } from "../../support/control.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { hurtPostgresql } from "../../support/machines/fault.ts";
import { databaseOf } from "../../support/rows.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "jobs.ts": `export const Quick = defineJob({ name: "Quick", enabled: true, run: ({ logger }) => { logger.info("quick"); } });`,
};

// On SQLite each statement waits for its lock for five seconds before it fails.
test("a server stops also while it cannot settle the run of a dead worker", async () => {
  const url = await freshDatabaseUrl();
  const fault = (await hurtPostgresql(url)).faults["disk full for lines"]!;
  const app = await openTestApp(JOBS, { databaseUrl: url, leaseMs: 300 });
  const database = await databaseOf(app);
  const { id } = await runToEnd(app.client, "jobs.Quick");
  const own = await database.rows.selectFrom("worker").select("id").executeTakeFirstOrThrow();
  await database.rows
    .updateTable("job_result")
    .set({ status: "STARTED", date_done: null, worker_id: own.id })
    .where("id", "=", id)
    .execute();
  await fault.begin();
  await expect.poll(() => app.logged.map(({ msg }) => msg)).toContain("the database is away; trying again until it is back");
  await app.close();
  await fault.mend();
  const again = await restart(app, { leaseMs: 300 });
  expect(await finished(again.client, id)).toMatchObject({ status: "FAILURE", error: { type: "WorkerLost" } });
});

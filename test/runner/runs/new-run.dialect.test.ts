import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../src/entities/database.ts";
import { Job, JobResult } from "../../../src/entities/index.ts";
import { createVault } from "../../../src/runner/index.ts";
import { newRun, storeRuns } from "../../../src/runner/runs/new-run.ts";
import { freshDatabaseUrl } from "../../support/database.ts";

test("an admitted run has the model's defaults in every column", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  const em = database.fork();
  const named = { name: "Job", moduleName: "a", jobClassName: "B", grouping: "a", maxConcurrent: null };
  const job = em.create(Job, { ...named, softTimeLimit: 0, timeLimit: 0 }, { partial: true });
  const celeryKwargs = { queue: "default", dryrun: false, console_log: false, soft_time_limit: 1, time_limit: 2 };
  const byModel = em.create(
    JobResult,
    { jobModel: job, name: "Job", taskName: "a.B", taskKwargs: { x: [1] }, celeryKwargs },
    { partial: true },
  );
  await em.flush();
  const deps = {
    clock: { now: () => 0, wakeAt: () => () => undefined },
    timeLimits: { softMs: 1000, hardMs: 2000 },
    vault: createVault(""),
  };
  const byGate = await newRun(deps, em, { job, queue: "default", data: { x: [1] }, userId: null });
  await storeRuns(em, [byGate]);
  const read = async (id: string) => {
    const {
      id: _,
      date_created: __,
      ...row
    } = await database.rows.selectFrom("job_result").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    return row;
  };
  expect(await read(byGate.row.id)).toEqual(await read(byModel.id));
});

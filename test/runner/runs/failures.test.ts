import { sql } from "kysely";
import { expect, inject, onTestFinished, test } from "vitest";
import { openTestApp, writeJobs } from "../../support/app.ts";
import { finished, start, startAndHear } from "../../support/control.ts";
import { databaseOf } from "../../support/rows.ts";

/* Failures of runs whose job's code threw nothing. Those of limits, cancels, retries, lost servers and refused starts have tests of their own. */

const job = (name: string, run: string) => `export const ${name} = defineJob({ name: "${name}", enabled: true, run: ${run} });\n`;
const QUICK = job("Quick", `() => "done"`);
const LOOPS = job("Loops", `({ logger }) => { logger.info("looping"); for (;;); }`);

test.for([
  ["is gone", {}, "The source of jobs.Quick was no longer installed when the run started."],
  [
    "does not load",
    { "jobs.ts": "const" },
    /^The source of jobs\.Quick did not load when the run started: .*jobs\.ts.*SyntaxError/,
  ],
] as const)("a run that waited fails when its job's file %s at the next start", async ([, files, message]) => {
  const first = await openTestApp({ "jobs.ts": QUICK + LOOPS }, { workerConcurrency: 1 });
  const stopped = await startAndHear(first.client, "jobs.Loops");
  const waiting = await start(first.client, "jobs.Quick");
  await first.close();
  const { databaseUrl } = first.config;
  const { client } = await openTestApp({}, { databaseUrl, jobsRoot: await writeJobs(files) });
  expect(await finished(client, stopped)).toMatchObject({
    status: "FAILURE",
    error: { type: "WorkerShutdown", traceback: expect.stringContaining("WorkerShutdown: ") },
  });
  expect(await finished(client, waiting)).toMatchObject({
    status: "FAILURE",
    error: {
      type: "JobNotInstalled",
      message: typeof message === "string" ? message : expect.stringMatching(message),
      traceback: expect.stringContaining("JobNotInstalled: "),
    },
  });
});

const ON_SQLITE = inject("databaseUrl").startsWith("sqlite:");
const REFUSES_SUCCESS = ON_SQLITE
  ? [`create trigger refuse before update on job_result when new.status = 'SUCCESS' begin select raise(abort, 'no room'); end`]
  : [
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$`,
      `create trigger refuse before update on job_result for each row when (new.status = 'SUCCESS') execute function refuse()`,
    ];
const MENDED = ON_SQLITE ? "drop trigger refuse" : "drop function refuse cascade";

test("a run whose outcome no database takes fails, and says why", async () => {
  const app = await openTestApp({ "jobs.ts": QUICK });
  const database = await databaseOf(app);
  for (const statement of REFUSES_SUCCESS) await sql.raw(statement).execute(database.rows);
  // The next test has the same database, without its rows.
  onTestFinished(async () => void (await sql.raw(MENDED).execute(database.rows)));
  expect(await finished(app.client, await start(app.client, "jobs.Quick"))).toMatchObject({
    status: "FAILURE",
    error: {
      type: "OutcomeNotRecorded",
      message: expect.stringContaining("no room"),
      traceback: expect.stringContaining("OutcomeNotRecorded: "),
    },
  });
});

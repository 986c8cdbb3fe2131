import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { openTestApp, type TestApp } from "../../support/app.ts";
import { finished, start } from "../../support/control.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { sized } from "../../support/full.ts";
import { FAULTS, type Fault, hurtPostgresql, hurtSqlite, type Patient } from "../../support/machines/fault.ts";

/** Milliseconds that a fault lasts. */
const FAULT_MS = sized(1500, 5000);

/** Each attempt of a run leaves its mark in a file: an effect that nobody can take back. */
const jobs = (marks: string) => `
import { appendFileSync } from "node:fs";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const job = (name, pauseMs, more = {}, end = () => "done") => defineJob({ name, enabled: true, consoleLogDefault: true, ...more,
  async run({ logger, jobResult, progress }) {
    appendFileSync(${JSON.stringify(marks)}, jobResult.id + "\\n");
    for (let n = 1; n <= 60; n++) {
      logger.info("line " + n); console.log("printed " + n); progress(n, 60);
      await pause(pauseMs);
    }
    return end();
  } });
const fails = () => { throw new Error("on purpose"); };
export const Runs = job("Runs", 20);
export const Settles = job("Settles", 2);
export const Retries = job("Retries", 1, { retry: { limit: 1, backoff: 0.5 } }, fails);
export const InTurn = job("In turn", 3, { maxConcurrent: 1, onLimit: "queue" });
`;

/** Runs that are in different moments of their lives when a fault begins: running, settling, between attempts, waiting for a slot or a worker. */
const RUNS = ["Runs", "Settles", "Retries", "InTurn", "InTurn", "Settles", "Runs", "Retries"];

const STATE = `query ($ids: [String]!) { job_results(id: $ids, sort: ["date_created", "id"]) {
  id name status attempt date_done waits_for_slot progress { done } info_log_count error_log_count warning_log_count
  job_log_entries { sequence message } job_console_entries { sequence } } }`;

async function open(patient: Patient): Promise<{ app: TestApp; marks: string }> {
  const marks = join(inject("scratch"), `marks-${crypto.randomUUID()}`);
  // A lease that no busy machine passes: nobody is to be found dead here.
  const app = await openTestApp(
    { "jobs.ts": jobs(marks) },
    { databaseUrl: patient.url, workerConcurrency: 4, sandbox: "thread", leaseMs: 30_000 },
  );
  return { app, marks };
}

/** Runs jobs, hurts the database meanwhile, and looks at all of them once it is mended. @returns the status of one that comes after. */
async function survive(patient: Patient, fault: Fault): Promise<string> {
  const { app, marks } = await open(patient);
  const ids: string[] = [];
  for (const name of RUNS) ids.push(await start(app.client, `jobs.${name}`));
  await app.client.followLog(ids[0]!, { limit: 1 });
  await fault.begin();
  await delay(FAULT_MS);
  await fault.mend();
  await expect
    .poll(async () => (await app.client.query(STATE, { ids })).job_results.every((run) => run.date_done !== null))
    .toBe(true);
  const { job_results } = await app.client.query(STATE, { ids });
  const executed = (await readFile(marks, "utf8")).trim().split("\n");
  for (const run of job_results) {
    const isRetried = run.name === "Retries";
    expect(run).toMatchObject({ status: isRetried ? "FAILURE" : "SUCCESS", attempt: isRetried ? 2 : 1, progress: { done: 60 } });
    expect(run.waits_for_slot).not.toBe(true);
    expect(executed.filter((id) => id === run.id)).toHaveLength(run.attempt);
    const sequences = (rows: { sequence: number }[]) => rows.map(({ sequence }) => sequence);
    const upTo = (length: number) => Array.from({ length }, (_, n) => n + 1);
    // Between two attempts the server says that the second begins.
    expect(sequences(run.job_log_entries)).toEqual(upTo(isRetried ? 121 : 60));
    expect(run.info_log_count).toBe(isRetried ? 121 : 60);
    const printed = sequences(run.job_console_entries);
    expect(printed).toEqual(upTo(printed.length));
  }
  // No slot is held, and nobody is in the way of the next.
  return (await finished(app.client, await start(app.client, "jobs.InTurn"))).status;
}

const isSqlite = inject("databaseUrl").startsWith("sqlite:");
test.for<string>(FAULTS[isSqlite ? "sqlite" : "postgresql"])(
  "once the database can again, every run is recorded, each attempt once: %s",
  async (name) => {
    const url = await freshDatabaseUrl();
    const patient = isSqlite ? hurtSqlite(url) : await hurtPostgresql(url);
    expect(await survive(patient, patient.faults[name]!)).toBe("SUCCESS");
  },
);

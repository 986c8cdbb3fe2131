import { expect, test } from "vitest";
import { readOptions, type SeedOptions } from "../../src/cli/seed/options.ts";
import { fill } from "../../src/cli/seed/fill.ts";
import { openDatabase } from "../../src/entities/database.ts";
import { StartError } from "../../src/errors.ts";
import { openTestApp } from "../support/app.ts";
import { freshDatabaseUrl } from "../support/database.ts";
import { ENDING, expectOneFailure } from "../support/failures.ts";

const UNTIL = new Date("2026-11-24T12:00:00.000Z");
const SMALL: SeedOptions = { jobs: 20, results: 40, lines: 30, longResult: 100, seed: 7 };

async function seeded(options: SeedOptions, databaseUrl?: string): Promise<string> {
  const url = databaseUrl ?? (await freshDatabaseUrl());
  const database = await openDatabase(url);
  await fill(database, options, UNTIL);
  await database.close();
  return url;
}

/** Everything that was made up, as the API tells it. */
async function content(databaseUrl: string) {
  const { client, close } = await openTestApp({}, { databaseUrl });
  const data = await client.query(`{
    jobs(hidden: null) { name grouping description class_path installed enabled hidden read_only default_job_queue { name }
      job_queue_assignments { job { name } job_queue { name queue_type } } }
    job_results { name task_name status date_created date_started date_done ${ENDING} task_args task_kwargs celery_kwargs worker
      debug_log_count info_log_count success_log_count warning_log_count error_log_count
      job_model { name } user { username }
      job_log_entries { sequence log_level grouping message created log_object absolute_url } } }`);
  await close();
  for (const job of data.jobs) job.job_queue_assignments.sort((a, b) => a.job_queue.name.localeCompare(b.job_queue.name));
  return data;
}

test("the same arguments make the same content, in an empty database and in place of an earlier seed", async () => {
  const first = await seeded(SMALL);
  const expected = await content(first);
  expect(expected.jobs).toHaveLength(20);
  expect(expected.job_results).toHaveLength(41);
  expect(await content(await seeded(SMALL))).toEqual(expected);
  await seeded({ ...SMALL, jobs: 3, seed: 8 }, first);
  expect(await content(first)).not.toEqual(expected);
  expect(await content(await seeded(SMALL, first))).toEqual(expected);
});

test("counts agree with the lines, sequences have no gap, and times follow each other", async () => {
  const { job_results } = await content(await seeded(SMALL));
  expect(job_results[0]!.job_log_entries).toHaveLength(100);
  for (const run of job_results) {
    const levels = run.job_log_entries.map((line) => line.log_level);
    const count = (...among: string[]) => levels.filter((level: string) => among.includes(level)).length;
    expect(run).toMatchObject({
      debug_log_count: count("DEBUG"),
      info_log_count: count("INFO"),
      success_log_count: count("SUCCESS"),
      warning_log_count: count("WARNING"),
      error_log_count: count("FAILURE", "ERROR", "CRITICAL"),
    });
    expect(run.job_log_entries.map((line) => line.sequence)).toEqual(levels.map((_: string, index: number) => index + 1));
    const times = [run.date_created, run.date_started, ...run.job_log_entries.map((line) => line.created), run.date_done];
    expect(times).toEqual(times.toSorted());
    expect(times.at(-1)! < UNTIL.toISOString()).toBe(true);
    expect(run.status === "FAILURE").toBe(run.traceback !== null);
    expectOneFailure(run);
  }
});

test("rows from elsewhere stay, and a job that has a name keeps it", async () => {
  const job = (name: string) => `export const Mine = defineJob({ name: "${name}", run() {} });`;
  const { config, close } = await openTestApp({ "seedling.ts": job("Back Up Configurations") });
  await close();
  const { databaseUrl } = config;
  await seeded(SMALL, databaseUrl);
  await seeded({ ...SMALL, jobs: 1, results: 0, longResult: 0 }, databaseUrl);
  const { jobs, job_results } = await content(databaseUrl);
  expect(jobs.map((one) => [one.class_path, one.name])).toEqual([
    ["seed_configuration.BackUpConfigurations", "Back Up Configurations (2)"],
    ["seedling.Mine", "Back Up Configurations"],
  ]);
  expect(job_results).toEqual([]);
});

test("a command line is read, or refused by name", () => {
  expect(readOptions([])).toEqual({ jobs: 18, results: 2000, lines: 50, longResult: 0, seed: 1 });
  expect(readOptions(["--results", "10", "--long-result=5", "--seed", "3"])).toEqual({
    jobs: 18,
    results: 10,
    lines: 50,
    longResult: 5,
    seed: 3,
  });
  expect(readOptions(["--help"])).toBeUndefined();
  for (const [args, sentence] of [
    [["--lines", "many"], '--lines must be a whole number from 0 to 10000000, and is "many".'],
    [["--jobs", "0"], "--jobs must be a whole number from 1 to 10000"],
    [["--results=-1"], 'and is "-1"'],
    [["--runs", "3"], "Unknown option '--runs'"],
    [["3"], "Unexpected argument '3'"],
  ] as const) {
    expect(() => readOptions(args)).toThrow(StartError);
    expect(() => readOptions(args)).toThrow(sentence);
  }
});

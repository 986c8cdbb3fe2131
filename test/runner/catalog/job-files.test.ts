import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTestApp, restart, SYSTEM_JOBS, type TestApp, writeJobs } from "../../support/app.ts";
import { createTestClock } from "../../support/clock.ts";
import { createSchedule, readSchedule, runsOf, updateSchedule } from "../../support/schedules.ts";
import { runToEnd } from "../../support/runs.ts";

const HOUR = 3_600_000;
const job = (name: string, more = "") =>
  `export const ${name} = defineJob({ name: "${name}", enabled: true, description: "first", ${more} run: () => "${name}" });\n`;
const GOOD = job("A") + job("B") + job("C");

/** The file `a.ts` when it does not load: its text under the import line, other files, and the place and reason that are told. */
const BROKEN: [string, { text: string; others?: Record<string, string>; place: string; reason: string }][] = [
  [
    "a missing bracket",
    { text: "export const f = () => { return (1;\n};", place: "a.ts:2", reason: "SyntaxError: Expected ','" },
  ],
  ["a missing file", { text: '\nimport { x } from "./nope.ts";', place: "a.ts:3", reason: "Cannot find module 'nope.ts'" }],
  [
    "a missing package",
    { text: "\n\nimport 'no-such-package';", place: "a.ts:4", reason: "Cannot find package 'no-such-package'" },
  ],
  [
    "a missing export",
    {
      text: 'import { x } from "./help.ts";',
      others: { "help.ts": "export const y = 1;" },
      place: "a.ts:2",
      reason: "does not provide an export named 'x'",
    },
  ],
  [
    "one wrong definition among three",
    { text: `${job("A")}${job("B", "timeLimt: 3,")}${job("C")}`, place: "a.ts:3:18", reason: "TypeError: defineJob" },
  ],
  ["a throw", { text: '\n\nthrow new Error("no inventory");', place: "a.ts:4:7", reason: "Error: no inventory" }],
  ["an enum", { text: "enum Kind { A }", place: "a.ts:2", reason: "enum is not supported" }],
  ["a name that is taken", { text: "const x = 1;\nconst x = 2;", place: "a.ts:3", reason: "already been declared" }],
  [
    "a throw in a file that it imports",
    {
      text: 'import "./lib/help.ts";',
      others: { "lib/help.ts": "const read = () => { throw new RangeError('too far') };\nread();" },
      place: "lib/help.ts:2:28",
      reason: "RangeError: too far",
    },
  ],
  ["an exit", { text: "process.exit(0);", place: "a.ts", reason: "process.exit(0)" }],
  ["a value that is no error", { text: "throw { code: 3 };", place: "a.ts", reason: "threw { code: 3 }" }],
];

const refresh = async ({ client }: TestApp) => (await client.query(`mutation { refresh_jobs { name load_error } }`)).refresh_jobs;
const readJobs = async ({ client }: TestApp) =>
  (await client.query(`{ jobs { name installed enabled runnable description load_error } }`)).jobs;

test.for(BROKEN)("a file with %s leaves its jobs and schedules as they were, and says where and why", async ([, how]) => {
  const { text, others = {}, place, reason } = how;
  const clock = createTestClock();
  const app = await openTestApp({ "a.ts": GOOD, "b.ts": job("Other") }, SYSTEM_JOBS, clock);
  const { client, config } = app;
  const start = Math.ceil(clock.now() / HOUR) * HOUR + HOUR;
  const schedule = await createSchedule(client, {
    job_model: "a.A",
    interval: "HOURLY",
    start_time: new Date(start).toISOString(),
  });
  const before = await readJobs(app);

  await writeJobs({ ...others, "a.ts": text }, config.jobsRoot);
  const told = (await refresh(app)).filter((found) => found.name !== "Other");
  expect(told.map((found) => found.name)).toEqual(["A", "B", "C"]);
  const error = told[0]!.load_error;
  expect(error).toMatch(new RegExp(`^${place.replaceAll(".", "\\.")}(:\\d+)?: `));
  expect(error).toContain(reason);
  expect(error).not.toContain(config.jobsRoot);
  const kept = before.map((found) => ("ABC".includes(found.name) ? { ...found, load_error: error, runnable: false } : found));
  expect(await readJobs(app)).toEqual(kept);
  expect((await client.query(`{ job_files { path jobs error } }`)).job_files).toEqual([
    { path: "a.ts", jobs: ["a.A", "a.B", "a.C"], error },
    { path: "b.ts", jobs: ["b.Other"], error: null },
    ...Object.keys(others).map((path) => ({ path, jobs: [], error: path === "lib/help.ts" ? error : null })),
  ]);
  expect(await readSchedule(client, schedule.id)).toEqual(schedule);
  const refused = await client.refused(`mutation { run_job(class_path: "a.A") { id } }`);
  expect(refused.extensions.code).toBe("JOB_NOT_INSTALLED");
  expect(refused.message).toContain(error);

  const { status, result } = await runToEnd(client, "jobgraph.refresh_jobs.RefreshJobs");
  expect(status).toBe("FAILURE");
  expect(JSON.stringify(result)).toContain(JSON.stringify(error).slice(1, -1));

  // A time that comes meanwhile has a run that says so, and the schedule goes on; also when the server starts anew.
  clock.advance(start - clock.now() + 100);
  const [missed] = await runsOf(client, schedule.id, 1);
  expect(missed).toMatchObject({ status: "FAILURE" });
  expect(JSON.stringify(missed!.result)).toContain("does not load");
  const again = await restart(app);
  expect(await readJobs(again)).toEqual(kept);
  expect(await readSchedule(again.client, schedule.id)).toMatchObject({ enabled: true, state: "ACTIVE" });

  await writeJobs({ "a.ts": GOOD.replaceAll("first", "mended"), "help.ts": "", "lib/help.ts": "" }, config.jobsRoot);
  expect(await refresh(again)).toEqual(["A", "B", "C"].map((name) => ({ name, load_error: null })));
  expect(await readJobs(again)).toEqual(
    before.map((found) => ("ABC".includes(found.name) ? { ...found, description: "mended" } : found)),
  );
  expect(await runToEnd(again.client, "a.A")).toMatchObject({ status: "SUCCESS" });
  expect(await readSchedule(again.client, schedule.id)).toMatchObject({ enabled: true, state: "ACTIVE" });
});

test("JavaScript says its line, too", async () => {
  const app = await openTestApp({ "ok.ts": job("Ok") });
  await writeFile(join(app.config.jobsRoot, "plain.js"), "export const a = 1;\nexport const f = () => (1;\n");
  await writeFile(join(app.config.jobsRoot, "twice.mjs"), "export const a = 1;\n\nconst a = 2;\n");
  expect(await refresh(app)).toEqual([]);
  expect((await app.client.query(`{ job_files { path jobs error } }`)).job_files).toEqual([
    { path: "ok.ts", jobs: ["ok.Ok"], error: null },
    { path: "plain.js", jobs: [], error: "plain.js:2: SyntaxError: Unexpected token ';'" },
    { path: "twice.mjs", jobs: [], error: "twice.mjs:3: SyntaxError: Identifier 'a' has already been declared" },
  ]);
});

test("Refresh Jobs names every file that does not load in its log, and all other changes", async () => {
  const app = await openTestApp({ "a.ts": job("A"), "b.ts": job("B") }, SYSTEM_JOBS);
  await writeJobs(
    {
      "a.ts": "throw new Error('one')",
      "new.ts": "throw new Error('two')",
      "b.ts": job("B", "timeLimit: 7,"),
      "jobgraph.ts": job("J"),
    },
    app.config.jobsRoot,
  );
  const run = await runToEnd(app.client, "jobgraph.refresh_jobs.RefreshJobs");
  const { job_log_entries } = await app.client.query(
    `{ job_log_entries(job_result: "${run.id}", sort: "sequence") { log_level log_object message } }`,
  );
  expect(job_log_entries.map((line: any) => [line.log_level, line.log_object, line.message])).toEqual(
    expect.arrayContaining([
      ["INFO", "A", "Changed: load_error"],
      ["INFO", "B", "Changed: time_limit"],
      ["ERROR", "a.ts", "a.ts:2:7: Error: one"],
      ["ERROR", "new.ts", "new.ts:2:7: Error: two"],
      ["ERROR", "jobgraph.ts", `jobgraph.ts: "jobgraph" is the server's own name: give the file another.`],
    ]),
  );
  expect(run.status).toBe("FAILURE");
  expect(JSON.stringify(run.result)).toContain("3 job files do not load");
});

test("schedules of a job come back with it, from now on; one whose only time has passed does not", async () => {
  const clock = createTestClock();
  const app = await openTestApp({ "a.ts": job("A") }, {}, clock);
  const { client, config } = app;
  const start = Math.ceil(clock.now() / HOUR) * HOUR + HOUR;
  const iso = (hours: number) => new Date(start + hours * HOUR).toISOString();
  const make = (name: string, more: object) => createSchedule(client, { name, job_model: "a.A", start_time: iso(0), ...more });
  const hourly = await make("Hourly", { interval: "HOURLY" });
  const once = await make("Once", { interval: "FUTURE" });
  const later = await make("Later", { interval: "FUTURE" });
  const off = await make("Off", { interval: "HOURLY", enabled: false });
  const state = async ({ id }: { id: string }) => {
    const { enabled, next_run_at } = await readSchedule(client, id);
    return [enabled, next_run_at];
  };
  await rm(join(config.jobsRoot, "a.ts"));
  await refresh(app);
  // Another time is no word on whether it is on.
  await updateSchedule(client, later.id, { start_time: iso(5) });
  for (const one of [hourly, once, later, off]) expect(await state(one)).toEqual([false, null]);
  clock.advance(start + HOUR / 2 - clock.now());
  await writeJobs({ "a.ts": job("A") }, config.jobsRoot);
  await refresh(app);
  expect(await state(hourly)).toEqual([true, iso(1)]);
  expect(await state(once)).toEqual([false, null]);
  expect(await state(later)).toEqual([true, iso(5)]);
  expect(await state(off)).toEqual([false, null]);
  clock.advance(HOUR / 2 + 100);
  expect((await runsOf(client, hourly.id, 1)).map((run) => run.scheduled_for)).toEqual([iso(1)]);
});

import { expect, test } from "vitest";
import { openTestApp, restart } from "../../support/app.ts";
import { readLog } from "../../support/changes.ts";
import { createTestClock } from "../../support/clock.ts";
import { databaseOf } from "../../support/rows.ts";
import { act, createSchedule, readSchedule, runsOf, updateSchedule } from "../../support/schedules.ts";

const JOBS = {
  "jobs.ts": `
const job = (name, more = {}, run = () => name) => defineJob({ name, run, enabled: true, isolation: "shared", ...more });
export const Plain = job("Plain", { taskQueues: ["default", "fast"] }, () => "ran");
export const Typed = job("Typed", { variables: z.object({ site: z.string(), count: z.int().default(1) }), supportsDryrun: true }, ({ data, dryRun }) => ({ ...data, dryRun }));
export const Single = job("Single", { isSingleton: true });
`,
};
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Returns the next full hour but one: a schedule that starts then is still to come, at any time of the clock. */
const startOf = (now: number) => new Date(Math.ceil(now / HOUR) * HOUR + HOUR);
const iso = (time: number) => new Date(time).toISOString();

async function setup() {
  const clock = createTestClock();
  const app = await openTestApp(JOBS, {}, clock);
  const start = startOf(clock.now()).getTime();
  /** Moves the clock a moment past a time. */
  const until = (time: number) => clock.advance(time - clock.now() + 100);
  return { ...app, clock, start, until };
}

test("a schedule runs its job when its time comes, with its inputs, as its user, and says when it does next", async () => {
  const { client, start, until } = await setup();
  const made = await createSchedule(client, {
    job_model: "jobs.Typed",
    interval: "DAILY",
    start_time: iso(start),
    kwargs: { site: "a" },
    dryrun: true,
  });
  expect(made).toMatchObject({ next_run_at: iso(start), total_run_count: 0, last_run_at: null, state: "ACTIVE", enabled: true });
  until(start);
  const [run] = await runsOf(client, made.id, 1);
  expect(run).toMatchObject({
    status: "SUCCESS",
    scheduled_for: iso(start),
    user: { username: "admin" },
    result: { site: "a", count: 1, dryRun: true },
  });
  expect(await readSchedule(client, made.id)).toMatchObject({
    next_run_at: iso(start + DAY),
    total_run_count: 1,
    date_changed: made.date_changed,
  });
  until(start + DAY);
  expect((await runsOf(client, made.id, 2)).map((one) => one.scheduled_for)).toEqual([iso(start), iso(start + DAY)]);
});

test("one that is run once is over with its run, and the log says so; a new time has it run again", async () => {
  const { client, start, until } = await setup();
  const once = await createSchedule(client, { job_model: "Plain", interval: "FUTURE", start_time: iso(start) });
  const now = await createSchedule(client, { name: "Now", job_model: "Plain", interval: "IMMEDIATELY" });
  await runsOf(client, now.id, 1);
  until(start);
  await runsOf(client, once.id, 1);
  for (const { id } of [now, once])
    expect(await readSchedule(client, id)).toMatchObject({
      enabled: false,
      state: "COMPLETED",
      next_run_at: null,
      total_run_count: 1,
      one_off: true,
    });
  const log = await readLog(client, `changed_object_id: "${once.id}"`);
  expect(log.map(({ action, change_context_detail: why, differences }) => [action, why, differences.added?.["state"]])).toEqual([
    ["CREATE", "", "ACTIVE"],
    ["UPDATE", "there is no further time at which it runs", "COMPLETED"],
  ]);
  const refused = await client.refused(`mutation { resume_scheduled_job(id: "${once.id}") { id } }`);
  expect(refused.extensions).toMatchObject({ code: "INVALID_SCHEDULE", details: [{ field: "data.enabled" }] });
  expect(await updateSchedule(client, once.id, { description: "old" })).toMatchObject({ state: "COMPLETED", enabled: false });
  const again = await updateSchedule(client, once.id, { start_time: iso(start + DAY) });
  expect(again).toMatchObject({ state: "ACTIVE", enabled: true, next_run_at: iso(start + DAY) });
  until(start + DAY);
  await runsOf(client, once.id, 2);
});

test("ticks that are missed without a server are made up for as each schedule says", async () => {
  const first = await setup();
  const { client, start } = first;
  const made: any = {};
  for (const catchUp of ["SKIP", "ONE", "ALL"])
    made[catchUp] = await createSchedule(client, {
      name: catchUp,
      job_model: "Plain",
      interval: "HOURLY",
      start_time: iso(start),
      catch_up: catchUp,
    });
  const ended = await createSchedule(client, {
    name: "Once",
    job_model: "Plain",
    interval: "FUTURE",
    start_time: iso(start),
    catch_up: "SKIP",
  });
  await first.close();
  const clock = createTestClock();
  clock.advance(start + 3 * HOUR + 2 * MINUTE - clock.now());
  const again = await openTestApp({}, { databaseUrl: first.config.databaseUrl, jobsRoot: first.config.jobsRoot }, clock);
  const times = async (catchUp: string, count: number) =>
    (await runsOf(again.client, made[catchUp].id, count)).map((run) => (Date.parse(run.scheduled_for) - start) / HOUR);
  expect(await times("ALL", 4)).toEqual([0, 1, 2, 3]);
  expect(await times("ONE", 1)).toEqual([0]);
  clock.advance(start + 4 * HOUR - clock.now() + 100);
  expect(await times("ALL", 5)).toEqual([0, 1, 2, 3, 4]);
  expect(await times("ONE", 2)).toEqual([0, 4]);
  expect(await times("SKIP", 1)).toEqual([4]);
  expect(await runsOf(again.client, ended.id, 0)).toEqual([]);
  expect(await readSchedule(again.client, ended.id)).toMatchObject({ state: "ERRORED", enabled: false, total_run_count: 0 });
});

test("a pause is not made up for, and neither it nor a change loses a tick of that moment", async () => {
  const { client, start, until, clock } = await setup();
  const hourly = { job_model: "Plain", interval: "HOURLY", start_time: iso(start), catch_up: "ALL" };
  const { id } = await createSchedule(client, hourly);
  expect(await act(client, "pause_scheduled_job", id)).toMatchObject({ enabled: false, next_run_at: null });
  until(start + 2 * HOUR);
  expect(await act(client, "resume_scheduled_job", id)).toMatchObject({ enabled: true, next_run_at: iso(start + 3 * HOUR) });
  // The clock shows the time, and nobody has been woken yet.
  clock.pass(start + 3 * HOUR - clock.now() + 5);
  expect(await act(client, "pause_scheduled_job", id)).toMatchObject({ enabled: false, total_run_count: 1 });
  expect((await runsOf(client, id, 1))[0]!.scheduled_for).toBe(iso(start + 3 * HOUR));
  expect(await act(client, "resume_scheduled_job", id)).toMatchObject({ next_run_at: iso(start + 4 * HOUR) });
  clock.pass(start + 4 * HOUR - clock.now() + 5);
  expect(await updateSchedule(client, id, { description: "Changed" })).toMatchObject({ description: "Changed" });
  const changed = await updateSchedule(client, id, { interval: "CUSTOM", crontab: "30 * * * *" });
  expect(changed).toMatchObject({ next_run_at: iso(start + 4.5 * HOUR), total_run_count: 2 });
  expect((await runsOf(client, id, 2)).at(-1)!.scheduled_for).toBe(iso(start + 4 * HOUR));
});

test("a run by hand belongs to its requester, and leaves the schedule's times and counts alone", async () => {
  const { client, start } = await setup();
  const made = await createSchedule(client, {
    job_model: "Typed",
    interval: "DAILY",
    start_time: iso(start),
    kwargs: { site: "a" },
  });
  await act(client, "pause_scheduled_job", made.id);
  const paused = await readSchedule(client, made.id);
  await act(client, "run_scheduled_job_now", made.id, "id");
  const [run] = await runsOf(client, made.id, 1);
  expect(run).toMatchObject({ status: "SUCCESS", scheduled_for: null, task_kwargs: { site: "a" } });
  expect(await readSchedule(client, made.id)).toEqual(paused);
});

test("a time that the gate refuses has a run that failed and says why", async () => {
  const { client, start, until, config } = await setup();
  const database = await databaseOf({ config } as never);
  const daily = { interval: "DAILY", start_time: iso(start) };
  const { id } = await createSchedule(client, { ...daily, job_model: "Typed", kwargs: { site: "a" } });
  const single = await createSchedule(client, { ...daily, name: "Single", job_model: "Single" });
  const job = (values: object) => database.rows.updateTable("job").set(values).where("job_class_name", "=", "Typed").execute();
  const user = (values: object) => database.rows.updateTable("user").set(values).execute();
  const run = await client.query(`mutation { run_job(name: "Single") { id } }`);
  await client.followLog(run.run_job.id);
  await database.rows.updateTable("job_result").set({ status: "STARTED" }).where("id", "=", run.run_job.id).execute();
  const on = config.databaseUrl.startsWith("sqlite:") ? 1 : true;
  const off = config.databaseUrl.startsWith("sqlite:") ? 0 : false;
  const refusals: [change: () => Promise<unknown>, back: () => Promise<unknown>, code: string][] = [
    [() => job({ enabled: off }), () => job({ enabled: on }), "JOB_NOT_ENABLED"],
    [() => job({ installed: off }), () => job({ installed: on }), "JOB_NOT_INSTALLED"],
    [() => job({ has_sensitive_variables: on }), () => job({ has_sensitive_variables: off }), "INVALID_SCHEDULE"],
    [
      () => database.rows.updateTable("scheduled_job").set({ kwargs: `{"site":7}` }).where("id", "=", id).execute(),
      () => database.rows.updateTable("scheduled_job").set({ kwargs: `{"site":"a"}` }).where("id", "=", id).execute(),
      "BAD_USER_INPUT",
    ],
    [() => user({ is_active: off }), () => user({ is_active: on }), "FORBIDDEN"],
    [
      () => database.rows.updateTable("scheduled_job").set({ user_id: null }).where("id", "=", id).execute(),
      async () => undefined,
      "FORBIDDEN",
    ],
    [
      () => database.rows.updateTable("scheduled_job").set({ job_model_id: null }).where("id", "=", id).execute(),
      async () => undefined,
      "NOT_FOUND",
    ],
  ];
  for (const [day, [change, back, code]] of refusals.entries()) {
    await change();
    until(start + day * DAY);
    await expect
      .poll(
        async () =>
          (await database.rows.selectFrom("job_result").where("scheduled_job_id", "=", id).selectAll().execute()).length,
      )
      .toBe(day + 1);
    await back();
    const runs = await runsOf(client, id, day + 1);
    expect(runs.at(-1)).toMatchObject({
      status: "FAILURE",
      scheduled_for: iso(start + day * DAY),
      error: { type: code, message: expect.any(String) },
    });
  }
  expect((await runsOf(client, single.id, refusals.length))[0]!.error).toMatchObject({ type: "JOB_ALREADY_RUNNING" });
});

test("a tick that was due when a server ended is run once after the next start", async () => {
  const first = await setup();
  const { id } = await createSchedule(first.client, { job_model: "Plain", interval: "IMMEDIATELY" });
  const again = await restart(first);
  expect(await runsOf(again.client, id, 1)).toMatchObject([{ scheduled_for: expect.any(String) }]);
});

import { joinGroups } from "../../support/people.ts";
import { expect, test } from "vitest";
import { hashKey } from "../../../src/access/authenticate.ts";
import { Token, User } from "../../../src/entities/index.ts";
import { openTestApp } from "../../support/app.ts";
import { readLog } from "../../support/changes.ts";
import { createClient } from "../../support/client.ts";
import { databaseOf } from "../../support/rows.ts";
import { act, createSchedule, readSchedule, runsOf, updateSchedule } from "../../support/schedules.ts";

const JOBS = {
  "jobs.ts": `
const job = (name, more = {}) => defineJob({ name, run: () => name, enabled: true, isolation: "shared", ...more });
export const Plain = job("Plain", { taskQueues: ["default", "fast"] });
export const Typed = job("Typed", { variables: z.object({ site: z.string(), count: z.int().default(1) }) });
export const Secret = job("Secret", { hasSensitiveVariables: true });
export const Off = job("Off", { enabled: false });
export const Hook = defineJobHookReceiver({ name: "Hook", enabled: true, receive() {} });
`,
};
/** Years ahead, so that no clock of a machine comes near. */
const YEAR = new Date().getUTCFullYear() + 2;
const START = `${YEAR}-03-04T08:30:00.000Z`;
const CREATE = `mutation ($data: CreateScheduledJobInput!) { create_scheduled_job(data: $data) { id } }`;
const UPDATE = `mutation ($id: ID!, $data: UpdateScheduledJobInput!) { update_scheduled_job(id: $id, data: $data) { id } }`;
const plain = { name: "New", job_model: "Plain" };
const daily = { ...plain, interval: "DAILY", start_time: START };

const REFUSED = [
  [{ ...plain, interval: "CUSTOM" }, "INVALID_SCHEDULE", "data.crontab"],
  [{ ...plain, interval: "CUSTOM", crontab: "61 * * * *" }, "INVALID_SCHEDULE", "data.crontab"],
  [{ ...plain, interval: "CUSTOM", crontab: "* * * *" }, "INVALID_SCHEDULE", "data.crontab"],
  [{ ...plain, interval: "CUSTOM", crontab: "0 0 * * 5#L" }, "INVALID_SCHEDULE", "data.crontab"],
  [{ ...plain, interval: "CUSTOM", crontab: "@daily" }, "INVALID_SCHEDULE", "data.crontab"],
  [{ ...plain, interval: "CUSTOM", crontab: "0 0 30 2 *" }, "INVALID_SCHEDULE", "data.crontab"],
  [{ ...daily, crontab: "0 0 * * *" }, "INVALID_SCHEDULE", "data.crontab"],
  [{ ...daily, time_zone: "Mars/Olympus" }, "INVALID_SCHEDULE", "data.time_zone"],
  [{ ...daily, start_time: "2020-01-01T00:00:00Z" }, "INVALID_SCHEDULE", "data.start_time"],
  [{ ...plain, interval: "FUTURE" }, "INVALID_SCHEDULE", "data.start_time"],
  [{ ...plain, interval: "WEEKLY" }, "INVALID_SCHEDULE", "data.start_time"],
  [{ ...plain, interval: "IMMEDIATELY", start_time: START }, "INVALID_SCHEDULE", "data.start_time"],
  [{ ...daily, expires: "2020-01-01T00:00:00Z" }, "INVALID_SCHEDULE", "data.expires"],
  [{ ...daily, expires: `${YEAR}-01-01T00:00:00Z` }, "INVALID_SCHEDULE", "data.expires"],
  [{ ...daily, job_model: "Secret" }, "INVALID_SCHEDULE", "data.job_model"],
  [{ ...daily, job_model: "Off" }, "JOB_NOT_ENABLED", undefined],
  [{ ...daily, job_model: "Hook" }, "BAD_USER_INPUT", undefined],
  [{ ...daily, job_model: "Nowhere" }, "NOT_FOUND", undefined],
  [{ ...daily, job_queue: "nowhere" }, "BAD_USER_INPUT", "data.job_queue"],
  [{ ...daily, dryrun: true }, "BAD_USER_INPUT", "data.dryrun"],
  [{ ...daily, job_model: "Typed", kwargs: { site: 7 } }, "BAD_USER_INPUT", "data.kwargs.site"],
  [{ ...daily, job_model: "Typed", kwargs: [] }, "BAD_USER_INPUT", "data.kwargs"],
  [{ ...daily, name: " " }, "BAD_USER_INPUT", "data.name"],
  [{ ...daily, name: "Taken" }, "BAD_USER_INPUT", "data.name"],
] as const;

test("a schedule that cannot be carried out is refused by its field, and nothing is kept of it", async () => {
  const { client } = await openTestApp(JOBS);
  await createSchedule(client, { ...daily, name: "Taken" });
  for (const [data, code, field] of REFUSED) {
    const { message, extensions } = await client.refused(CREATE, { data });
    expect([data, extensions.code, extensions.details?.[0]?.field]).toEqual([data, code, field]);
    expect(message).toMatch(/ .*[.?]/);
  }
  expect((await client.query(`{ scheduled_jobs { name } }`)).scheduled_jobs).toEqual([{ name: "Taken" }]);
});

test("a schedule is changed in place: absent fields stay, and the log has the change", async () => {
  const { client } = await openTestApp(JOBS);
  const made = await createSchedule(client, { ...daily, job_model: "Typed", kwargs: { site: "a" }, time_zone: "Europe/Paris" });
  expect(made).toMatchObject({
    task: "jobs.Typed",
    time_zone: "EUROPE_PARIS",
    schedule: "30 9 * * *",
    describe: "Every day at 09:30 (Europe/Paris)",
    user: { username: "admin" },
    catch_up: "ONE",
    one_off: false,
    next_run_at: START,
  });
  const changed = await updateSchedule(client, made.id, { kwargs: { site: "b" }, description: "For b" });
  expect(changed).toEqual({ ...made, kwargs: { site: "b" }, description: "For b", date_changed: expect.any(String) });
  const moved = await updateSchedule(client, made.id, {
    interval: "CUSTOM",
    crontab: "0 12 1 1 *",
    job_model: "jobs.Plain",
    kwargs: {},
  });
  expect(moved).toMatchObject({ id: made.id, task: "jobs.Plain", job_model: { name: "Plain" }, schedule: "0 12 1 1 *" });
  expect(moved.next_run_at).toMatch(/-01-01T11:00:00.000Z$/);
  expect(await updateSchedule(client, made.id, { job_queue: "fast" })).toMatchObject({ job_queue: { name: "fast" } });
  expect(await updateSchedule(client, made.id, { job_queue: null })).toMatchObject({ job_queue: { name: "default" } });
  const [, , third] = await readLog(client, `changed_object_type: "extras.scheduledjob"`);
  expect(third).toMatchObject({
    action: "UPDATE",
    object_repr: "New",
    differences: { removed: { interval: "DAILY", crontab: "" }, added: { interval: "CUSTOM", crontab: "0 12 1 1 *" } },
  });
});

test("an ambiguous change, or one that does not fit the job, is refused, and all stays", async () => {
  const { client } = await openTestApp(JOBS);
  const { id } = await createSchedule(client, { ...daily, job_model: "Typed", kwargs: { site: "a" } });
  const before = await readSchedule(client, id);
  for (const [data, code, field] of [
    [{ time_zone: "Asia/Tokyo" }, "INVALID_SCHEDULE", "data.time_zone"],
    [{ interval: "CUSTOM" }, "INVALID_SCHEDULE", "data.crontab"],
    [{ kwargs: { site: 7 } }, "BAD_USER_INPUT", "data.kwargs.site"],
    [{ job_model: "Secret" }, "BAD_USER_INPUT", undefined],
    [{ job_queue: "fast" }, "BAD_USER_INPUT", "data.job_queue"],
  ] as const) {
    const { extensions } = await client.refused(UPDATE, { id, data });
    expect([extensions.code, field && extensions.details?.[0]?.field]).toEqual([code, field]);
  }
  const { extensions } = await client.refused(
    `mutation ($id: ID!) { update_scheduled_job(id: $id, data: { name: "X" }, if_unmodified_since: "2020-01-01T00:00:00Z") { id } }`,
    { id },
  );
  expect(extensions.code).toBe("CONFLICT");
  expect(await readSchedule(client, id)).toEqual(before);
  expect(await updateSchedule(client, id, { time_zone: "Asia/Tokyo", start_time: START })).toMatchObject({
    schedule: "30 17 * * *",
  });
  const missing = { id: "01a20d41-bf32-73c7-86b0-37568f855895" };
  for (const mutation of ["delete_scheduled_job", "pause_scheduled_job", "run_scheduled_job_now"])
    expect((await client.refused(`mutation ($id: ID!) { ${mutation}(id: $id) { id } }`, missing)).extensions.code).toBe(
      "NOT_FOUND",
    );
});

test("schedule_job takes the arguments of run_job, and times", async () => {
  const { client } = await openTestApp(JOBS);
  const SCHEDULE_JOB = `mutation ($schedule: ScheduleInput!, $data: GenericScalar, $queue: String) {
    schedule_job(class_path: "jobs.Typed", data: $data, job_queue: $queue, schedule: $schedule) { id describe kwargs } }`;
  const weekly = { name: "Weekly", interval: "WEEKLY", start_time: START, time_zone: "America/New_York" };
  const { schedule_job } = await client.query(SCHEDULE_JOB, { schedule: weekly, data: { site: "a" } });
  const day = new Date(START).toLocaleDateString("en", { weekday: "long", timeZone: "America/New_York" });
  expect(schedule_job).toMatchObject({ describe: `Every ${day} at 03:30 (America/New_York)`, kwargs: { site: "a" } });
  for (const [variables, field] of [
    [{ schedule: { ...weekly, name: "B", start_time: "2020-01-01T00:00:00Z" }, data: { site: "a" } }, "schedule.start_time"],
    [{ schedule: { ...weekly, name: "B" } }, "data.site"],
    [{ schedule: { ...weekly, name: "B" }, data: { site: "a" }, queue: "fast" }, "job_queue"],
    [{ schedule: weekly, data: { site: "a" } }, "schedule.name"],
  ] as const)
    expect((await client.refused(SCHEDULE_JOB, variables)).extensions.details?.[0]?.field).toBe(field);
  const now = await client.query(SCHEDULE_JOB, { schedule: { name: "Now", interval: "IMMEDIATELY" }, data: { site: "b" } });
  expect(await runsOf(client, now.schedule_job.id, 1)).toMatchObject([{ status: "SUCCESS", task_kwargs: { site: "b" } }]);
});

test("a preview shows the times of a schedule, or errors by argument", async () => {
  const { client } = await openTestApp(JOBS);
  const preview = async (args: string) =>
    (await client.query(`{ preview_schedule(${args}) { describe schedule next_runs errors { field message } } }`))
      .preview_schedule;
  expect(await preview(`interval: DAILY, start_time: "${START}", time_zone: "Europe/Paris", count: 2`)).toEqual({
    describe: "Every day at 09:30 (Europe/Paris)",
    schedule: "30 9 * * *",
    next_runs: [START, START.replace("-04T", "-05T")],
    errors: [],
  });
  expect(await preview(`interval: CUSTOM, crontab: "0 9 * * 1-5", count: 1`)).toMatchObject({
    describe: "At 09:00, Monday through Friday (UTC)",
  });
  expect(await preview(`interval: CUSTOM, crontab: "x", time_zone: "Mars"`)).toMatchObject({
    describe: null,
    next_runs: [],
    errors: [{ field: "time_zone" }, { field: "crontab" }],
  });
  expect((await client.refused(`{ preview_schedule(interval: IMMEDIATELY, count: 101) { describe } }`)).extensions.code).toBe(
    "BAD_USER_INPUT",
  );
});

test("stored crontabs that nothing can read break no list", async () => {
  const app = await openTestApp(JOBS);
  const { client } = app;
  const weekdays = { job_model: "Plain", interval: "CUSTOM", crontab: "0 9 * * 1-5" };
  const broken = ["x", "", "a b c d e", "0 0 32 1 *", "61 * * * *", "@daily"];
  const { id: right } = await createSchedule(client, { ...weekdays, name: "Right" });
  const database = await databaseOf(app);
  for (const crontab of broken) {
    const { id } = await createSchedule(client, { ...weekdays, name: `With ${crontab}` });
    await database.rows.updateTable("scheduled_job").set({ crontab }).where("id", "=", id).execute();
  }
  const { scheduled_jobs } = await client.query("{ scheduled_jobs { id describe schedule next_runs(count: 1) } }");
  expect(scheduled_jobs).toHaveLength(broken.length + 1);
  for (const { id, ...read } of scheduled_jobs)
    if (id === right)
      expect(read).toMatchObject({ describe: "At 09:00, Monday through Friday (UTC)", next_runs: [expect.any(String)] });
    else
      expect(read).toEqual({
        describe: `Never: the crontab ${JSON.stringify(read.schedule)} cannot be read.`,
        schedule: expect.toBeOneOf(broken),
        next_runs: [],
      });
});

const WORDS = [
  [{ interval: "IMMEDIATELY" }, "Once, at once"],
  [{ interval: "FUTURE", start_time: START, time_zone: "EUROPE_PARIS" }, `Once, on ${YEAR}-03-04 at 09:30 (Europe/Paris)`],
  [{ interval: "HOURLY", start_time: START }, "Every hour at minute 30 (UTC)"],
  [{ interval: "CUSTOM", crontab: "*/15 * * * *" }, "Every 15 minutes (UTC)"],
  [{ interval: "CUSTOM", crontab: "0 0 13 * 5" }, "At 00:00, on day 13 of the month, only on Friday (UTC)"],
  [{ interval: "CUSTOM", crontab: "0 0 * * *", one_off: true }, "Once: at 00:00 (UTC)"],
  [
    { interval: "DAILY", start_time: START, expires: `${YEAR}-05-01T00:00:00Z` },
    `Every day at 08:30 (UTC), until ${YEAR}-05-01 at 00:00`,
  ],
] as const;

test("schedules in words", async () => {
  const { client } = await openTestApp(JOBS);
  for (const [n, [times, words]] of WORDS.entries())
    expect(await createSchedule(client, { ...plain, ...times, name: `${n}` })).toMatchObject({ describe: words });
});

test("changed content runs as the author of the change, and as nobody else", async () => {
  const app = await openTestApp(JOBS);
  const em = (await databaseOf(app)).fork();
  const ada = em.create(User, { username: "ada" }, { partial: true });
  await joinGroups(em, ada, ["Administrators"]);
  em.create(Token, { user: ada, keyHash: hashKey("key-of-ada") }, { partial: true });
  await em.flush();
  const other = createClient(app.url, "key-of-ada");
  const { id } = await createSchedule(app.client, { ...daily, job_model: "Typed", kwargs: { site: "a" } });
  expect(await updateSchedule(other, id, { name: "Other", interval: "HOURLY" })).toMatchObject({ user: { username: "admin" } });
  expect(await updateSchedule(other, id, { kwargs: { site: "b" } })).toMatchObject({ user: { username: "ada" } });
  const { id: run } = await act(app.client, "run_scheduled_job_now", id, "id");
  expect((await app.client.query(`{ job_result(id: "${run}") { user { username } } }`)).job_result.user.username).toBe("admin");
  other.close();
});

test("a schedule that is deleted leaves its runs, and is in the log", async () => {
  const { client } = await openTestApp(JOBS);
  const { id } = await createSchedule(client, daily);
  const { id: run } = await act(client, "run_scheduled_job_now", id, "id");
  expect(await act(client, "delete_scheduled_job", id)).toMatchObject({ id, name: "New" });
  expect((await client.query(`{ job_result(id: "${run}") { scheduled_job { id } } }`)).job_result).toEqual({
    scheduled_job: null,
  });
  expect((await readLog(client, `changed_object_id: "${id}"`)).map(({ action }) => action)).toEqual(["CREATE", "DELETE"]);
});

test("a schedule whose queue is deleted waits in its job's default, and the log says so", async () => {
  const app = await openTestApp(JOBS);
  const { id } = await createSchedule(app.client, { ...daily, job_queue: "fast" });
  await app.client.query(`mutation { update_job(name: "Plain", data: { job_queues: ["default"] }) { id } }`);
  const { job_queues } = await app.client.query(`{ job_queues(name: "fast") { id } }`);
  await app.client.query(`mutation { delete_job_queue(id: "${job_queues[0]!.id}") { id } }`);
  expect(await readSchedule(app.client, id)).toMatchObject({ job_queue: { name: "default" }, next_run_at: START });
  expect((await readLog(app.client, `changed_object_id: "${id}"`)).at(-1)).toMatchObject({
    action: "UPDATE",
    change_context_detail: `the queue "fast" was deleted`,
  });
});

test("one that waits for an approval is neither run when its time comes nor by hand", async () => {
  const app = await openTestApp(JOBS);
  const { id } = await createSchedule(app.client, daily);
  const database = await databaseOf(app);
  const past = new Date(Date.now() - 1000).toISOString();
  await database.rows.updateTable("scheduled_job").set({ state: "PENDING", next_run_at: past }).where("id", "=", id).execute();
  const other = await createSchedule(app.client, { ...plain, name: "Other", interval: "IMMEDIATELY" });
  await runsOf(app.client, other.id, 1);
  const { extensions } = await app.client.refused(`mutation { run_scheduled_job_now(id: "${id}") { id } }`);
  expect(extensions.code).toBe("FORBIDDEN");
  expect(await runsOf(app.client, id, 0)).toEqual([]);
});

test("no schedule keeps the others from being listed, with any stored values", async () => {
  const app = await openTestApp({ "a.ts": `export const A = defineJob({ name: "A", enabled: true, run() {} });` });
  const crontabs = ["0 0 1,15W * *", "0 0 1 1 +MON", "0 0 * * *,*", "30 7 * * 1-5"];
  for (const [n, crontab] of crontabs.entries())
    await createSchedule(app.client, { name: `${n}`, job_model: "A", interval: "CUSTOM", crontab });
  for (const interval of ["FUTURE", "HOURLY", "DAILY", "WEEKLY"])
    await createSchedule(app.client, { name: interval, job_model: "A", interval, start_time: "2100-01-01T00:00:00Z" });
  const database = await databaseOf(app);
  const list = async () =>
    (
      await app.client.query(
        `{ scheduled_jobs(sort: ["name"]) { name display describe schedule next_runs waiting_reason sensitive_variables } }`,
      )
    ).scheduled_jobs;
  expect((await list()).map(({ describe }) => describe)).toEqual([
    "By the crontab 0 0 1,15W * * (UTC)",
    "By the crontab 0 0 1 1 +MON (UTC)",
    "By the crontab 0 0 * * *,* (UTC)",
    "At 07:30, Monday through Friday (UTC)",
    "Every day at 00:00 (UTC)",
    "Once, on 2100-01-01 at 00:00 (UTC)",
    "Every hour at minute 0 (UTC)",
    "Every Friday at 00:00 (UTC)",
  ]);
  await database.rows.updateTable("scheduled_job").set({ time_zone: "Mars/Olympus_Mons" }).execute();
  const words = `Never: there is no time zone "Mars/Olympus_Mons".`;
  expect(await list()).toEqual(Array.from({ length: 8 }, () => expect.objectContaining({ describe: words, next_runs: [] })));
  await database.rows.updateTable("scheduled_job").set({ time_zone: "UTC", interval: "CUSTOM", crontab: "none" }).execute();
  expect(await list()).toEqual(
    Array.from({ length: 8 }, () =>
      expect.objectContaining({ describe: `Never: the crontab "none" cannot be read.`, next_runs: [] }),
    ),
  );
});

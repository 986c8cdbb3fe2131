import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "a.ts": `
export const Inputs = defineJob({ name: "Inputs", enabled: true, variables: z.object({
  site: z.string().regex(/^[a-z]+$/, "must be lower case letters"),
  count: z.int().min(1).max(5).default(2),
  when: z.iso.date().transform((text) => new Date(text)).optional(),
}).refine((data) => data.site !== "moon" || data.count === 1, { path: ["count"], error: "the moon has one" }),
  run: ({ data }) => ({ ...data, isDate: data.when instanceof Date }) });
export const Off = defineJob({ name: "Off", run() {} });
export const Dry = defineJob({ name: "Dry", enabled: true, supportsDryrun: true, dryrunDefault: true, run: ({ dryRun }) => dryRun });
export const Twin = defineJob({ name: "Dry", enabled: true, run: () => "twin" });
`,
};

test("inputs are checked by the job's own schema, and the job gets its parsed values", async () => {
  const { client } = await openTestApp(JOBS);
  expect(await runToEnd(client, "a.Inputs", { site: "paris", when: "2026-01-02" })).toMatchObject({
    status: "SUCCESS",
    result: { site: "paris", count: 2, when: "2026-01-02T00:00:00.000Z", isDate: true },
  });
});

test.for<[string, Record<string, unknown>, Record<string, string>]>([
  ["a missing one", {}, { "data.site": "expected string" }],
  ["each that is wrong", { site: "Paris", count: 9 }, { "data.site": "must be lower case letters", "data.count": "<=5" }],
  ["one against another", { site: "moon" }, { "data.count": "the moon has one" }],
  ["one the job does not know", { site: "paris", colour: "red" }, { "data.colour": "no variable of this name" }],
])("wrong inputs are refused by field: %s", async ([, data, fields]) => {
  const { client } = await openTestApp(JOBS);
  const error = await client.refused(`mutation ($data: GenericScalar) { run_job(name: "Inputs", data: $data) { id } }`, { data });
  expect(error.extensions.code).toBe("BAD_USER_INPUT");
  expect(Object.fromEntries(error.extensions.details!.map(({ field, message }) => [field, message]))).toEqual(
    Object.fromEntries(Object.entries(fields).map(([field, message]) => [field, expect.stringContaining(message)])),
  );
  expect(await client.query(`{ job_results { id } }`)).toEqual({ job_results: [] });
});

test.for([
  [`id: "01a20d41-bf32-73c7-86b0-37568f855895"`, "NOT_FOUND"],
  [`id: "nonsense"`, "NOT_FOUND"],
  [`class_path: "a.Nobody"`, "NOT_FOUND"],
  [`class_path: "nodots"`, "NOT_FOUND"],
  [`name: "Nobody"`, "NOT_FOUND"],
  [`name: "Off"`, "JOB_NOT_ENABLED"],
  [`data: {}`, "BAD_USER_INPUT"],
  [`name: "Off", class_path: "a.Off"`, "BAD_USER_INPUT"],
  [`name: "Inputs", data: [1]`, "BAD_USER_INPUT"],
  [`name: "Inputs", data: "text"`, "BAD_USER_INPUT"],
  [`name: "Inputs", data: {site: "paris"}, dryrun: true`, "BAD_USER_INPUT"],
])("run_job(%s) is refused as %s", async ([args, code]) => {
  const { client } = await openTestApp(JOBS);
  expect(await client.refused(`mutation { run_job(${args}) { id } }`)).toMatchObject({ path: ["run_job"], extensions: { code } });
});

test("a dry run is the job's default unless the caller says otherwise", async () => {
  const { client } = await openTestApp(JOBS);
  expect((await runToEnd(client, "a.Dry")).result).toBe(true);
  expect((await runToEnd(client, "a.Dry", {}, false)).result).toBe(false);
});

test("a job is run by id or name as well; a second job of the same name has a number", async () => {
  const { client } = await openTestApp(JOBS);
  const { jobs } = await client.query(`{ jobs { id name class_path } }`);
  expect(jobs.find((job) => job.class_path === "a.Twin")!.name).toBe("Dry (2)");
  const { run_job } = await client.query(`mutation { run_job(name: "Dry (2)") { id name job_model { name } } }`);
  expect(run_job).toMatchObject({ name: "Dry (2)", job_model: { name: "Dry (2)" } });
  const byId = await client.query(`mutation ($id: ID!) { run_job(id: $id) { task_name } }`, {
    id: jobs.find((job) => job.name === "Dry")!.id,
  });
  expect(byId).toEqual({ run_job: { task_name: "a.Dry" } });
});

test("enabling a job lets it run, and absent fields stay", async () => {
  const { client } = await openTestApp(JOBS);
  expect(await client.query(`mutation { update_job(class_path: "a.Off", data: { enabled: true }) { name enabled } }`)).toEqual({
    update_job: { name: "Off", enabled: true },
  });
  expect(await runToEnd(client, "a.Off")).toMatchObject({ status: "SUCCESS" });
  expect(await client.query(`mutation { update_job(name: "Off", data: {}) { enabled } }`)).toEqual({
    update_job: { enabled: true },
  });
  expect(await client.refused(`mutation { update_job(name: "Nobody", data: {}) { id } }`)).toMatchObject({
    extensions: { code: "NOT_FOUND" },
  });
});

test("null is nothing given, and `dryrun` among the inputs asks for a dry run where the job has no variable of that name", async () => {
  const { client } = await openTestApp({
    "dry.ts": `const job = (name, more = {}) => defineJob({ name, enabled: true, isolation: "shared", run: ({ dryrun, data }) => ({ dryrun, data }), ...more });
      export const Dry = job("Dry", { supportsDryrun: true });
      export const Own = job("Own", { supportsDryrun: true, variables: z.object({ dryrun: z.boolean() }) });
      export const Wet = job("Wet");`,
  });
  const run = `mutation ($name: String, $data: GenericScalar, $dryrun: Boolean) { run_job(name: $name, data: $data, dryrun: $dryrun) { task_kwargs celery_kwargs } }`;
  const ran = async (name: string, data: unknown, dryrun?: boolean | null) =>
    (await client.query(run, { name, data, dryrun })).run_job;
  const schedule = `mutation ($name: String, $data: GenericScalar, $schedule: ScheduleInput!) {
    schedule_job(name: $name, data: $data, schedule: $schedule) { kwargs celery_kwargs }
  }`;
  const when = { name: "Daily", interval: "DAILY", start_time: "2100-01-01T00:00:00Z" };
  expect(await ran("Dry", null, null)).toMatchObject({ task_kwargs: {} });
  const asked = await ran("Dry", {}, true);
  expect(await ran("Dry", { dryrun: true })).toEqual(asked);
  expect(await ran("Dry", { dryrun: false })).toEqual(await ran("Dry", {}, false));
  expect(await ran("Own", { dryrun: true })).toMatchObject({ task_kwargs: { dryrun: true } });
  expect((await ran("Own", { dryrun: true })).celery_kwargs).not.toEqual(asked.celery_kwargs);
  expect(await client.refused(run, { name: "Wet", data: { dryrun: true } })).toMatchObject({
    extensions: { code: "BAD_USER_INPUT" },
  });
  const { schedule_job } = await client.query(schedule, { name: "Dry", data: { dryrun: true }, schedule: when });
  expect(schedule_job).toMatchObject({ kwargs: {}, celery_kwargs: expect.objectContaining({ dryrun: true }) });
  const { schedule_job: plain } = await client.query(schedule, { name: "Dry", data: null, schedule: { ...when, name: "Plain" } });
  expect(plain.kwargs).toEqual({});
});

import { expect, test } from "vitest";
import { openTestApp, writeJobs } from "../../support/app.ts";
import { cancel, finished, RUN_FIELDS, start, startAndHear } from "../../support/control.ts";

const JOBS = {
  "jobs.ts": `
const job = (name, more) => defineJob({ name, enabled: true, isolation: "shared", ...more });
export const Typed = job("Typed", { supportsDryrun: true, taskQueues: ["default", "fast"],
  variables: z.object({ site: z.string(), count: z.int().default(1) }), run: ({ data, dryRun }) => ({ ...data, dryRun }) });
export const Single = job("Single", { isSingleton: true, run: ({ logger }) => { logger.info("looping"); while (true) {} } });
export const Press = defineJobButtonReceiver({ name: "Press", enabled: true, isolation: "shared", receive: ({ object }) => object });
`,
};
const RERUN = `mutation ($id: ID!, $data: GenericScalar) { rerun_job_result(id: $id, data: $data) { ${RUN_FIELDS} } }`;

test("a run is repeated with its inputs and options, and refers to the one it repeats", async () => {
  const { client } = await openTestApp(JOBS);
  const id = await start(
    client,
    "jobs.Typed",
    `data: { site: "a", count: 3 }, dryrun: true, console_log: true, job_queue: "fast"`,
  );
  const first = await finished(client, id);
  const { rerun_job_result } = await client.query(RERUN, { id });
  expect(rerun_job_result).toMatchObject({ rerun_of: { id }, celery_kwargs: first.celery_kwargs });
  expect(rerun_job_result.id).not.toBe(id);
  expect(await finished(client, rerun_job_result.id)).toMatchObject({
    status: "SUCCESS",
    result: { site: "a", count: 3, dryRun: true },
  });
  const { job_result } = await client.query(`query ($id: ID!) { job_result(id: $id) { rerun_of { id } reruns { id } } }`, { id });
  expect(job_result).toEqual({ rerun_of: null, reruns: [{ id: rerun_job_result.id }] });
});

test("inputs that are given take the place of those of their name, and are checked with the others", async () => {
  const { client } = await openTestApp(JOBS);
  const { id } = await finished(client, await start(client, "jobs.Typed", `data: { site: "a", count: 3 }`));
  const { rerun_job_result } = await client.query(RERUN, { id, data: { site: "b" } });
  expect((await finished(client, rerun_job_result.id)).result).toMatchObject({ site: "b", count: 3 });
  expect(await client.refused(RERUN, { id, data: { count: "many", other: 1 } })).toMatchObject({
    extensions: { code: "BAD_USER_INPUT", details: [{ field: "data.other" }, { field: "data.count" }] },
  });
  expect(await client.refused(RERUN, { id, data: [1] })).toMatchObject({
    extensions: { code: "BAD_USER_INPUT", details: [{ field: "data" }] },
  });
});

test("a rerun passes the gate: it is refused for a missing run or job, a disabled job, and a singleton under way", async () => {
  const { client, config } = await openTestApp(JOBS, { cancelGraceMs: 0 });
  for (const id of ["01a20d41-bf32-73c7-86b0-37568f855895", "nonsense"])
    expect(await client.refused(RERUN, { id })).toMatchObject({ extensions: { code: "NOT_FOUND" } });
  const single = await startAndHear(client, "jobs.Single");
  expect(await client.refused(RERUN, { id: single })).toMatchObject({ extensions: { code: "JOB_ALREADY_RUNNING" } });
  await cancel(client, single);
  await finished(client, single);
  await client.query(`mutation { update_job(class_path: "jobs.Single", data: { enabled: false }) { id } }`);
  expect(await client.refused(RERUN, { id: single })).toMatchObject({ extensions: { code: "JOB_NOT_ENABLED" } });
  await writeJobs({ "jobs.ts": JOBS["jobs.ts"].replace("export const Single =", "const Single =") }, config.jobsRoot);
  await client.query(`mutation { refresh_jobs { id } }`);
  expect(await client.refused(RERUN, { id: single })).toMatchObject({ extensions: { code: "JOB_NOT_INSTALLED" } });
  const { jobs } = await client.query(`{ jobs(name: "Single") { id } }`);
  await client.query(`mutation ($id: ID!) { delete_job(id: $id) { id } }`, jobs[0]);
  expect(await client.refused(RERUN, { id: single })).toMatchObject({ extensions: { code: "NOT_FOUND" } });
});

test("a rerun waits in the job's default queue once it may no longer use its own", async () => {
  const { client } = await openTestApp(JOBS);
  const { id } = await finished(client, await start(client, "jobs.Typed", `data: { site: "a" }, job_queue: "fast"`));
  await client.query(`mutation { update_job(class_path: "jobs.Typed", data: { job_queues: ["default"] }) { id } }`);
  const { rerun_job_result } = await client.query(RERUN, { id });
  expect(rerun_job_result).toMatchObject({ celery_kwargs: { queue: "default" } });
});

test("a button's run is repeated as it was", async () => {
  const { client } = await openTestApp(JOBS);
  const { create_job_button } = await client.query(
    `mutation { create_job_button(data: { name: "Press", text: "Go", job: "Press", content_types: ["dcim.device"] }) { id } }`,
  );
  const PRESS = `mutation ($id: ID!, $object: GenericScalar) {
    press_job_button(id: $id, object_type: "dcim.device", object_id: "7", object: $object) { id }
  }`;
  const { press_job_button } = await client.query(PRESS, { ...create_job_button, object: { id: "7", name: "r1" } });
  const { result } = await finished(client, press_job_button.id);
  const { rerun_job_result } = await client.query(RERUN, press_job_button);
  expect((await finished(client, rerun_job_result.id)).result).toEqual(result);
  expect(await client.refused(RERUN, { ...press_job_button, data: { object: {} } })).toMatchObject({
    extensions: { code: "BAD_USER_INPUT", details: [{ field: "data" }] },
  });
});

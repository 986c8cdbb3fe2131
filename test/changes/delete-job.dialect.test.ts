import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Job, ScheduledJob } from "../../src/entities/index.ts";
import { openTestApp, writeJobs } from "../support/app.ts";
import { readLog } from "../support/changes.ts";
import { databaseOf } from "../support/rows.ts";
import { runToEnd } from "../support/runs.ts";
import { at } from "../support/approvals/world.ts";

const JOBS = {
  "a.ts": `
export const Plain = defineJob({ name: "Plain", enabled: true, run() {} });
export const OnChange = defineJobHookReceiver({ name: "On change", enabled: true, receive() {} });
export const OnClick = defineJobButtonReceiver({ name: "On click", enabled: true, receive() {} });
`,
};

const remove = (id: string) => `mutation { delete_job(id: "${id}") { id name job_hooks { name } } }`;

async function setup() {
  const app = await openTestApp(JOBS);
  const { client } = app;
  await client.query(`mutation {
    create_tag(data: { name: "T" }) { id }
    update_job(name: "Plain", data: { tags: ["T"] }) { id }
    one: create_job_hook(data: { name: "Hook", job: "On change", content_types: ["dcim.device"], type_update: true }) { id }
    two: create_job_hook(data: { name: "Off", job: "On change", content_types: ["dcim.site"], type_update: true, enabled: false }) { id }
    create_job_button(data: { name: "Button", text: "Go", job: "On click", content_types: ["dcim.device"] }) { id }
  }`);
  const em = (await databaseOf(app)).fork();
  const jobs = Object.fromEntries((await em.findAll(Job)).map((job) => [job.name, job]));
  const schedule = { name: "Nightly", task: "a.Plain", interval: "DAILY", startTime: at("01-01T05:30:00") } as const;
  em.create(ScheduledJob, { ...schedule, jobModel: jobs["Plain"]! }, { partial: true });
  await em.flush();
  const run = await runToEnd(client, "a.Plain");
  const uninstall = async () => {
    await rm(join(app.config.jobsRoot, "a.ts"));
    await client.query(`mutation { refresh_jobs { id } }`);
  };
  const id = (name: string) => jobs[name]!.id;
  return { ...app, id, run, uninstall };
}

test("a job that is installed, one of the server's own, and one that there is not are refused, and all stays", async () => {
  const { client, id, config } = await setup();
  const em = (await databaseOf({ config } as never)).fork();
  const system = em.create(
    Job,
    { moduleName: "jobgraph.system", jobClassName: "Own", grouping: "S", name: "Own", installed: false },
    { partial: true },
  );
  await em.flush();
  const log = await readLog(client);
  for (const [reference, code, fields] of [
    [id("Plain"), "BAD_USER_INPUT", ["id"]],
    [id("On change"), "BAD_USER_INPUT", ["id"]],
    [system.id, "BAD_USER_INPUT", ["id"]],
    ["01a20d41-bf32-73c7-86b0-37568f855895", "NOT_FOUND", []],
    ["Plain", "NOT_FOUND", []],
  ] as const) {
    const { extensions } = await client.refused(remove(reference));
    expect.soft([extensions.code, (extensions.details ?? []).map(({ field }) => field)], reference).toEqual([code, fields]);
  }
  expect(await readLog(client)).toEqual(log);
  expect(await client.query(`{ jobs { id } job_hooks { id } job_buttons { id } }`)).toMatchObject({
    jobs: [{}, {}, {}, {}],
    job_hooks: [{}, {}],
    job_buttons: [{}],
  });
});

test("a job that is gone is deleted with its hooks and buttons, each in the log; results and schedules stay", async () => {
  const { client, id, run, uninstall, config } = await setup();
  await uninstall();
  const earlier = (await readLog(client)).length;
  for (const name of ["Plain", "On change", "On click"])
    expect(await client.query(remove(id(name)))).toMatchObject({ delete_job: { id: id(name), name } });
  expect(
    await client.query(
      `{ jobs(hidden: null) { id } job_hooks { id } job_buttons { id } job_queue_assignments { id }
        scheduled_jobs { name task enabled job_model { id } }
        job_results { id name task_name status job_model { id } } tags { name } }`,
    ),
  ).toEqual({
    jobs: [],
    job_hooks: [],
    job_buttons: [],
    job_queue_assignments: [],
    scheduled_jobs: [{ name: "Nightly", task: "a.Plain", enabled: false, job_model: null }],
    job_results: [{ id: run.id, name: "Plain", task_name: "a.Plain", status: "SUCCESS", job_model: null }],
    tags: [{ name: "T" }],
  });

  const changes = (await readLog(client)).slice(earlier);
  const told = changes.map((one) => [one.action, one.changed_object_type.label, one.object_repr, one.change_context_detail]);
  expect(told.toSorted()).toEqual(
    [
      ["DELETE", "extras.job", "Plain", ""],
      ["DELETE", "extras.job", "On change", ""],
      ["DELETE", "extras.job", "On click", ""],
      ["DELETE", "extras.jobhook", "Hook", `deleted with the job "On change"`],
      ["DELETE", "extras.jobhook", "Off", `deleted with the job "On change"`],
      ["DELETE", "extras.jobbutton", "Button", `deleted with the job "On click"`],
      ["UPDATE", "extras.scheduledjob", "Nightly", `the job "Plain" was deleted`],
    ].toSorted(),
  );
  for (const { prechange, postchange, differences } of changes.filter(({ action }) => action === "DELETE")) {
    expect(postchange).toBeNull();
    expect(differences).toEqual({ removed: prechange, added: null });
  }
  const plain = changes.find((one) => one.object_repr === "Plain")!;
  expect(plain.prechange).toMatchObject({
    name: "Plain",
    tags: [{ name: "T" }],
    job_queues: [{ name: "default" }],
    installed: false,
  });
  const hooks = changes.filter((one) => ["Hook", "Off", "On change"].includes(one.object_repr));
  expect(new Set(hooks.map((one) => one.request_id)).size).toBe(1);

  // The job that comes back is a new one.
  await writeJobs(JOBS, config.jobsRoot);
  await client.query(`mutation { refresh_jobs { id } }`);
  const { jobs } = await client.query(`{ jobs(name: "Plain") { id tags { name } job_results { id } } }`);
  expect(jobs).toEqual([{ id: expect.not.stringMatching(id("Plain")), tags: [], job_results: [] }]);
});

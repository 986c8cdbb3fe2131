import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Job, JobQueue, ScheduledJob } from "../../../src/entities/index.ts";
import { type JobFiles, openTestApp, restart, type TestApp, writeJobs } from "../../support/app.ts";
import { readLog } from "../../support/changes.ts";
import { databaseOf } from "../../support/rows.ts";
import { runToEnd } from "../../support/runs.ts";
import { at } from "../../support/approvals/world.ts";

const job = (name: string, more = "") => `defineJob({ name: "${name}", enabled: true, ${more} run: () => "${name}" })`;
const receiver = (kind: "Button" | "Hook", name: string) =>
  `defineJob${kind}Receiver({ name: "${name}", enabled: true, receive: () => undefined })`;
const RECEIVERS = `export const OnChange = ${receiver("Hook", "On change")};
export const OnClick = ${receiver("Button", "On click")};`;

/** Writes files anew, `null` for one that goes, and has them read. @returns the names of the jobs that the server answers with. */
async function refresh({ client, config }: TestApp, files: Record<string, string | null>): Promise<string[]> {
  for (const [path, source] of Object.entries(files)) {
    if (source === null) await rm(join(config.jobsRoot, path));
    else await writeJobs({ [path]: source } as JobFiles, config.jobsRoot);
  }
  const { refresh_jobs } = await client.query(`mutation { refresh_jobs { name } }`);
  return refresh_jobs.map((one) => one.name);
}

test("new, changed, gone and returned jobs are told and logged; unchanged ones are not", async () => {
  const app = await openTestApp({
    "a.ts": `export const A = ${job("A")};`,
    "b.ts": `export const B = ${job("B", `variables: z.object({ z: z.string(), a: z.int().default(1) }),`)};`,
  });
  const { client } = app;
  const read = async () => (await client.query(`{ jobs(hidden: null) { id class_path last_updated installed enabled } }`)).jobs;
  const before = await read();
  const logged = async () => {
    const seen = new Set(known);
    const changes = (await readLog(client, `changed_object_type: "extras.job"`)).map((change) => ({
      key: `${change.action} ${change.object_repr}`,
      id: JSON.stringify([change.request_id, change.changed_object_id]),
      user: change.user_name,
    }));
    known = changes.map(({ id }) => id);
    return changes.filter(({ id }) => !seen.has(id)).map(({ key, user }) => `${key} by ${user || "the server"}`);
  };
  let known: string[] = [];
  expect(await logged()).toEqual(["CREATE A by the server", "CREATE B by the server"]);

  expect(await refresh(app, {})).toEqual([]);
  expect(await read()).toEqual(before);
  expect(await logged()).toEqual([]);

  expect(await refresh(app, { "c.ts": `export const C = ${job("C")};` })).toEqual(["C"]);
  expect(await logged()).toEqual(["CREATE C by admin"]);

  expect(await refresh(app, { "a.ts": `export const A = ${job("A", `description: "new",`)};` })).toEqual(["A"]);
  expect(await logged()).toEqual(["UPDATE A by admin"]);

  expect(await refresh(app, { "b.ts": null })).toEqual(["B"]);
  expect(await logged()).toEqual(["UPDATE B by admin"]);
  expect((await read()).find((one) => one.class_path === "b.B")).toMatchObject({ installed: false, enabled: true });
  expect((await client.refused(`mutation { run_job(name: "B") { id } }`)).extensions.code).toBe("JOB_NOT_INSTALLED");
  expect(await refresh(app, {})).toEqual([]);

  expect(await refresh(app, { "b.ts": `export const B = ${job("B")};` })).toEqual(["B"]);
  expect((await read()).find((one) => one.class_path === "b.B")).toMatchObject({ id: before[1]!.id, installed: true });
  expect(await runToEnd(client, "b.B")).toMatchObject({ status: "SUCCESS" });
});

const SETTERS = `action: "UPDATE", changed_object_type__n: "extras.job"`;

test("objects that would run a job that is gone are switched off, say why, and are on again when the job is back, unless somebody has decided", async () => {
  const app = await openTestApp({ "a.ts": RECEIVERS, "b.ts": `export const B = ${job("B")};` });
  const { client } = app;
  await client.query(`mutation {
    create_job_hook(data: { name: "Hook", job: "On change", content_types: ["dcim.device"], type_update: true }) { id }
    create_job_button(data: { name: "Button", text: "Go", job: "On click", content_types: ["dcim.device"] }) { id }
    off: create_job_button(data: { name: "Off", text: "Go", job: "On click", content_types: ["dcim.device"], enabled: false }) { id }
  }`);
  const em = (await databaseOf(app)).fork();
  const schedule = { task: "b.B", interval: "DAILY", startTime: at("01-01T05:30:00") } as const;
  const jobModel = await em.findOneOrFail(Job, { name: "B" });
  for (const name of ["Nightly", "Paused"]) em.create(ScheduledJob, { ...schedule, name, jobModel }, { partial: true });
  await em.flush();
  const run = await runToEnd(client, "b.B");
  await client.query(`mutation { update_job(name: "B", data: { name: "Mine", time_limit: 7 }) { id } }`);

  const state = () =>
    client.query(`{ job_hooks { name enabled job { name } } job_buttons { name enabled job { name } } scheduled_jobs { name enabled job_model { name } }
      job_results { id job_model { name } } }`);
  const before = await state();
  expect([...before.job_hooks, ...before.job_buttons, ...before.scheduled_jobs].map((one) => [one.name, one.enabled])).toEqual([
    ["Hook", true],
    ["Button", true],
    ["Off", false],
    ["Nightly", true],
    ["Paused", true],
  ]);

  await refresh(app, { "a.ts": null, "b.ts": null });
  const off = (list: any[]) => list.map((one) => ({ ...one, enabled: false }));
  const gone = {
    job_hooks: off(before.job_hooks),
    job_buttons: off(before.job_buttons),
    scheduled_jobs: off(before.scheduled_jobs),
    job_results: [{ id: run.id, job_model: { name: "Mine" } }],
  };
  expect(await state()).toEqual(gone);
  const changes = await readLog(client, SETTERS);
  expect(
    changes.map(({ object_repr, change_context_detail, differences }) => [object_repr, change_context_detail, differences.added]),
  ).toEqual(
    expect.arrayContaining([
      ["Hook", `the job "On change" was uninstalled`, { enabled: false }],
      ["Button", `the job "On click" was uninstalled`, { enabled: false }],
      ["Nightly", `the job "Mine" was uninstalled`, expect.objectContaining({ enabled: false })],
      ["Paused", `the job "Mine" was uninstalled`, expect.objectContaining({ enabled: false })],
    ]),
  );
  expect(changes).toHaveLength(4);
  const {
    job_hooks: [hook],
  } = await client.query(`{ job_hooks { id } }`);
  const error = await client.refused(`mutation { update_job_hook(id: "${hook!.id}", data: { enabled: true }) { id } }`);
  expect(error.extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field: "data.job" }] });
  expect(error.message).toContain(`"On change" is not installed`);

  const decided = await client.query(`{ job_buttons(name: "Button") { id } scheduled_jobs(name: "Paused") { id } }`);
  // Neither changes anything now, and yet both say how it is to be.
  await client.query(`mutation {
    update_job_button(id: "${decided.job_buttons[0]!.id}", data: { enabled: false }) { id }
    pause_scheduled_job(id: "${decided.scheduled_jobs[0]!.id}") { id } }`);

  const { length } = await readLog(client, SETTERS);
  await refresh(app, { "a.ts": RECEIVERS, "b.ts": `export const B = ${job("B")};` });
  const on = (list: any[], ...names: string[]) => list.map((one) => (names.includes(one.name) ? { ...one, enabled: true } : one));
  expect(await state()).toEqual({
    ...gone,
    job_hooks: on(gone.job_hooks, "Hook"),
    scheduled_jobs: on(gone.scheduled_jobs, "Nightly"),
  });
  const back = (await readLog(client, SETTERS)).slice(length);
  expect(back.map(({ object_repr, change_context_detail }) => [object_repr, change_context_detail])).toEqual(
    expect.arrayContaining([
      ["Hook", `the job "On change" was installed again`],
      ["Nightly", `the job "Mine" was installed again`],
    ]),
  );
  expect(back).toHaveLength(2);
  const { jobs } = await client.query(`{ jobs(name: "Mine") { installed enabled overrides time_limit } }`);
  expect(jobs).toEqual([{ installed: true, enabled: true, overrides: ["name", "time_limit"], time_limit: 7 }]);
});

test("a restart that finds nothing new changes nothing", async () => {
  const first = await openTestApp({
    "a.ts": `export const A = ${job("A", `taskQueues: ["b", "a"], variables: z.object({ z: z.string(), a: z.int().default(1) }),`)};`,
  });
  const read = async ({ client }: TestApp) => [
    await client.query(`{ jobs { id last_updated } job_queues { id last_updated } }`),
    await readLog(client),
  ];
  const before = await read(first);
  expect(await read(await restart(first))).toEqual(before);
});

test("jobs whose sources take each other's names do so at once, in any order", async () => {
  const names = (...list: string[]) => list.map((name, n) => `export const ${"ABCD"[n]} = ${job(name)};`).join("\n");
  const app = await openTestApp({ "a.ts": names("One", "Two", "Three", "Free") });
  const read = async () => {
    const { jobs } = await app.client.query(`{ jobs(sort: "job_class_name") { name } }`);
    return jobs.map(({ name }) => name);
  };
  for (const wanted of [
    ["Two", "One", "Three", "Free"],
    ["Three", "Two", "Four", "Free"],
    ["Four", "Three", "Two", "Free"],
    ["Two", "Four", "Three", "Free"],
  ]) {
    await refresh(app, { "a.ts": names(...wanted) });
    expect(await read()).toEqual(wanted);
  }
  // Jobs of the same name: the job with the name keeps it, and numbered jobs keep their numbers.
  await refresh(app, { "a.ts": names("Free", "Free", "Three", "Free") });
  expect(await read()).toEqual(["Free (2)", "Free (3)", "Three", "Free"]);
  expect(await refresh(app, {})).toEqual([]);
  // A name that somebody gave here is not taken away.
  await app.client.query(`mutation { update_job(class_path: "a.C", data: { name: "Mine" }) { id } }`);
  await refresh(app, { "a.ts": names("Mine", "Free", "Three", "Free") });
  expect(await read()).toEqual(["Mine (2)", "Free (2)", "Mine", "Free"]);
});

test("refreshes at once make each new job once, and end with the state of the files", async () => {
  const app = await openTestApp({});
  await writeJobs(
    { "a.ts": `export const A = ${job("A")};`, "b.ts": `export const B = ${job("B", `taskQueues: ["q"],`)};` },
    app.config.jobsRoot,
  );
  const answers = await Promise.all(Array.from({ length: 6 }, () => app.client.query(`mutation { refresh_jobs { name } }`)));
  expect(answers.flatMap(({ refresh_jobs }) => refresh_jobs.map(({ name }) => name)).toSorted()).toEqual(["A", "B"]);
  expect(await app.client.query(`{ jobs { name } }`)).toEqual({ jobs: [{ name: "A" }, { name: "B" }] });
});

test("a queue that a source names is made again when somebody has deleted it", async () => {
  const app = await openTestApp({ "a.ts": `export const A = ${job("A", `taskQueues: ["default", "q"],`)};` });
  const em = (await databaseOf(app)).fork();
  const queue = await em.findOneOrFail(JobQueue, { name: "q" });
  await app.client.query(`mutation { delete_job_queue(id: "${queue.id}") { id } }`);
  const read = async () => (await app.client.query(`{ jobs { job_queues { name } } }`)).jobs[0]!.job_queues;
  expect(await read()).toEqual([{ name: "default" }]);
  expect(await refresh(app, {})).toEqual(["A"]);
  expect(await read()).toEqual([{ name: "default" }, { name: "q" }]);
});

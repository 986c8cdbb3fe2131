import { graphql } from "graphql";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { contentTypeLabel, ensureContentTypes } from "../../../src/entities/content-types.ts";
import type { Database } from "../../../src/entities/database.ts";
import {
  ContentType,
  Job,
  JobQueueAssignment,
  JobResult,
  MODELS,
  OWN_MODELS,
  ScheduledJob,
  Token,
} from "../../../src/entities/index.ts";
import { shapeOf } from "../../../src/entities/mapping/shape.ts";
import { ALL_RIGHTS } from "../../../src/access/rights.ts";
import { createContext } from "../../../src/schema/context.ts";
import { createSchema } from "../../../src/schema/index.ts";
import { openTestApp } from "../../support/app.ts";
import { databaseOf } from "../../support/rows.ts";
import { at, EXAMPLES, storeWorld } from "../../support/approvals/world.ts";

async function setup() {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  return { client: app.client, database, ids: await storeWorld(database) };
}

test.each(Object.entries(EXAMPLES))("a %s has its columns, and its relations lead to the world", async (name, example) => {
  const { client, ids } = await setup();
  const model = MODELS.find((candidate) => candidate.name === name)!;
  const { table, columns, one, many } = shapeOf(model);
  const relations = [...one.keys(), ...many.keys()];
  const { [table]: row } = await client.query(
    `query ($id: ID!) { ${table}(id: $id) { ${[...columns.keys()].join(" ")} ${relations.map((relation) => `${relation} { id }`).join(" ")} } }`,
    { id: ids[example] },
  );
  expect(row.id).toBe(ids[example]);
  const isEmpty = (relation: string) => row[relation] === null || row[relation].length === 0;
  expect(relations.filter(isEmpty)).toEqual([]);
});

test("notes and changes name their object, and are found on it", async () => {
  const { client, ids } = await setup();
  const { job, notes, object_changes } = await client.query(
    `query ($id: ID!) {
      job(id: $id) { notes { id note } object_changes { id action } }
      notes { id note user_name assigned_object_id assigned_object_type { label } user { username } }
      object_changes {
        id action change_context object_repr object_data user_name changed_object_id related_object_id
        changed_object_type { app_label model } related_object_type { label } user { username } display
      }
    }`,
    { id: ids.job },
  );
  expect(job.notes).toEqual([{ id: notes[0]!.id, note: "Mind it." }]);
  expect(notes[0]).toMatchObject({
    assigned_object_id: ids.job,
    assigned_object_type: { label: "dcim.device" },
    user: { username: "ada" },
  });
  const change = object_changes.find(({ changed_object_id }) => changed_object_id === ids.job);
  expect(job.object_changes).toEqual([{ id: change!.id, action: "UPDATE" }]);
  expect(change).toMatchObject({
    change_context: "JOB_HOOK",
    changed_object_type: { app_label: "dcim", model: "device" },
    related_object_type: { label: "dcim.device" },
    related_object_id: ids.job,
    object_data: { name: "it" },
    user: { username: "ada" },
    display: "it updated by ada",
  });
});

test("computed fields of a job", async () => {
  const { client, ids } = await setup();
  const { job } = await client.query(
    `query ($id: ID!) { job(id: $id) {
      class_path description_first_line runnable latest_result { id status } git_repository { slug } task_queues task_queues_override
      url display natural_slug composite_key _custom_field_data jobbutton { name } jobbutton_set { name }
    } }`,
    { id: ids.job },
  );
  expect(job).toEqual({
    class_path: "lab.backup.Backup",
    description_first_line: "Saves.",
    runnable: true,
    latest_result: { id: ids.run, status: "REVOKED" },
    git_repository: { slug: "lab" },
    task_queues: ["night"],
    task_queues_override: false,
    url: `/extras/jobs/${ids.job}/`,
    display: "Back up Genève",
    natural_slug: `lab-backup_backup_${ids.job.slice(0, 4)}`,
    composite_key: "lab.backup;Backup",
    _custom_field_data: {},
    jobbutton: [{ name: "Press" }],
    jobbutton_set: [{ name: "Press" }],
  });
});

test("computed fields of runs and their files", async () => {
  const { client, ids } = await setup();
  const { job_result } = await client.query(
    `query ($id: ID!) { job_result(id: $id) {
      duration queue { name } files { name size job_result { id } url } job_console_entries { output_type text } display url composite_key
      cancel_type canceled_by_user_name date_canceled _custom_field_data
    } }`,
    { id: ids.run },
  );
  expect(job_result).toEqual({
    duration: "2 minutes, 2.50 seconds",
    queue: { name: "night" },
    files: [{ name: "a.txt", size: 12, job_result: { id: ids.run }, url: `/extras/file-proxies/${ids.file}/` }],
    job_console_entries: [{ output_type: "STDERR", text: "oops" }],
    display: "Back up Genève started at 2026-02-01T10:00:00.000Z (REVOKED)",
    url: `/extras/job-results/${ids.run}/`,
    composite_key: ids.run,
    cancel_type: "REAPED",
    canceled_by_user_name: "ada",
    date_canceled: null,
    _custom_field_data: { ticket: 7 },
  });
});

test("names of other objects", async () => {
  const { client, ids } = await setup();
  const naming = "display url natural_slug composite_key";
  const { job_queue, user, content_type } = await client.query(
    `query ($queue: ID!, $user: ID!, $device: ID!) {
      job_queue(id: $queue) { ${naming} } user(id: $user) { ${naming} } content_type(id: $device) { ${naming} }
    }`,
    ids,
  );
  const slug = (text: string, id: string) => `${text}_${id.slice(0, 4)}`;
  expect(job_queue).toEqual({
    display: "celery: night",
    url: `/extras/job-queues/${ids.queue}/`,
    natural_slug: slug("night", ids.queue),
    composite_key: "night",
  });
  expect(user).toMatchObject({ display: "ada", url: `/users/users/${ids.user}/`, composite_key: "ada" });
  expect(content_type).toMatchObject({
    display: "dcim | device",
    natural_slug: slug("dcim_device", ids.device),
    composite_key: "dcim;device",
  });
});

test("a schedule says when it runs its job", async () => {
  const { client, database, ids } = await setup();
  const year = new Date().getUTCFullYear() + 1;
  const em = database.fork();
  const schedule = await em.findOneOrFail(ScheduledJob, ids.schedule);
  const ask = async () =>
    (
      await client.query(`query ($id: ID!) { scheduled_job(id: $id) { schedule time_zone next_runs(count: 2) display } }`, {
        id: ids.schedule,
      })
    ).scheduled_job;
  schedule.startTime = new Date(`${year}-01-01T05:30:00Z`);
  await em.flush();
  expect(await ask()).toEqual({
    schedule: "30 0 * * *",
    time_zone: "AMERICA_NEW_YORK",
    next_runs: [`${year}-01-01T05:30:00.000Z`, `${year}-01-02T05:30:00.000Z`],
    display: "Nightly: daily",
  });
  schedule.enabled = false;
  await em.flush();
  expect((await ask()).next_runs).toEqual([]);
  const error = await client.refused(`{ scheduled_jobs { next_runs(count: 101) } }`);
  expect(error.extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field: "count" }] });
});

test("our models have content types, once, however often the server starts", async () => {
  const { database } = await setup();
  await ensureContentTypes(database, ["dcim.device", "ipam.ip_address"]);
  const labels = (await database.fork().findAll(ContentType)).map(({ label, appLabel, model }) => {
    expect(label).toBe(`${appLabel}.${model}`);
    return label;
  });
  const seen = MODELS.filter((model) => !OWN_MODELS.has(model));
  expect(labels.toSorted()).toEqual([...seen.map(contentTypeLabel), "dcim.device", "ipam.ip_address"].toSorted());
  expect(contentTypeLabel(Token)).toBe("users.token");
});

test("computed fields that read other tables take one statement a level", async () => {
  const { database, ids } = await setup();
  const em = database.fork();
  const queue = ids.queue;
  for (let n = 0; n < 20; n++) {
    const job = em.create(Job, { moduleName: `lab.m${n}`, jobClassName: "J", grouping: "g", name: `J${n}` }, { partial: true });
    em.create(JobQueueAssignment, { job, jobQueue: queue }, { partial: true });
    for (const month of ["03", "04"]) {
      const run = { name: "r", jobModel: job, dateCreated: at(`${month}-01T00:00:00`), celeryKwargs: { queue: "night" } };
      em.create(JobResult, run, { partial: true });
    }
  }
  await em.flush();
  const { counted, statements } = countStatements(database);
  const answer = await graphql({
    schema: createSchema(),
    source: `{ jobs { task_queues git_repository { name } latest_result { date_created queue { name } } } }`,
    contextValue: createContext(
      { database: counted, limits: { ...loadConfig({}), maxPageSize: 100 }, runner: undefined as never },
      {
        id: ids.user,
        rights: ALL_RIGHTS,
      } as never,
    ),
  });
  expect(answer.errors).toBeUndefined();
  const jobs = (answer.data as any).jobs;
  expect(jobs).toHaveLength(21);
  for (const job of jobs) {
    expect(job).toMatchObject({
      task_queues: ["night"],
      git_repository: { name: "Lab" },
      latest_result: { queue: { name: "night" } },
    });
  }
  expect(
    jobs.map((job: any) => job.latest_result.date_created.slice(5, 7)).filter((month: string) => month === "04"),
  ).toHaveLength(20);
  expect(statements()).toBe(5);
});

/** The database with a count of the statements that read it. */
function countStatements(database: Database) {
  let count = 0;
  const rows = database.rows.withPlugin({
    transformQuery({ node }) {
      count += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  return { counted: { ...database, rows }, statements: () => count };
}

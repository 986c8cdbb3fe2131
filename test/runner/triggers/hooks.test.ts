import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { Job } from "../../../src/entities/index.ts";
import { KEY, openTestApp, type TestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";
import { finished } from "../../support/control.ts";
import { ENDING, expectOneFailure } from "../../support/failures.ts";
import { databaseOf } from "../../support/rows.ts";

const RECEIVERS = {
  "hooks.ts": `
    export const Tell = defineJobHookReceiver({
      name: "Tell", enabled: true, isolation: "shared",
      receive({ change, action, changedObject, user, logger }) {
        logger.info(action + " " + change.objectRepr);
        return { action, changedObject, before: change.before, objectType: change.objectType, user: user?.username ?? null, userName: change.userName };
      },
    });
    export const Alone = defineJobHookReceiver({ name: "Alone", enabled: true, isSingleton: true, receive: () => "told" });
    export const Meddle = defineJobHookReceiver({
      name: "Meddle", enabled: true,
      async receive({ changedObject, jobResult }) {
        const response = await fetch(changedObject.description.replace(/\\/$/, "") + "/graphql", {
          method: "POST",
          headers: { "content-type": "application/json", authorization: "Token ${KEY}", "x-job-result": jobResult.token },
          body: JSON.stringify({ query: 'mutation { update_job(name: "Plain", data: { description: "meddled" }) { object_changes { change_context change_context_detail } } }' }),
        });
        return response.json();
      },
    });
    export const Plain = defineJob({ name: "Plain", run() {} });
    export const Free = defineJob({ name: "Free", enabled: true, isolation: "shared", run() {} });
    export const Wait = defineJob({ name: "Wait", enabled: true, run: ({ jobResult, logger, signal }) => new Promise((resolve) => {
      logger.info(jobResult.token);
      signal.addEventListener("abort", resolve);
    }) });
  `,
};

async function hook(app: TestApp, values: object): Promise<void> {
  await app.client.query(`mutation ($data: CreateJobHookInput!) { create_job_hook(data: $data) { id } }`, {
    data: { name: "A hook", job: "Tell", ...values },
  });
}

/** The runs of a job, oldest first, once there are so many and all have ended. */
async function runsOf(app: TestApp, job: string, count: number): Promise<any[]> {
  const read = async () =>
    (
      await app.client.query(
        `query ($job: [String!]) { job_results(job_model: $job, sort: ["date_created", "id"], status__n: ["PENDING", "STARTED", "RETRY"]) {
          name ${ENDING} meta user { username } task_kwargs } }`,
        { job },
      )
    ).job_results;
  await expect.poll(async () => (await read()).length).toBe(count);
  const runs = await read();
  runs.forEach(expectOneFailure);
  return runs;
}

const describePlain = (description: string) =>
  `mutation { update_job(name: "Plain", data: { description: "${description}" }) { id object_changes { id } } }`;

const describeFree = (description: string) =>
  `mutation { update_job(name: "Free", data: { description: ${JSON.stringify(description)} }) { object_changes(limit: 1) { change_context } } }`;

test("a hook on updates of jobs runs with the object as it was after the change, and for nothing else", async () => {
  const app = await openTestApp(RECEIVERS);
  await hook(app, { content_types: ["extras.job"], type_update: true });
  await app.client.query(`mutation { create_job_queue(data: { name: "another kind" }) { id } }`);
  const { update_job } = await app.client.query(describePlain("changed"));
  const [run] = await runsOf(app, "Tell", 1);
  expect(run).toMatchObject({
    name: "Tell",
    status: "SUCCESS",
    user: { username: "admin" },
    meta: { job_hook: "A hook" },
    task_kwargs: { object_change: update_job.object_changes[0].id },
    result: {
      action: "UPDATE",
      objectType: "extras.job",
      user: "admin",
      changedObject: { id: update_job.id, name: "Plain", description: "changed", job_queues: [{ name: "default" }] },
      before: { description: "" },
    },
  });
});

test("a change that another application reports sets off hooks on its kind, and carries no secrets", async () => {
  const app = await openTestApp(RECEIVERS);
  await hook(app, { content_types: ["dcim.device"], type_create: true, type_delete: true });
  const id = randomUUID();
  const report = (action: string, more: object) =>
    app.client.query(
      `mutation ($id: ID!, $action: ExtrasObjectChangeActionChoices!, $before: GenericScalar, $after: GenericScalar) {
        record_object_change(object_type: "dcim.device", object_id: $id, action: $action, object_repr: "ams01", before: $before, after: $after) {
          user_name changed_object_type { label } object_data_v2 prechange postchange } }`,
      { id, action, ...more },
    );
  const device = {
    name: "ams01",
    secrets: { snmp_community: "s3cret", password: "" },
    secrets_group: { id: "1" },
    bgp_community: "65000:100",
  };
  const masked = { ...device, secrets: { snmp_community: "********", password: "" } };
  const { record_object_change } = await report("CREATE", { after: device });
  expect(record_object_change).toEqual({
    user_name: "admin",
    changed_object_type: { label: "dcim.device" },
    object_data_v2: masked,
    prechange: null,
    postchange: masked,
  });
  await report("UPDATE", { before: device, after: device });
  await report("DELETE", { before: device });
  const runs = await runsOf(app, "Tell", 2);
  expect(runs.map(({ result }) => [result.action, result.changedObject])).toEqual([
    ["CREATE", masked],
    ["DELETE", null],
  ]);
});

test.each([
  ["a kind that is none", { object_type: "Device" }, "object_type"],
  ["a kind of our own", { object_type: "extras.job" }, "object_type"],
  ["an id that is none", { object_id: "7" }, "object_id"],
  ["a long name", { object_repr: "x".repeat(201) }, "object_repr"],
  ["an object that is none", { after: ["x"] }, "after"],
  ["nothing after an update", { action: "UPDATE", after: null }, "after"],
  ["something after a delete", { action: "DELETE" }, "after"],
  ["something before a create", { before: {} }, "before"],
])("a report of %s is refused", async (_, wrong, field) => {
  const { client } = await openTestApp({});
  const variables = {
    object_type: "dcim.device",
    object_id: randomUUID(),
    action: "CREATE",
    object_repr: "x",
    after: {},
    ...wrong,
  };
  const error = await client.refused(
    `mutation ($object_type: String!, $object_id: ID!, $action: ExtrasObjectChangeActionChoices!, $object_repr: String!, $before: GenericScalar, $after: GenericScalar) {
      record_object_change(object_type: $object_type, object_id: $object_id, action: $action, object_repr: $object_repr, before: $before, after: $after) { id } }`,
    variables,
  );
  expect(error.extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field }] });
  expect((await client.query(`{ object_changes(changed_object_type: "dcim.device") { id } }`)).object_changes).toEqual([]);
});

test("changes by a hook's own run are marked as such, and set off no hook", async () => {
  const app = await openTestApp(RECEIVERS);
  await hook(app, { job: "Meddle", content_types: ["extras.job"], type_update: true });
  await app.client.query(describePlain(app.url));
  const [run] = await runsOf(app, "Meddle", 1);
  expect(run.result.data.update_job.object_changes[0]).toEqual({ change_context: "JOB_HOOK", change_context_detail: "Meddle" });
  await app.client.query(describePlain(`${app.url}/`));
  expect(await runsOf(app, "Meddle", 2)).toHaveLength(2);
});

test("only the token of a run that is under way lets an operation come from it", async () => {
  const app = await openTestApp(RECEIVERS);
  const send = async (token: string, description: string) => {
    const { body } = await post(app.url, KEY, { query: describeFree(description) }, "/graphql", { "x-job-result": token });
    return body.errors?.[0] ?? body.data.update_job.object_changes[0].change_context;
  };
  const { run_job } = await app.client.query(`mutation { run_job(name: "Wait") { id } }`);
  const told: string[] = [];
  await app.client.followLog(run_job.id, { limit: 1, onLines: (lines) => told.push(...lines.map(({ message }) => message)) });
  const [token] = told as [string];
  expect(await send(token, "while it runs")).toBe("JOB");
  const [id, attempt, signature] = token.split(".") as [string, string, string];
  const { run_job: other } = await app.client.query(`mutation { run_job(name: "Free") { id } }`);
  const forged = [
    "",
    "7",
    id,
    randomUUID(),
    `${id}.${attempt}`,
    `${id}.${Number(attempt) + 1}.${signature}`,
    `${id}.${attempt}.${"0".repeat(64)}`,
    `${id}.${attempt}.${signature}.`.toUpperCase(),
    `${other.id}.${attempt}.${signature}`,
    `${token}, ${token}`,
  ];
  for (const text of forged)
    expect.soft(await send(text, `as ${text}`), text).toMatchObject({
      message: expect.stringContaining("X-Job-Result"),
      extensions: { code: "BAD_USER_INPUT" },
    });
  await app.client.query(`mutation ($id: ID!) { cancel_job_result(id: $id) { id } }`, { id: run_job.id });
  await finished(app.client, run_job.id);
  expect(await send(token, "once it has ended")).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
});

test("a rejection by the gate is recorded as a run", async () => {
  const app = await openTestApp(RECEIVERS);
  await hook(app, { job: "Alone", content_types: ["extras.job"], type_update: true });
  await app.client.query(`mutation { update_job(name: "Alone", data: { enabled: false }) { id } }`);
  expect(await runsOf(app, "Alone", 1)).toMatchObject([
    { status: "FAILURE", error: { type: "JOB_NOT_ENABLED", message: expect.stringContaining("Alone") } },
  ]);
});

test("hundreds of changes in one transaction lose no hook, and the mutation does not wait for them", async () => {
  const app = await openTestApp(RECEIVERS);
  const database = await databaseOf(app);
  const em = database.fork();
  const count = 500;
  for (let n = 0; n < count; n++) {
    const job = { moduleName: `many.m${n}`, jobClassName: "M", grouping: "Many", name: `M${n}`, installed: false };
    em.create(Job, job, { partial: true });
  }
  await em.flush();
  await hook(app, { content_types: ["extras.job"], type_update: true });
  const { update_jobs } = await app.client.query(
    `mutation { update_jobs(grouping: "Many", data: { description: "one of many" }) { applied outcomes { changed } } }`,
  );
  expect(update_jobs.applied).toBe(true);
  expect(update_jobs.outcomes.filter((outcome) => outcome.changed)).toHaveLength(count);
  const launched = async () =>
    (await app.client.query(`{ job_results_connection(job_model: "Tell", first: 1) { total_count } }`)).job_results_connection
      .total_count;
  expect(await launched()).toBeLessThan(count);
  await expect.poll(launched).toBe(count);
  expect(await database.rows.selectFrom("job_hook_delivery").select("id").execute()).toEqual([]);
});

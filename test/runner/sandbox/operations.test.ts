import { expect, test } from "vitest";
import { JobResult, User } from "../../../src/entities/index.ts";
import { openTestApp, restart } from "../../support/app.ts";
import { finished, start, startAndHear } from "../../support/control.ts";
import { readLog } from "../../support/changes.ts";
import { databaseOf } from "../../support/rows.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "ops.ts": String.raw`
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
const job = (name, run, more = {}) => defineJob({ name, enabled: true, run, ...more });
const all = (error) => ({ name: error.name, message: error.message, errors: error.errors });
export const Reads = job("Reads", async ({ graphql, jobResult }) => graphql("query ($id: ID!) { job_result(id: $id) { status user { username } } }", { id: jobResult.id }));
export const Own = job("Own process", async ({ graphql }) => (await graphql("{ job_queues { name } }")).job_queues.length, { isolation: "process" });
export const Writes = job("Writes", async ({ graphql }) => {
  const { create_tag } = await graphql("mutation ($data: CreateTagInput!) { create_tag(data: $data) { id } }", { data: { name: "made" } });
  await graphql("mutation ($id: ID!) { update_tag(id: $id, data: { description: \"later\" }) { id } delete_tag(id: $id) { id } }", create_tag);
});
export const Wrong = job("Wrong", async ({ graphql }) => Promise.all([
  ["{ jobs {"], ["{ nothing }"], ["query A { jobs { id } } query B { jobs { id } }"], ["subscription { job_log_entries(job_result_id: \"x\") { message } }"],
  ["query ($n: Int!) { jobs(limit: $n) { id } }", { n: "many" }], ["{ jobs(limit: -1) { id } }"], ["mutation { create_tag(data: { name: \" \" }) { id } }"],
].map(([document, variables]) => graphql(document, variables).then(() => "taken", all))));
export const AsksAgain = job("Asks again", async ({ graphql, logger, signal }) => {
  logger.info("begun");
  for (;;) {
    const error = await graphql("{ jobs { id } }").then(() => undefined, all);
    if (error) return error;
    await delay(5);
  }
});
export const OnTag = defineJobHookReceiver({ name: "On tag", enabled: true, receive: async ({ graphql, changedObject }) => {
  await graphql("mutation ($id: ID!) { update_tag(id: $id, data: { description: \"seen\" }) { id } }", { id: changedObject.id });
} });
export const OnClick = defineJobButtonReceiver({ name: "On click", enabled: true, receive: async ({ graphql, objectId }) =>
  (await graphql("query ($id: ID!) { tag(id: $id) { name } }", { id: objectId })).tag.name });
export const Cancels = job("Cancels", async ({ graphql, jobResult, signal }) => {
  const aborted = once(signal, "abort");
  await graphql("mutation ($id: ID!) { cancel_job_result(id: $id, reason: \"myself\") { id } }", { id: jobResult.id });
  await aborted;
  throw signal.reason;
});
`,
};

test("a job reads and writes as the user of its run, and its changes are the run's", async () => {
  const app = await openTestApp(JOBS);
  expect(await runToEnd(app.client, "ops.Reads")).toMatchObject({
    status: "SUCCESS",
    result: { job_result: { status: "STARTED", user: { username: "admin" } } },
  });
  expect(await runToEnd(app.client, "ops.Own")).toMatchObject({ status: "SUCCESS", result: 1 });
  expect(await runToEnd(app.client, "ops.Writes")).toMatchObject({ status: "SUCCESS" });
  const changes = await readLog(app.client, `changed_object_type: "extras.tag", change_context: "JOB"`);
  expect(changes.map(({ action, user_name, change_context_detail }) => [action, user_name, change_context_detail])).toEqual(
    ["CREATE", "UPDATE", "DELETE"].map((action) => [action, "admin", "Writes"]),
  );
});

test("errors are those that every client is told", async () => {
  const { client } = await openTestApp(JOBS);
  const { result } = await runToEnd(client, "ops.Wrong");
  expect(result.map(({ name }: { name: string }) => name)).toEqual(result.map(() => "GraphQLRequestError"));
  const codes = result.map(({ errors }: any) => errors[0].extensions.code);
  expect(codes).toEqual([
    "GRAPHQL_VALIDATION_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "BAD_USER_INPUT",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "BAD_USER_INPUT",
  ]);
  expect(result[2].message).toBe("The document must have one operation, and no more.");
  expect(result[3].message).toBe("A job may send queries and mutations; a subscription never ends.");
  expect(result[5].errors[0]).toMatchObject({ path: ["jobs"], message: "limit must be 0 or more." });
  expect(result[6].errors[0].extensions.details).toEqual([{ field: "data.name", message: "This field cannot be blank." }]);
});

test("a deactivated or deleted user may do nothing more", async () => {
  const app = await openTestApp(JOBS);
  const database = await databaseOf(app);
  const ended = async (id: string) => {
    const read = async () => database.fork().findOneOrFail(JobResult, { id });
    await expect.poll(async () => (await read()).status).toBe("SUCCESS");
    return (await read()).result;
  };
  const refusal = {
    name: "GraphQLRequestError",
    message: "The user of this run is not active any more.",
    errors: [{ extensions: { code: "UNAUTHENTICATED" } }],
  };
  const first = await startAndHear(app.client, "ops.AsksAgain");
  await database.fork().nativeUpdate(User, { username: "admin" }, { isActive: false });
  expect(await ended(first)).toMatchObject(refusal);
  await database.fork().nativeUpdate(User, { username: "admin" }, { isActive: true });
  const second = await startAndHear(app.client, "ops.AsksAgain");
  await database.fork().nativeDelete(User, { username: "admin" });
  expect(await ended(second)).toMatchObject(refusal);
});

test("a run without a user may do nothing", async () => {
  const app = await openTestApp(JOBS);
  const em = (await databaseOf(app)).fork();
  const values = { name: "Asks again", taskName: "ops.AsksAgain", celeryKwargs: { queue: "default" } };
  const { id } = em.create(JobResult, values, { partial: true });
  await em.flush();
  const { client } = await restart(app);
  expect((await finished(client, id)).result).toMatchObject({
    message: "This run has no user, so it may do nothing in the API.",
    errors: [{ extensions: { code: "FORBIDDEN" } }],
  });
});

test("receivers have it too; changes by a hook's run set off no hooks", async () => {
  const { client } = await openTestApp(JOBS);
  await client.query(`mutation { create_job_hook(data: { name: "Tags", job: "On tag", content_types: ["extras.tag"],
    type_create: true, type_update: true }) { id } }`);
  const { create_tag, create_job_button } = await client.query(`mutation {
    create_tag(data: { name: "a" }) { id }
    create_job_button(data: { name: "Press", text: "Go", job: "On click", content_types: ["extras.tag"] }) { id } }`);
  const updates = () => readLog(client, `changed_object_type: "extras.tag", action: "UPDATE"`);
  await expect.poll(updates).toHaveLength(1);
  expect(await updates()).toMatchObject([{ change_context_detail: "On tag", differences: { added: { description: "seen" } } }]);
  expect((await client.query(`{ object_changes(change_context: "JOB_HOOK") { id } }`)).object_changes).toHaveLength(1);
  const { press_job_button } = await client.query(
    `mutation ($button: ID!, $tag: ID!) { press_job_button(id: $button, object_type: "extras.tag", object_id: $tag) { id } }`,
    { button: create_job_button.id, tag: create_tag.id },
  );
  expect(await finished(client, press_job_button.id)).toMatchObject({ status: "SUCCESS", result: "a" });
  expect((await client.query(`{ job_results(name: "On tag") { status } }`)).job_results).toEqual([{ status: "SUCCESS" }]);
});

test("a job may cancel its own run", async () => {
  const { client } = await openTestApp(JOBS);
  const id = await start(client, "ops.Cancels");
  expect(await finished(client, id)).toMatchObject({ status: "REVOKED", cancel_reason: "myself" });
});

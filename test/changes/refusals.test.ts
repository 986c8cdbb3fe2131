import { joinGroups } from "../support/people.ts";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hashKey } from "../../src/access/authenticate.ts";
import { Token, User } from "../../src/entities/index.ts";
import { openTestApp, type TestApp } from "../support/app.ts";
import { createClient, type TestClient } from "../support/client.ts";
import { databaseOf, storeRun } from "../support/rows.ts";
import {
  BUTTON,
  type Changeable,
  CREATE,
  create,
  DELETE,
  HOOK,
  JOBS,
  NOTE,
  QUEUE,
  remove,
  TAG,
  UPDATE,
  update,
} from "./changeable.ts";

const NOBODY = "018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f";
const OLD = "2020-01-01T00:00:00Z";

/** Returns a text with one character too many; each of them is two bytes. */
const tooLong = (length: number) => "é".repeat(length + 1);

/** A mutation that must be refused: the mistake, the document, its variables, and the code and fields of the error. */
type Attempt = readonly [what: string, document: string, variables: object, refusal: string];

/** Attempts on a model. `refusal` is fields with BAD_USER_INPUT unless it begins with another code. */
function attemptsOn(model: Changeable, good: object) {
  const withCode = (refusal: string) => (/^[A-Z]/.test(refusal) ? refusal : `BAD_USER_INPUT ${refusal}`.trim());
  return {
    creating: (what: string, data: object, refusal: string): Attempt => [
      `${what}, new`,
      CREATE(model),
      { data: { ...good, ...data } },
      withCode(refusal),
    ],
    updating: (what: string, id: string, data: object, refusal: string, since?: string): Attempt => [
      `${what}, later`,
      UPDATE(model),
      { id, data, since },
      withCode(refusal),
    ],
    deleting: (what: string, id: string, refusal: string, since?: string): Attempt => [
      `to delete ${what}`,
      DELETE(model),
      { id, since },
      withCode(refusal),
    ],
  };
}

/** Returns attempts that every model refuses: objects that do not exist, and objects that have changed since. */
function alwaysRefused(model: Changeable, id: string, change: object): Attempt[] {
  const { updating, deleting } = attemptsOn(model, {});
  const stale = "CONFLICT if_unmodified_since";
  return [
    ...[NOBODY, "nonsense"].flatMap((unknown) => [
      updating(`the id ${unknown}`, unknown, change, "NOT_FOUND"),
      deleting(`the id ${unknown}`, unknown, "NOT_FOUND"),
    ]),
    updating("what has changed since", id, change, stale, OLD),
    updating("since no time", id, change, "", "yesterday"),
    updating("nothing, of what has changed since", id, {}, stale, OLD),
    deleting("what has changed since", id, stale, OLD),
  ];
}

/** Makes all attempts and compares the answers; nothing of them may be in the change log, nor anywhere else. */
async function refuses(app: TestApp, attempts: readonly Attempt[], client = app.client): Promise<void> {
  const everything = `{
    object_changes_connection { total_count } content_types_connection { total_count }
    job_queues { id last_updated } job_hooks { id last_updated } job_buttons { id last_updated }
    tags { id last_updated } notes { id last_updated }
  }`;
  const before = await client.query(everything);
  const answers: [string, string][] = [];
  for (const [what, document, variables] of attempts) {
    const { extensions } = await client.refused(document, variables);
    answers.push([what, [extensions.code, ...new Set(extensions.details?.map(({ field }) => field))].join(" ")]);
  }
  expect(answers).toEqual(attempts.map(([what, , , refusal]) => [what, refusal]));
  expect(await client.query(everything)).toEqual(before);
}

/** Names that no model takes, new or later. */
function wrongNames({ creating, updating }: ReturnType<typeof attemptsOn>, id: string, taken: string): Attempt[] {
  const wrong: [string, string][] = [
    ["an empty name", ""],
    ["a blank name", " \n"],
    ["a long name", tooLong(255)],
    ["a name that is taken", taken],
  ];
  return [
    creating("no name", { name: undefined }, ""),
    creating("null for a name", { name: null }, ""),
    updating("null for a name", id, { name: null }, "data.name"),
    ...wrong.flatMap(([what, name]) => [creating(what, { name }, "data.name"), updating(what, id, { name }, "data.name")]),
  ];
}

test("queues: names, tags, and parts that may not go or change under others", async () => {
  const app = await openTestApp(JOBS);
  const { client } = app;
  const database = await databaseOf(app);
  await create(client, TAG, { name: "racks", content_types: ["dcim.rack", "extras.job"] });
  const { id } = await create(client, QUEUE, { name: "q" });
  const busy = await create(client, QUEUE, { name: "busy" });
  const run = await storeRun(database, { status: "PENDING", dateDone: null, celeryKwargs: { queue: "busy" } });
  const { job_queues } = await client.query(`{ job_queues(name: ["default", "plain"]) { id } }`);
  const [ofAll, ofPlain] = job_queues;

  const attempts = attemptsOn(QUEUE, { name: "new" });
  const { creating, updating, deleting } = attempts;
  await refuses(app, [
    ...wrongNames(attempts, id, "default"),
    creating("a slash", { name: "a/b" }, "data.name"),
    creating("two dots", { name: ".." }, "data.name"),
    creating("two dots in a name", { name: "a..b" }, "data.name"),
    updating("two dots", id, { name: "a.." }, "data.name"),
    creating("a backslash", { name: "a\\b" }, "data.name"),
    updating("a slash", id, { name: "a/b" }, "data.name"),
    creating("a long description", { description: tooLong(255) }, "data.description"),
    creating("null for a text", { description: null }, "data.description"),
    creating("null for a choice", { queue_type: null }, "data.queue_type"),
    creating("no such choice", { queue_type: "FAST" }, ""),
    creating("no such tag", { tags: ["nope"] }, "data.tags"),
    creating("no tag of this id", { tags: [NOBODY] }, "data.tags"),
    creating("a tag for others", { tags: ["racks"] }, "data.tags"),
    updating("a tag for others", id, { description: "x", tags: ["racks"] }, "data.tags"),
    creating("custom fields as a list", { _custom_field_data: [1] }, "data._custom_field_data"),
    updating("custom fields as a text", id, { _custom_field_data: "x" }, "data._custom_field_data"),
    creating("several at once", { name: "", description: null, tags: ["nope"] }, "data.name data.description data.tags"),
    updating("another name of the default", ofAll!.id, { name: "first" }, "data.name"),
    deleting("the default", ofAll!.id, "id"),
    deleting("a job's default", ofPlain!.id, "id"),
    updating("another name while runs wait", busy.id, { name: "idle" }, "data.name"),
    deleting("while runs wait", busy.id, "id"),
    ...alwaysRefused(QUEUE, id, { name: "new" }),
  ]);

  expect(await update(client, QUEUE, ofAll!.id, { description: "Takes all." })).toMatchObject({ description: "Takes all." });
  expect(await update(client, QUEUE, busy.id, { description: "Full." })).toMatchObject({ description: "Full." });
  await database.rows.updateTable("job_result").set({ status: "SUCCESS" }).where("id", "=", run).execute();
  expect(await update(client, QUEUE, busy.id, { name: "idle" })).toMatchObject({ name: "idle" });
  expect(await remove(client, QUEUE, busy.id)).toMatchObject({ name: "idle" });
  expect(await update(client, QUEUE, ofPlain!.id, { name: "simple" })).toMatchObject({ name: "simple" });
});

/** Returns attempts that hooks and buttons refuse for their job, or for their content types. */
function wrongReceivers(
  { creating, updating }: ReturnType<typeof attemptsOn>,
  id: string,
  names: Record<"gone" | "off" | "other", string>,
) {
  const wrong: [string, object, string][] = [
    ["no such job", { job: "Nobody" }, "data.job"],
    ["no job of this id", { job: NOBODY }, "data.job"],
    ["a plain job", { job: "Plain" }, "data.job"],
    ["a plain job, switched off", { job: "Plain", enabled: false }, "data.job"],
    ["a receiver of another kind", { job: names.other }, "data.job"],
    ["a job that is not enabled", { job: names.off }, "data.job"],
    ["a job that is not installed", { job: names.gone }, "data.job"],
    ["no kind", { content_types: [] }, "data.content_types"],
    ["null for kinds", { content_types: null }, "data.content_types"],
    ["what is no kind", { content_types: ["dcim.rack", "Device"] }, "data.content_types"],
    ["no kind of this id", { content_types: [NOBODY] }, "data.content_types"],
    ["a long kind", { content_types: [`dcim.${"x".repeat(101)}`] }, "data.content_types"],
    ["a long application", { content_types: [`${"x".repeat(101)}.device`] }, "data.content_types"],
    ["null for a flag", { enabled: null }, "data.enabled"],
    ["several at once", { job: "Nobody", content_types: ["Device"] }, "data.job data.content_types"],
  ];
  return [
    creating("no job", { job: undefined }, ""),
    updating("null for the job", id, { job: null }, "data.job"),
    creating("no kinds named", { content_types: undefined }, "data.content_types"),
    ...wrong.flatMap(([what, data, refusal]) => [creating(what, data, refusal), updating(what, id, data, refusal)]),
  ];
}

/** Takes the source of the jobs "Gone" and "Gone button" away. */
async function uninstallGone({ client, config }: TestApp): Promise<void> {
  await rm(join(config.jobsRoot, "gone.ts"));
  await client.query(`mutation { refresh_jobs { id } }`);
}

const GONE = {
  "gone.ts": `
export const Gone = defineJobHookReceiver({ name: "Gone", enabled: true, receive() {} });
export const GoneButton = defineJobButtonReceiver({ name: "Gone button", enabled: true, receive() {} });
`,
};

const enableJob = (client: TestClient, name: string, enabled: boolean) =>
  client.query(`mutation ($name: String!, $enabled: Boolean!) { update_job(name: $name, data: { enabled: $enabled }) { id } }`, {
    name,
    enabled,
  });

test("hooks: receivers, actions, kinds, and no two for the same", async () => {
  const app = await openTestApp({ ...JOBS, ...GONE });
  const { client } = app;
  const good = { name: "new", job: "Hook", content_types: ["extras.job"], type_update: true };
  const both = { job: "Hook", content_types: ["dcim.device", "dcim.rack"], type_create: true, type_delete: true };
  await create(client, HOOK, { name: "first", ...both });
  const { id } = await create(client, HOOK, { name: "second", ...both, job: "Other hook" });
  const ofGone = await create(client, HOOK, { ...good, name: "of gone", job: "Gone", content_types: ["dcim.site"] });
  await uninstallGone(app);

  const attempts = attemptsOn(HOOK, good);
  const { creating, updating } = attempts;
  await refuses(app, [
    ...wrongNames(attempts, id, "first"),
    ...wrongReceivers(attempts, id, { gone: "Gone", off: "Hook off", other: "Button" }),
    creating("no action", { type_update: false }, "data.type_create"),
    updating("no action", id, { type_create: false, type_delete: false }, "data.type_create"),
    updating("null for an action", id, { type_create: null }, "data.type_create"),
    creating("what another does", { content_types: ["dcim.rack"], type_delete: true }, "data.content_types"),
    updating("what another does", id, { job: "Hook" }, "data.content_types"),
    creating("what another does, switched off", { ...both, enabled: false }, "data.content_types"),
    updating("a job that is not installed", ofGone.id, { enabled: true }, "data.job"),
    ...alwaysRefused(HOOK, id, { name: "new" }),
  ]);
  const conflict = await client.refused(CREATE(HOOK), { data: { ...good, ...both } });
  expect(conflict.extensions.details!.map(({ message }) => message).toSorted()).toEqual(
    ["create", "delete"].flatMap((action) =>
      ["dcim.device", "dcim.rack"].map((label) => `The hook "first" runs this job already on ${action} of ${label}.`),
    ),
  );

  expect(await update(client, HOOK, ofGone.id, { name: "rests" })).toMatchObject({ name: "rests", enabled: false });
  expect(await create(client, HOOK, { ...good, content_types: ["dcim.device"] })).toMatchObject({ job: { name: "Hook" } });
  await enableJob(client, "Other hook", false);
  expect((await client.refused(UPDATE(HOOK), { id, data: { name: "x" } })).extensions.details).toMatchObject([
    { field: "data.job" },
  ]);
  expect(await update(client, HOOK, id, { enabled: false })).toMatchObject({ enabled: false });
  expect((await client.refused(UPDATE(HOOK), { id, data: { enabled: true } })).extensions.details).toMatchObject([
    { field: "data.job" },
  ]);
});

test("buttons: receivers, kinds and texts", async () => {
  const app = await openTestApp({ ...JOBS, ...GONE });
  const { client } = app;
  const good = { name: "new", text: "Go", job: "Button", content_types: ["extras.job"] };
  const { id } = await create(client, BUTTON, { ...good, name: "first" });
  await create(client, BUTTON, { ...good, name: "second" });
  await uninstallGone(app);

  const attempts = attemptsOn(BUTTON, good);
  const { creating, updating } = attempts;
  await refuses(app, [
    ...wrongNames(attempts, id, "second").filter(([what]) => what !== "a name that is taken, new"),
    creating("a name that is taken", { name: "first" }, "data.name"),
    ...wrongReceivers(attempts, id, { gone: "Gone button", off: "Button off", other: "Hook" }),
    creating("no text", { text: undefined }, ""),
    creating("a blank text", { text: " " }, "data.text"),
    updating("a blank text", id, { text: "" }, "data.text"),
    updating("null for the text", id, { text: null }, "data.text"),
    creating("a long text", { text: tooLong(500) }, "data.text"),
    creating("a long group", { group_name: tooLong(255) }, "data.group_name"),
    updating("null for the group", id, { group_name: null }, "data.group_name"),
    updating("null for the weight", id, { weight: null }, "data.weight"),
    updating("a weight that is no number", id, { weight: "heavy" }, ""),
    updating("null for the look", id, { button_class: null }, "data.button_class"),
    updating("no such look", id, { button_class: "PINK" }, ""),
    updating("null for the question", id, { confirmation: null }, "data.confirmation"),
    ...alwaysRefused(BUTTON, id, { name: "new" }),
  ]);

  await enableJob(client, "Button", false);
  expect(await update(client, BUTTON, id, { enabled: false, text: "Rest" })).toMatchObject({ enabled: false, text: "Rest" });
  expect((await client.refused(UPDATE(BUTTON), { id, data: { enabled: true } })).extensions.details).toMatchObject([
    { field: "data.job" },
  ]);
});

test("tags: names, colors and kinds", async () => {
  const app = await openTestApp({});
  const { client } = app;
  const { id } = await create(client, TAG, { name: "first" });
  await create(client, TAG, { name: "second" });
  const attempts = attemptsOn(TAG, { name: "new" });
  const { creating, updating } = attempts;
  await refuses(app, [
    ...wrongNames(attempts, id, "second"),
    ...["red", "9E9E9E", "9e9e9", "9e9e9g", "#9e9e9e", ""].map((color) =>
      creating(`the color "${color}"`, { color }, "data.color"),
    ),
    updating("a color", id, { color: "#fff" }, "data.color"),
    updating("null for a color", id, { color: null }, "data.color"),
    creating("a long description", { description: tooLong(255) }, "data.description"),
    updating("null for a description", id, { description: null }, "data.description"),
    creating("what is no kind", { content_types: ["device"] }, "data.content_types"),
    creating("custom fields as a number", { _custom_field_data: 1 }, "data._custom_field_data"),
    ...alwaysRefused(TAG, id, { name: "new" }),
  ]);
  expect(await update(client, TAG, id, { color: "00aaff" })).toMatchObject({ color: "00aaff" });
});

test("notes: about existing objects, and nobody's but their writer's", async () => {
  const app = await openTestApp(JOBS);
  const { client } = app;
  const database = await databaseOf(app);
  const em = database.fork();
  const ada = em.create(User, { username: "ada" }, { partial: true });
  await joinGroups(em, ada, ["Operators"]);
  em.create(Token, { user: ada, keyHash: hashKey("key-of-ada") }, { partial: true });
  await em.flush();
  const asAda = createClient(app.url, "key-of-ada");
  onTestFinished(() => asAda.close());

  const { jobs } = await client.query(`{ jobs(name: "Plain") { id } }`);
  const about = { assigned_object_type: "extras.job", assigned_object_id: jobs[0]!.id };
  const good = { ...about, note: "Mind it." };
  const { id } = await create(client, NOTE, good);
  const { creating, updating, deleting } = attemptsOn(NOTE, good);
  await refuses(app, [
    creating("no object of this id", { assigned_object_id: NOBODY }, "data.assigned_object_id"),
    creating("an object of another kind", { assigned_object_type: "extras.tag" }, "data.assigned_object_id"),
    creating("what is no id", { assigned_object_id: "1" }, ""),
    creating("what is no kind", { assigned_object_type: "Job" }, "data.assigned_object_type"),
    creating("no kind", { assigned_object_type: undefined }, ""),
    creating("no note", { note: undefined }, ""),
    creating("a blank note", { note: " \n" }, "data.note"),
    updating("a blank note", id, { note: "" }, "data.note"),
    updating("null for the note", id, { note: null }, "data.note"),
    updating("another object", id, { assigned_object_id: NOBODY }, ""),
    ...alwaysRefused(NOTE, id, { note: "Never mind." }),
  ]);
  const othersNote = [
    updating("somebody else's note", id, { note: "Never mind." }, "FORBIDDEN"),
    updating("nothing of somebody else's note", id, {}, "FORBIDDEN"),
    deleting("somebody else's note", id, "FORBIDDEN"),
  ];
  await refuses(app, othersNote, asAda);

  const hers = await create(asAda, NOTE, good);
  expect(hers).toMatchObject({ user_name: "ada", user: { username: "ada" } });
  expect(await update(asAda, NOTE, hers.id, { note: "Hers." })).toMatchObject({ note: "Hers." });
  // The administrator may do everything, and does not become the writer.
  expect(await update(client, NOTE, hers.id, { note: "Ours." })).toMatchObject({ note: "Ours.", user_name: "ada" });
  expect(await remove(asAda, NOTE, hers.id)).toMatchObject({ note: "Ours." });

  // The object of a note may be deleted; the note can still be changed.
  const tag = await create(client, TAG, { name: "short" });
  const left = await create(client, NOTE, { assigned_object_type: "extras.tag", assigned_object_id: tag.id, note: "Soon gone." });
  await remove(client, TAG, tag.id);
  expect(await update(client, NOTE, left.id, { note: "Gone." })).toMatchObject({ note: "Gone." });
});

import { expect, test } from "vitest";
import { JOBS as CHANGEABLE_JOBS } from "../changes/changeable.ts";
import { openTestApp, SYSTEM_JOBS } from "../support/app.ts";
import { readLog } from "../support/changes.ts";
import type { TestClient } from "../support/client.ts";
import { runToEnd } from "../support/runs.ts";
import { runExample } from "../jobs/examples.ts";

/*
 * Every object of JavaScript answers to some names that nobody gave it. Where a caller's text is looked up as a name, those are names like any
 * other: unknown where they are unknown, and kept where they are data.
 */

const NAMES = Object.getOwnPropertyNames(Object.prototype);
const DECLARED = NAMES.filter((name) => name !== "__proto__");

const JOBS = {
  ...CHANGEABLE_JOBS,
  "named.ts": `
const job = (name, variables) => defineJob({ name, variables, enabled: true, isolation: "shared", run: ({ data }) => ({ ...data }) });
const names = ${JSON.stringify(DECLARED)};
const all = (of) => z.object(Object.fromEntries(names.map((name) => [name, of])));
export const Bare = job("Bare");
export const Typed = job("Typed", z.object({ site: z.string().optional() }));
export const Texts = job("Texts", all(z.string().optional()));
export const Objects = job("Objects", all(z.any().optional().meta({ "x-model": "extras.jobqueue" })));
`,
};

const fieldsOf = ({ extensions }: Awaited<ReturnType<TestClient["refused"]>>) => [
  extensions.code,
  extensions.details?.map(({ field }) => field),
];

const RUN = `mutation ($job: String!, $data: GenericScalar) { run_job(name: $job, data: $data) { id } }`;
const SCHEDULE = `mutation ($data: CreateScheduledJobInput!) { create_scheduled_job(data: $data) { id } }`;
const PREVIEW = `query ($zone: String) { preview_schedule(interval: CUSTOM, crontab: "0 0 * * *", time_zone: $zone) { errors { field } } }`;
const IMPORT = `mutation ($rows: [GenericScalar!]!) {
  import_objects(content_type: "extras.tag", rows: $rows) { applied errors { row field message } } }`;
const IMPORT_JOB = "jobgraph.import_objects.ImportObjects";
const DEFINITION = `mutation ($data: CreateApprovalWorkflowDefinitionInput!) { create_approval_workflow_definition(data: $data) { id } }`;

test("a name of Object.prototype is no input, time zone, field, order or lookup", async () => {
  const { client } = await openTestApp(JOBS);
  const all = Object.fromEntries(NAMES.map((name) => [name, "x"]));
  const below = (field: string) => ["BAD_USER_INPUT", NAMES.map((name) => `${field}.${name}`)];
  for (const job of ["Bare", "Typed"])
    expect.soft(fieldsOf(await client.refused(RUN, { job, data: all })), job).toEqual(below("data"));
  const schedule = { name: "s", job_model: "Bare", interval: "DAILY", start_time: "2100-01-01T00:00:00Z" };
  expect.soft(fieldsOf(await client.refused(SCHEDULE, { data: { ...schedule, kwargs: all } }))).toEqual(below("data.kwargs"));
  const { import_objects } = await client.query(IMPORT, { rows: [{ name: "a", ...all }, all] });
  const unknown = (row: number) => NAMES.map((name) => [row, name]);
  const rows = import_objects.errors.map(({ row, field }) => [row, field]);
  expect.soft(rows).toEqual([...unknown(1), [2, "name"], ...unknown(2)]);
  for (const name of NAMES) {
    const zone = await client.refused(SCHEDULE, { data: { ...schedule, time_zone: name } });
    expect.soft(fieldsOf(zone)).toEqual(["INVALID_SCHEDULE", ["data.time_zone"]]);
    const { preview_schedule } = await client.query(PREVIEW, { zone: name });
    expect.soft(preview_schedule).toEqual({ errors: [{ field: "time_zone" }] });
    const sorted = await client.refused(`query ($sort: [String!]) { tags(sort: $sort) { id } }`, { sort: [name] });
    expect.soft(fieldsOf(sorted)).toEqual(["BAD_USER_INPUT", ["sort"]]);
  }
  const constraints = NAMES.flatMap((name) => [name, `name__${name}`, `job_model__${name}`]);
  const model_constraints = Object.fromEntries(constraints.map((name) => [name, "x"]));
  const data = { name: "d", weight: 1, model_content_type: "extras.scheduledjob", model_constraints };
  const { extensions } = await client.refused(DEFINITION, { data });
  const told = new Set(extensions.details?.map(({ field, message }) => `${field} ${message.slice(0, message.indexOf(":"))}`));
  expect(told).toEqual(new Set(constraints.map((name) => `data.model_constraints ${JSON.stringify(name)}`)));
});

test("an input that is named so is there when it is given, and only then", async () => {
  const { client } = await openTestApp(JOBS);
  expect(await runToEnd(client, "named.Texts", {})).toMatchObject({ status: "SUCCESS", result: {} });
  const given = Object.fromEntries(DECLARED.map((name) => [name, `the ${name}`]));
  expect(await runToEnd(client, "named.Texts", given)).toMatchObject({ status: "SUCCESS", result: given });
  expect(await runToEnd(client, "named.Objects", {})).toMatchObject({ status: "SUCCESS", result: {} });
  const queue = await runToEnd(client, "named.Objects", { constructor: "default" });
  expect(queue.result).toMatchObject({ constructor: { name: "default" } });
});

test("data that is named so is kept, compared and told like any other", async () => {
  const { client } = await openTestApp(JOBS, { customFields: DECLARED.flatMap(customFieldOf) });
  const data = Object.fromEntries(NAMES.map((name) => [name, name]));
  const created = await client.query(
    `mutation ($data: GenericScalar) { create_tag(data: { name: "a", _custom_field_data: $data }) { id } }`,
    {
      data,
    },
  );
  expect(Object.keys(created)).toEqual(["create_tag"]);
  const { tags } = await client.query(`{ tags { kept: _custom_field_data cf_constructor } }`);
  expect(Object.entries(tags[0]!.kept).toSorted()).toEqual(Object.entries(data).toSorted());
  expect(tags[0]!.cf_constructor).toBe("constructor");
  await client.query(`mutation { create_tag(data: { name: "b" }) { id } }`);
  expect((await client.query(`{ tags(name: ["b"]) { cf_constructor } }`)).tags).toEqual([{ cf_constructor: null }]);
  const id = "018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f";
  await client.query(
    `mutation ($id: ID!, $before: GenericScalar, $after: GenericScalar) {
      record_object_change(object_type: "dcim.device", object_id: $id, object_repr: "d", action: UPDATE, before: $before, after: $after) { id } }`,
    { id, before: {}, after: data },
  );
  const [logged] = await readLog(client, `changed_object_type: "dcim.device"`);
  expect(Object.entries(logged!.differences.added!).toSorted()).toEqual(Object.entries(data).toSorted());
  expect(Object.entries(logged!.differences.removed!).toSorted()).toEqual(NAMES.map((name) => [name, null]).toSorted());
});

const customFieldOf = (key: string) =>
  /^[a-z][a-z0-9_]*$/.test(key) ? [{ model: "tag" as const, key, kind: "text" as const }] : [];

test("a column of a file that is named so is told of", async () => {
  const { client } = await openTestApp(JOBS, SYSTEM_JOBS);
  const csv = `name,${NAMES.join()}\na,${NAMES.map(() => "x").join()}\n`;
  const json = `[{"name":"a",${NAMES.map((name) => `"${name}":"x"`).join()}}]`;
  for (const data of [{ csv_data: csv }, { json_data: json }]) {
    const { stored } = await runExample(client, IMPORT_JOB, { content_type: "extras.tag", ...data });
    const message = "Objects of this kind have no such field.";
    expect(stored.map((line) => `${line.log_object} ${line.message}`)).toEqual(NAMES.map((name) => `row 1 ${name}: ${message}`));
  }
});

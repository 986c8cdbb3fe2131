import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../../support/app.ts";
import { post, type TestClient } from "../../support/client.ts";
import { createPerson } from "../../support/people.ts";

/*
 * Nobody but a superuser steps out of an approval workflow definition by editing what it matches. Each property that a constraint may name and
 * a mutation may change is tried, by each way to change it: afterwards the same run still waits for an approval.
 */

const JOBS = {
  "jobs.ts": `export const Push = defineJob({ name: "Push config", grouping: "Core", description: "Pushes.", enabled: true, isolation: "shared",
    taskQueues: ["prod", "lab"], softTimeLimit: 5, timeLimit: 9, run: () => "pushed" });`,
};
const RUN = `mutation { run_job(class_path: "jobs.Push") { id waiting_reason scheduled_job { id } } }`;
const IS_PUSH = `class_path: "jobs.Push"`;

/** A property, as a constraint names it, with its change and its earlier value. */
interface Edit {
  constraint: string;
  wanted: unknown;
  way: string;
  document: string;
  variables: object;
}

/** Another value of the same kind. */
function other(value: unknown): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1;
  return Array.isArray(value) ? [] : `${value as string}  x`;
}

async function open(): Promise<TestApp & { staff: TestClient; staffKey: string }> {
  const app = await openTestApp(JOBS);
  await app.client.query(
    `mutation { create_tag(data: { name: "red" }) { id } update_job(${IS_PUSH}, data: { tags: ["red"] }) { id } }`,
  );
  await app.client.query(`mutation { create_job_queue(data: { name: "spare" }) { id } }`);
  const staff = await createPerson(app, { username: "staff", is_staff: true });
  return { ...app, staff: staff.client, staffKey: staff.key };
}

/** The fields of an input that hold plain values or names. */
async function fieldsOf(client: TestClient, input: string): Promise<string[]> {
  const { __type } = await client.query(`query ($input: String!) { __type(name: $input) { inputFields { name } } }`, { input });
  const names = __type.inputFields.map((field: any) => field.name as string);
  return names.filter((name: string) => !name.endsWith("_override") && name !== "_custom_field_data" && name !== "task_queues");
}

const REFERENCES: ReadonlySet<string> = new Set(["tags", "job_queues", "default_job_queue", "content_types"]);

async function editsOfJob(client: TestClient): Promise<Edit[]> {
  const fields = await fieldsOf(client, "UpdateJobInput");
  const selection = fields.map((name) => (REFERENCES.has(name) ? `${name} { name }` : name)).join(" ");
  const { jobs } = await client.query(`{ jobs(name: "Push config") { ${selection} } }`);
  return fields.flatMap((field) => {
    const isMany = Array.isArray(jobs[0][field]);
    const value = isMany
      ? jobs[0][field].map(({ name }: any) => name)
      : REFERENCES.has(field)
        ? jobs[0][field].name
        : jobs[0][field];
    const changed = field === "default_job_queue" ? "lab" : isMany && field === "job_queues" ? ["spare"] : other(value);
    const data = { [field]: changed };
    const constraint = `job_model__${field}${REFERENCES.has(field) ? "__name" : ""}`;
    const wanted = isMany ? value[0] : value;
    const one = { constraint, wanted, variables: { data } };
    const update = (way: string, document: string) => ({ ...one, way, document });
    const updates = [
      update("update", `mutation ($data: UpdateJobInput!) { update_job(${IS_PUSH}, data: $data) { id } }`),
      update("bulk", `mutation ($data: UpdateJobInput!) { update_jobs(job_class_name: "Push", data: $data) { applied } }`),
    ];
    return field === "default_job_queue" ? [...updates, { ...updates[0]!, constraint: "job_queue__name" }] : updates;
  });
}

const others: readonly Edit[] = [
  {
    constraint: "job_model__tags__name",
    wanted: "red",
    way: "rename the tag",
    document: `mutation ($id: ID!) { update_tag(id: $id, data: { name: "green" }) { id } }`,
  },
  {
    constraint: "job_model__tags",
    wanted: "red",
    way: "rename the tag",
    document: `mutation ($id: ID!) { update_tag(id: $id, data: { name: "green" }) { id } }`,
  },
  {
    constraint: "job_model__tags__color",
    wanted: "9e9e9e",
    way: "color the tag",
    document: `mutation ($id: ID!) { update_tag(id: $id, data: { color: "ffffff" }) { id } }`,
  },
  {
    constraint: "job_model__tags__name",
    wanted: "red",
    way: "delete the tag",
    document: `mutation ($id: ID!) { delete_tag(id: $id) { id } }`,
  },
].map((edit) => ({ ...edit, variables: { of: 'tags(name: "red")' } }));

const ofQueues: readonly Edit[] = [
  {
    constraint: "job_queue__name",
    wanted: "prod",
    way: "rename the queue",
    document: `mutation ($id: ID!) { update_job_queue(id: $id, data: { name: "production" }) { id } }`,
  },
  {
    constraint: "job_queue__description",
    wanted: "",
    way: "describe the queue",
    document: `mutation ($id: ID!) { update_job_queue(id: $id, data: { description: "x" }) { id } }`,
  },
  {
    constraint: "job_model__default_job_queue__name",
    wanted: "prod",
    way: "rename the queue",
    document: `mutation ($id: ID!) { update_job_queue(id: $id, data: { name: "production" }) { id } }`,
  },
].map((edit) => ({ ...edit, variables: { of: `job_queues(name: "prod")` } }));

test("no edit of a matched property, in any way, lets a run go without the approval that it needs", async () => {
  const app = await open();
  const { client } = app;
  const tried: string[] = [];
  for (const { constraint, wanted, way, document, variables } of [...(await editsOfJob(client)), ...others, ...ofQueues]) {
    const { of, ...given } = variables as { of?: string };
    const id = of && Object.values<any>(await client.query(`{ ${of} { id } }`))[0][0].id;
    const { create_approval_workflow_definition: made } = await client.query(
      `mutation ($data: CreateApprovalWorkflowDefinitionInput!) { create_approval_workflow_definition(data: $data) { id } }`,
      { data: { name: "D", weight: 1, model_content_type: "extras.scheduledjob", model_constraints: { [constraint]: wanted } } },
    );
    const what = `${way}: ${constraint}`;
    const { body } = await post(app.url, app.staffKey, { query: document, variables: id ? { id } : given });
    expect
      .soft(body.errors?.[0].extensions.code ?? `applied: ${body.data.update_jobs?.applied}`, what)
      .toMatch(/^(FORBIDDEN|BAD_USER_INPUT|applied: false)$/);
    const { body: run } = await post(app.url, app.staffKey, { query: RUN });
    if (run.errors) expect.soft(run.errors[0].extensions.code, what).toBe("JOB_NOT_ENABLED");
    else {
      expect.soft(run.data.run_job.waiting_reason, what).toBe("AWAITING_APPROVAL");
      if (run.data.run_job.scheduled_job)
        await client.query(`mutation ($id: ID!) { cancel_scheduled_job(id: $id) { id } }`, run.data.run_job.scheduled_job);
    }
    await client.query(`mutation ($id: ID!) { delete_approval_workflow_definition(id: $id) { id } }`, made);
    tried.push(what);
  }
  expect(tried.length).toBeGreaterThan(30);
});

test("a superuser's override is not reverted out of a definition; anybody may change values that no definition matches", async () => {
  const { client, staff } = await open();
  const code = async (one: TestClient, document: string) => (await one.refused(document)).extensions.code;
  await client.query(`mutation { update_job(${IS_PUSH}, data: { name: "Push to production" }) { id } }`);
  await client.query(`mutation { create_approval_workflow_definition(data: {
    name: "D", weight: 1, model_content_type: "extras.scheduledjob", model_constraints: { job_model__name__contains: "production" } }) { id } }`);
  expect(await code(staff, `mutation { revert_job_overrides(${IS_PUSH}) { id } }`)).toBe("FORBIDDEN");
  expect(await code(staff, `mutation { update_job(${IS_PUSH}, data: { name_override: false }) { id } }`)).toBe("FORBIDDEN");
  await staff.query(`mutation { update_job(${IS_PUSH}, data: { name: "Push  to production" }) { id } }`);
  await staff.query(`mutation { update_job(${IS_PUSH}, data: { description: "another" }) { id } }`);
  await client.query(`mutation { revert_job_overrides(${IS_PUSH}) { id } }`);
  // Into a definition is as far: another one may have weighed more.
  expect(await code(staff, `mutation { update_job(${IS_PUSH}, data: { name: "production" }) { id } }`)).toBe("FORBIDDEN");
});

test.each(["name", "name__startswith", "description__icontains"])(
  "no definition can be made of %s, the words of whoever asks",
  async (name) => {
    const { client } = await open();
    const data = { name: "D", weight: 1, model_content_type: "extras.scheduledjob", model_constraints: { [name]: "Push" } };
    const document = `mutation ($data: CreateApprovalWorkflowDefinitionInput!) { create_approval_workflow_definition(data: $data) { id } }`;
    expect((await client.refused(document, { data })).extensions).toMatchObject({
      code: "BAD_USER_INPUT",
      details: [{ field: "data.model_constraints", message: expect.stringContaining("task") }],
    });
  },
);

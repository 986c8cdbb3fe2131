import { expect, test } from "vitest";
import { Job } from "../../src/entities/index.ts";
import { openTestApp } from "../support/app.ts";
import { readLog } from "../support/changes.ts";
import { databaseOf } from "../support/rows.ts";

const JOBS = {
  "a.ts": `
export const Plain = defineJob({ name: "Plain", run() {} });
export const Other = defineJob({ name: "Other", run() {} });
export const Approved = defineJob({ name: "Approved", approvalRequired: true, run() {} });
export const Sensitive = defineJob({ name: "Sensitive", hasSensitiveVariables: true, run() {} });
`,
};

/** The app with its jobs, and two rows that no file stands for: one whose source was never found, one of the server's own. */
async function setup() {
  const app = await openTestApp(JOBS);
  const em = (await databaseOf(app)).fork();
  const unknown = { moduleName: "old", jobClassName: "Old", grouping: "Old", name: "Old", installed: false, nameOverride: true };
  em.create(Job, unknown, { partial: true });
  await em.flush();
  const content = async () => ({
    jobs: await app.client.query(
      `{ jobs(hidden: null) { id last_updated enabled name overrides job_queues { name } tags { name } _custom_field_data } }`,
    ),
    log: await readLog(app.client),
  });
  return { ...app, content };
}

test("an invalid change is refused with a code and the fields that are wrong; nothing is stored, and nothing is in the change log", async () => {
  const { client, content } = await setup();
  const before = await content();

  /** Refusals: the mistake, the job, `data`, the code, and the named fields. */
  const refusals: [string, string, object, string, string[]][] = [
    ["a value and a revert of it", "Plain", { hidden: true, hidden_override: false }, "BAD_USER_INPUT", ["data.hidden_override"]],
    [
      "a value, and a revert of it in the other spelling",
      "Plain",
      { task_queues: ["default"], job_queues_override: false },
      "BAD_USER_INPUT",
      ["data.job_queues_override"],
    ],
    ["null for a flag", "Plain", { name_override: null }, "BAD_USER_INPUT", ["data.name_override"]],
    [
      "null for the other spelling of a flag",
      "Plain",
      { task_queues_override: null },
      "BAD_USER_INPUT",
      ["data.task_queues_override"],
    ],
    ["both spellings", "Plain", { task_queues: ["default"], job_queues: ["default"] }, "BAD_USER_INPUT", ["data.job_queues"]],
    [
      "both spellings of a flag",
      "Plain",
      { task_queues_override: true, job_queues_override: true },
      "BAD_USER_INPUT",
      ["data.job_queues_override"],
    ],
    ["a name that is too long", "Plain", { name: "x".repeat(101) }, "BAD_USER_INPUT", ["data.name"]],
    ["a name that is taken", "Plain", { name: "Other" }, "BAD_USER_INPUT", ["data.name"]],
    ["no name", "Plain", { name: "" }, "BAD_USER_INPUT", ["data.name"]],
    ["a blank name", "Plain", { name: " \n\t" }, "BAD_USER_INPUT", ["data.name"]],
    ["a grouping that is too long", "Plain", { grouping: "x".repeat(256) }, "BAD_USER_INPUT", ["data.grouping"]],
    ["a blank grouping", "Plain", { grouping: " " }, "BAD_USER_INPUT", ["data.grouping"]],
    ["a negative limit", "Plain", { time_limit: -1 }, "BAD_USER_INPUT", ["data.time_limit"]],
    [
      "negative limits",
      "Plain",
      { soft_time_limit: -0.1, time_limit: -1 },
      "BAD_USER_INPUT",
      ["data.soft_time_limit", "data.time_limit"],
    ],
    [
      "approval and sensitive variables",
      "Plain",
      { approval_required: true, has_sensitive_variables: true },
      "BAD_USER_INPUT",
      ["data.approval_required", "data.has_sensitive_variables"],
    ],
    [
      "approval where there are sensitive variables",
      "Sensitive",
      { approval_required: true },
      "BAD_USER_INPUT",
      ["data.approval_required"],
    ],
    [
      "sensitive variables where there is approval",
      "Approved",
      { has_sensitive_variables: true },
      "BAD_USER_INPUT",
      ["data.has_sensitive_variables"],
    ],
    [
      "queues that there are not",
      "Plain",
      { job_queues: ["default", "x", "y"] },
      "BAD_USER_INPUT",
      ["data.job_queues", "data.job_queues"],
    ],
    [
      "a queue that there is not, by its id",
      "Plain",
      { task_queues: ["01a20d41-bf32-73c7-86b0-37568f855895"] },
      "BAD_USER_INPUT",
      ["data.task_queues"],
    ],
    ["null among queues", "Plain", { job_queues: ["default", null] }, "BAD_USER_INPUT", []],
    ["a default queue that there is not", "Plain", { default_job_queue: "x" }, "BAD_USER_INPUT", ["data.default_job_queue"]],
    ["a tag that there is not", "Plain", { tags: ["x"] }, "BAD_USER_INPUT", ["data.tags"]],
    ["custom fields that are no object", "Plain", { _custom_field_data: [1] }, "BAD_USER_INPUT", ["data._custom_field_data"]],
    ["null for enabled", "Plain", { enabled: null }, "BAD_USER_INPUT", ["data.enabled"]],
    ["to enable what is not installed", "Old", { enabled: true }, "JOB_NOT_INSTALLED", ["data.enabled"]],
    ["to revert what has no source", "Old", { name_override: false }, "BAD_USER_INPUT", ["data.name_override"]],
    [
      "one thing among many that are right",
      "Plain",
      { grouping: "G", enabled: true, job_queues: ["default"], default_job_queue: "default", time_limit: -1 },
      "BAD_USER_INPUT",
      ["data.time_limit"],
    ],
    [
      "many things at once",
      "Plain",
      { hidden: null, name: "Other", job_queues: ["x"] },
      "BAD_USER_INPUT",
      ["data.hidden", "data.name", "data.job_queues"],
    ],
    ["anything of a job that there is not", "Nobody", { hidden: true }, "NOT_FOUND", []],
  ];
  for (const name of NULLABLE) refusals.push([`null for ${name}`, "Plain", { [name]: null }, "BAD_USER_INPUT", [`data.${name}`]]);

  for (const [what, name, data, code, fields] of refusals) {
    const error = await client.refused(
      `mutation ($name: String!, $data: UpdateJobInput!) { update_job(name: $name, data: $data) { id } }`,
      { name, data },
    );
    expect.soft(error.extensions, what).toMatchObject({ code });
    expect.soft((error.extensions.details ?? []).map(({ field }) => field).toSorted(), what).toEqual(fields.toSorted());
    expect.soft(error.message, what).toMatch(/^[^{}]+$/);
  }
  expect(await content()).toEqual(before);
});

const NULLABLE = [
  "grouping",
  "name",
  "description",
  "approval_required",
  "console_log_default",
  "dryrun_default",
  "hidden",
  "soft_time_limit",
  "time_limit",
  "has_sensitive_variables",
  "is_singleton",
  "job_queues",
  "task_queues",
  "default_job_queue",
];

const UPDATE = (reference: string) => `mutation { update_job(${reference}, data: { hidden: true }) { id } }`;
const REVERT = (reference: string) => `mutation { revert_job_overrides(${reference}) { id } }`;

test.for<[string, (reference: string) => string]>([
  ["update_job", UPDATE],
  ["revert_job_overrides", REVERT],
])("%s takes exactly one reference to a job that there is", async ([, mutation]) => {
  const { client, content } = await setup();
  const before = await content();
  for (const [reference, code, fields] of [
    [`name: "Plain", class_path: "a.Plain"`, "BAD_USER_INPUT", ["id", "class_path", "name"]],
    [`name: null, class_path: null`, "BAD_USER_INPUT", ["id", "class_path", "name"]],
    [`id: "01a20d41-bf32-73c7-86b0-37568f855895"`, "NOT_FOUND", []],
    [`id: "nonsense"`, "NOT_FOUND", []],
    [`class_path: "a.Nobody"`, "NOT_FOUND", []],
    [`class_path: "Plain"`, "NOT_FOUND", []],
    [`name: ""`, "NOT_FOUND", []],
  ] as const) {
    const { extensions } = await client.refused(mutation(reference));
    expect.soft(extensions.code, reference).toBe(code);
    expect
      .soft(
        (extensions.details ?? []).map(({ field }) => field),
        reference,
      )
      .toEqual(fields);
  }
  expect(await content()).toEqual(before);
});

test("overrides without a source cannot be reverted", async () => {
  const { client, content } = await setup();
  const before = await content();
  for (const fields of ["", ", fields: [name]", ", fields: [hidden, name]"])
    expect(await client.refused(REVERT(`name: "Old"${fields}`))).toMatchObject({
      extensions: { code: "BAD_USER_INPUT", details: [{ field: "fields", message: expect.stringContaining("name") }] },
    });
  expect(await content()).toEqual(before);
});

test("a revert to values that do not fit other overrides is refused", async () => {
  const { client } = await setup();
  await client.query(
    `mutation { update_job(name: "Approved", data: { approval_required: false, has_sensitive_variables: true }) { id } }`,
  );
  for (const mutation of [
    `mutation { update_job(name: "Approved", data: { approval_required_override: false }) { id } }`,
    REVERT(`name: "Approved", fields: [approval_required]`),
  ])
    expect((await client.refused(mutation)).extensions.code).toBe("BAD_USER_INPUT");
  const { revert_job_overrides } = await client.query(
    `mutation { revert_job_overrides(name: "Approved") { approval_required has_sensitive_variables overrides } }`,
  );
  expect(revert_job_overrides).toEqual({ approval_required: true, has_sensitive_variables: false, overrides: [] });
});

import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../support/app.ts";

const JOBS = {
  "jobs.ts": `
export const Plain = defineJob({ name: "Plain", enabled: true, variables: z.object({ n: z.int(), queue: z.string().optional() }), run() {} });
export const Other = defineJob({ name: "Other", enabled: true, run() {} });
export const OnChange = defineJobHookReceiver({ name: "On change", enabled: true, receive() {} });
export const OnClick = defineJobButtonReceiver({ name: "On click", enabled: true, receive() {} });
export const Objects = defineJob({ name: "Objects", enabled: true, variables: z.object({ n: z.int(), q: objectVar({ model: "extras.jobqueue" }) }), run() {} });
`,
};
JOBS["jobs.ts"] = `import { objectVar } from "jobgraph";${JOBS["jobs.ts"]}`;

const NOBODY = "018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f";
const LONG = "x".repeat(600);
const FUTURE = "2999-01-01T00:00:00Z";
const PAST = "2001-01-01T00:00:00Z";

interface Case {
  /** The mutation, given `$data` of the type `$type`. */
  mutation: string;
  type?: string;
  /** Input that is right. */
  good: object;
  /** Inputs of one wrong field each, in the place of the good ones; together they are all wrong. */
  wrong: readonly object[];
  /** Fields that an answer names only beside others: alone, its code says which. */
  onlyBeside?: readonly string[];
}

const create = (model: string, good: object, wrong: readonly object[]): Case => ({
  mutation: `create_${model}(data: $data)`,
  type: `Create${model.replaceAll(/(^|_)(.)/g, (_, __, letter: string) => letter.toUpperCase())}Input!`,
  good,
  wrong,
});

const SCHEDULE = { name: "S", job_model: "Plain", interval: "HOURLY", start_time: FUTURE, kwargs: { n: 1 } };

const CASES: Case[] = [
  {
    mutation: `update_job(class_path: "jobs.Plain", data: $data)`,
    type: "UpdateJobInput!",
    good: {},
    wrong: [
      { time_limit: -3 },
      { name: "" },
      { soft_time_limit: -1 },
      { grouping: " " },
      { job_queues: ["none"] },
      { default_job_queue: "nowhere" },
      { tags: ["no-tag"] },
      { hidden: true, hidden_override: false },
    ],
  },
  {
    mutation: `update_job(class_path: "jobs.Plain", data: $data)`,
    type: "UpdateJobInput!",
    good: {},
    wrong: [
      { approval_required: true, has_sensitive_variables: true },
      { name: "Other" },
      { time_limit: -3 },
      { description: null },
    ],
  },
  create("job_queue", { name: "Q", queue_type: "CELERY" }, [{ name: "a/b" }, { tags: ["no-tag"] }]),
  create("job_hook", { name: "H", job: "On change", content_types: ["dcim.device"], type_update: true }, [
    { name: "" },
    { job: "On click" },
    { content_types: ["nonsense"] },
    { type_update: false },
  ]),
  create("job_hook", { name: "H", job: "On change", content_types: ["dcim.device"], type_update: true }, [
    { name: LONG },
    { job: "nothing" },
    { content_types: [] },
    { type_update: false },
  ]),
  create("job_button", { name: "B", text: "Go", job: "On click", content_types: ["dcim.device"] }, [
    { name: " " },
    { text: " " },
    { job: "Plain" },
    { content_types: [] },
  ]),
  create("job_button", { name: "B", text: "Go", job: "On click", content_types: ["dcim.device"] }, [
    { text: LONG },
    { job: NOBODY },
    { content_types: ["x"] },
    { group_name: LONG },
  ]),
  create("tag", { name: "T", color: "aabbcc" }, [
    { name: "" },
    { color: "red" },
    { content_types: ["x"] },
    { description: LONG },
  ]),
  create("note", { assigned_object_type: "dcim.device", assigned_object_id: NOBODY, note: "n" }, [
    { note: " " },
    { assigned_object_type: "nonsense" },
  ]),
  create("note", { assigned_object_type: "extras.tag", note: "n" }, [{ note: " ", assigned_object_id: NOBODY }]),
  create("group", { name: "G" }, [{ name: "" }, { users: ["nobody"] }]),
  create("user", { username: "u" }, [{ username: "a b" }, { first_name: LONG }, { last_name: LONG }, { email: LONG }]),
  create("approval_workflow_definition", { name: "A", model_content_type: "extras.scheduledjob", weight: 1 }, [
    { name: "" },
    { model_content_type: "extras.job" },
    { model_constraints: { nothing: 1 } },
  ]),
  create("scheduled_job", SCHEDULE, [
    { name: "" },
    { start_time: PAST },
    { time_zone: "Mars/Olympus" },
    { kwargs: { n: "x" } },
    { job_queue: "nowhere" },
    { dryrun: true },
    { expires: PAST },
  ]),
  {
    ...create("scheduled_job", SCHEDULE, [{ name: LONG }, { job_model: "nothing" }, { crontab: "* * * * *" }]),
    onlyBeside: ["data.job_model"],
  },
  {
    mutation: `update_scheduled_job(id: $id, data: $data)`,
    type: "UpdateScheduledJobInput!",
    good: {},
    wrong: [{ name: "" }, { start_time: PAST }, { time_zone: "Mars/Olympus" }, { kwargs: { n: "x" } }, { job_queue: "nowhere" }],
  },
  {
    mutation: `schedule_job(class_path: "jobs.Plain", schedule: $schedule, data: $data, job_queue: $queue, dryrun: $dry)`,
    good: { schedule: { name: "S", interval: "HOURLY", start_time: FUTURE }, data: { n: 1 } },
    wrong: [
      { schedule: { name: "", interval: "HOURLY", start_time: PAST, time_zone: "Mars/Olympus" } },
      { data: { n: "x" } },
      { queue: "nowhere" },
      { dry: true },
    ],
  },
  {
    mutation: `run_job(class_path: "jobs.Plain", data: $data, job_queue: $queue, dryrun: $dry)`,
    good: { data: { n: 1 } },
    wrong: [{ data: { n: "x", queue: 3, other: 1 } }, { queue: "nowhere" }, { dry: true }],
  },
  {
    mutation: `run_job(class_path: "jobs.Objects", data: $data, job_queue: $queue, dryrun: $dry)`,
    good: { data: { n: 1, q: "default" } },
    wrong: [{ data: { n: "x", q: "nothing" } }, { queue: "nowhere" }, { dry: true }],
  },
  {
    mutation: `create_token(user: $user, description: $description, expires: $expires)`,
    good: { user: "admin", description: "d" },
    wrong: [{ description: LONG }, { expires: PAST }, { user: "nobody" }],
    onlyBeside: ["user"],
  },
];

const TYPES = {
  schedule: "ScheduleInput!",
  data: "GenericScalar",
  queue: "String",
  dry: "Boolean",
  user: "String!",
  description: "String!",
  expires: "DateTime",
};

async function refusedFields({ client }: TestApp, { mutation, type }: Case, input: object, id: string): Promise<string[]> {
  const used = Object.entries(type ? { data: type } : TYPES).filter(([name]) => mutation.includes(`$${name}`));
  const variables = [...used, ...(mutation.includes("$id") ? [["id", "ID!"]] : [])].map(([name, of]) => `$${name}: ${of}`);
  const document = `mutation (${variables.join(", ")}) { ${mutation} { id } }`;
  const { message, extensions } = await client.refused(document, type ? { data: input, id } : input);
  const fields = (extensions.details ?? []).map(({ field }) => field).toSorted();
  expect([extensions.code, message]).not.toContain("INTERNAL_SERVER_ERROR");
  expect(new Set(fields).size).toBe(fields.length);
  return fields;
}

test.for(CASES.map((one) => [one.mutation, one] as const))(
  "%s names every field that is wrong, in one answer",
  async ([, one]) => {
    const app = await openTestApp(JOBS);
    const { create_scheduled_job } = await app.client.query(
      `mutation ($data: CreateScheduledJobInput!) { create_scheduled_job(data: $data) { id } }`,
      { data: { ...SCHEDULE, name: "Before" } },
    );
    const { id } = create_scheduled_job;
    const alone = [];
    for (const wrong of one.wrong) alone.push(...(await refusedFields(app, one, { ...one.good, ...wrong }, id)));
    const together = await refusedFields(app, one, Object.assign({}, one.good, ...one.wrong), id);
    expect(together).toEqual([...new Set([...alone, ...(one.onlyBeside ?? [])])].toSorted());
    expect(alone.length).toBeGreaterThanOrEqual(one.wrong.length - (one.onlyBeside ?? []).length);
    expect(together.length).toBeGreaterThan(1);
  },
);

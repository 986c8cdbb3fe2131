import { expect, test } from "vitest";
import { KEY, openTestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";
import { createPerson } from "../../support/people.ts";
import { databaseOf, storeRun } from "../../support/rows.ts";
import { runToEnd } from "../../support/runs.ts";

/* Differences of docs/compatibility.md that no other test holds. */

const JOBS = {
  "a.ts": `import { fileVar, stringVar } from "jobgraph";
export const A = defineJob({ name: "A", enabled: true, run: ({ logger }) => logger.info("said") });
export const File = defineJob({ name: "File", enabled: true, variables: z.object({ file: fileVar() }), run() {} });
export const Secret = defineJob({ name: "Secret", enabled: true, variables: z.object({ key: stringVar({ sensitive: true }), site: z.string() }), run() {} });
export const Asked = defineJob({ name: "Asked", enabled: true, approvalRequired: true, run() {} });
`,
};
const GONE = "00000000-0000-7000-8000-000000000000";
const file = { name: "a.txt", base64: "aGVsbG8=" };
const asks = `schedule: { name: "s", interval: DAILY, start_time: "2099-01-01T00:00:00Z", time_zone: "Etc/UTC" }`;

/** Operations, and their answers. */
const ANSWERS: readonly (readonly [statement: string, query: string, data: object, variables?: object])[] = [
  [
    "a limit of 0 is an empty list",
    `{ jobs(limit: 0) { name } job_queues(limit: 0, name: "default") { name } }`,
    { jobs: [], job_queues: [] },
  ],
  [
    "ids of nothing find nothing",
    `{ jobs(id: "${GONE}") { name } job_results(job_model: "${GONE}") { name } }`,
    { jobs: [], job_results: [] },
  ],
  ["choices are taken in any case", `{ job_results(status: ["failure", "Revoked"]) { name } }`, { job_results: [] }],
  [
    "a file is its name and content",
    `mutation ($data: GenericScalar) { run_job(class_path: "a.File", data: $data) { task_kwargs } }`,
    { run_job: { task_kwargs: { file } } },
    { data: { file } },
  ],
  [
    "sensitive inputs are named",
    `mutation { run_job(class_path: "a.Secret", data: { key: "k-e-y", site: "x" }) { task_kwargs sensitive_variables } }`,
    { run_job: { task_kwargs: { site: "x" }, sensitive_variables: ["key"] } },
  ],
  [
    "a schedule has no queue among its options",
    `mutation { schedule_job(class_path: "a.A", ${asks}) { celery_kwargs start_time time_zone state enabled } }`,
    {
      schedule_job: {
        celery_kwargs: {},
        start_time: "2099-01-01T00:00:00.000Z",
        time_zone: "ETC_UTC",
        state: "ACTIVE",
        enabled: true,
      },
    },
  ],
  [
    "a request is enabled",
    `mutation { schedule_job(class_path: "a.Asked", ${asks}) { state enabled } }`,
    { schedule_job: { state: "PENDING", enabled: true } },
  ],
  [
    "queues are a list of names",
    `{ jobs(class_path: "a.A") { task_queues soft_time_limit time_limit } }`,
    { jobs: [{ task_queues: ["default"], soft_time_limit: 0, time_limit: 0 }] },
  ],
];

test.for(ANSWERS)("%s", async ([, query, data, variables]) => {
  const { url } = await openTestApp(JOBS);
  expect(await post(url, KEY, { query, variables }, "/api/graphql/")).toMatchObject({ status: 200, body: { data } });
});

/** Operations that are refused: the words for it, and the field that it names. */
const REFUSALS: readonly (readonly [query: string, words: string, field: string])[] = [
  [`{ jobs(id: "x") { id } }`, "is not a UUID", "id"],
  [`{ content_types(id: "3") { id } }`, "is not a UUID", "id"],
  [`{ job_results(status: "DONE") { id } }`, "is none of FAILURE", "status"],
  [`{ jobs { job_results(status: "DONE") { id } } }`, "is none of FAILURE", "status"],
  [`{ scheduled_jobs(time_zone: "Mars") { id } }`, "is none of Africa/Abidjan", "time_zone"],
  [`{ tags(content_types: "nothing") { name } }`, "neither the id nor the `label`", "content_types"],
  [`{ jobs(name__re: "a(?=b)") { id } }`, "RE2's syntax", "name__re"],
];

test.for(REFUSALS)("refused by its argument's name: %s", async ([query, words, field]) => {
  const { client } = await openTestApp(JOBS);
  expect(await client.refused(query)).toMatchObject({
    message: expect.stringContaining(words),
    extensions: { code: "BAD_USER_INPUT", details: [{ field }] },
  });
});

test("lines of all runs come run by run, whenever they were said", async () => {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  for (const run of ["x", "y"]) await storeRun(database, {}, [{ message: `${run}1` }, { message: `${run}2` }]);
  const { job_log_entries: lines } = await app.client.query(`{ job_log_entries { message created } }`);
  expect(lines.map(({ message }) => message)).toEqual(["x1", "x2", "y1", "y2"]);
  expect(lines[1]!.created > lines[2]!.created).toBe(true);
});

test("values of runs and changes are this server's own", async () => {
  const { client } = await openTestApp(JOBS);
  const { id } = await runToEnd(client, "a.A");
  const { job_result: run } = await client.query(`{ job_result(id: "${id}") {
    url meta celery_kwargs date_done job_log_entries { url log_level } job_model { url } } }`);
  expect(run).toEqual({
    url: `/extras/job-results/${id}/`,
    meta: null,
    celery_kwargs: { queue: "default", dryrun: false, console_log: false, soft_time_limit: 300, time_limit: 600 },
    date_done: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    job_log_entries: [{ url: expect.stringMatching(/^\/extras\/job-log-entries\/[\w-]{36}\/$/), log_level: "INFO" }],
    job_model: { url: expect.stringMatching(/^\/extras\/jobs\/[\w-]{36}\/$/) },
  });
  await client.query(`mutation { create_job_queue(data: { name: "fast" }) { id } }`);
  const { object_changes, content_types } = await client.query(
    `{ object_changes(limit: 1) { object_data object_data_v2 } content_types(limit: 1) { id } }`,
  );
  expect(object_changes[0]!.object_data).toMatchObject({
    object_type: "extras.jobqueue",
    name: "fast",
    queue_type: "CELERY",
    tags: [],
  });
  expect(object_changes[0]!.object_data_v2).toEqual(object_changes[0]!.object_data);
  expect(content_types[0]!.id).toMatch(/^[\w-]{36}$/);
});

test("a key reads all objects, and nothing else than files is served beside GraphQL", async () => {
  const app = await openTestApp(JOBS);
  const { client } = await createPerson(app, { username: "plain" });
  const everything = `{ jobs { name } users { username } object_changes { id } }`;
  expect(await client.query(everything)).toEqual(await app.client.query(everything));
  expect((await client.refused(`mutation { create_user(data: { username: "x" }) { id } }`)).extensions.code).toBe("FORBIDDEN");
  for (const key of ["", "wrong-key-of-16-characters"])
    expect(await post(app.url, key, { query: "{ jobs { id } }" }, "/api/graphql/")).toMatchObject({
      status: 401,
      body: { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] },
    });
  for (const path of ["/api/", "/api/status/", "/api/extras/jobs/"])
    expect((await fetch(`${app.url}${path}`, { headers: { authorization: `Token ${KEY}` } })).status).toBe(404);
});

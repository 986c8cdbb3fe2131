import { expect, test } from "vitest";
import { openTestApp, writeJobs } from "../../support/app.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "one.ts": `export const A = defineJob({ name: "Job A", grouping: "g2", enabled: true, variables: z.object({ n: z.int() }), run: ({ logger, data }) => {
    for (let n = 1; n <= data.n; n++) logger.info("n" + n); return { n: data.n };
  } });
  export const B = defineJob({ name: "Job B", grouping: "g1", description: "does B", run() {} });`,
  "deep/two.ts": `export default defineJob({ name: "Job C", grouping: "g1", enabled: true, taskQueues: ["fast", "slow"], run() {} });`,
};

test("jobs come in Nautobot's order, with the values of their source", async () => {
  const { client } = await openTestApp(JOBS);
  const { jobs } = await client.query(`{ jobs { name grouping description class_path module_name job_class_name installed enabled
    default_job_queue { name } job_queue_assignments(sort: ["job_queue"]) { job_queue { name } job { name } } } }`);
  const common = { installed: true };
  expect(jobs).toEqual([
    {
      ...common,
      name: "Job B",
      grouping: "g1",
      description: "does B",
      class_path: "one.B",
      module_name: "one",
      job_class_name: "B",
      enabled: false,
      default_job_queue: { name: "default" },
      job_queue_assignments: [{ job_queue: { name: "default" }, job: { name: "Job B" } }],
    },
    {
      ...common,
      name: "Job C",
      grouping: "g1",
      description: "",
      class_path: "deep.two.default",
      module_name: "deep.two",
      job_class_name: "default",
      enabled: true,
      default_job_queue: { name: "fast" },
      job_queue_assignments: [
        { job_queue: { name: "fast" }, job: { name: "Job C" } },
        { job_queue: { name: "slow" }, job: { name: "Job C" } },
      ],
    },
    {
      ...common,
      name: "Job A",
      grouping: "g2",
      description: "",
      class_path: "one.A",
      module_name: "one",
      job_class_name: "A",
      enabled: true,
      default_job_queue: { name: "default" },
      job_queue_assignments: [{ job_queue: { name: "default" }, job: { name: "Job A" } }],
    },
  ]);
});

test("lists take limit, offset and sort at every depth, and rows lead on to other rows", async () => {
  const { client } = await openTestApp(JOBS);
  for (const n of [1, 3, 5]) await runToEnd(client, "one.A", { n });
  const { job_results } = await client.query(`{ job_results(limit: 2, sort: ["date_created"]) { name result job_model { name }
    job_log_entries(limit: 2, offset: 1, sort: ["-sequence"]) { sequence message job_result { name } } } }`);
  expect(job_results).toEqual([
    { name: "Job A", result: { n: 1 }, job_model: { name: "Job A" }, job_log_entries: [] },
    {
      name: "Job A",
      result: { n: 3 },
      job_model: { name: "Job A" },
      job_log_entries: [2, 1].map((n) => ({ sequence: n, message: `n${n}`, job_result: { name: "Job A" } })),
    },
  ]);
  const { jobs } = await client.query(`{ jobs { name job_results(limit: 1, offset: 1) { result task_kwargs } } }`);
  expect(jobs.map((job) => job.job_results)).toEqual([[], [], [{ result: { n: 3 }, task_kwargs: { n: 3 } }]]);
  const { job_log_entries } = await client.query(
    `{ job_log_entries(limit: 3, offset: 4, sort: ["sequence", "message"]) { message } }`,
  );
  expect(job_log_entries).toHaveLength(3);
});

test("one object is read by its id; an unknown one is null", async () => {
  const { client } = await openTestApp(JOBS);
  const run = await runToEnd(client, "one.A", { n: 1 });
  const { job_result } = await client.query(
    `query ($id: ID!) { job_result(id: $id) { ...Run } } fragment Run on JobResultType {
    id status task_name date_created date_started date_done worker celery_kwargs user { username } ... on JobResultType { traceback } }`,
    { id: run.id },
  );
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(job_result).toEqual({
    id: run.id,
    status: "SUCCESS",
    task_name: "one.A",
    date_created: time,
    date_started: time,
    date_done: time,
    worker: expect.stringMatching(/^jobgraph@/),
    celery_kwargs: { queue: "default", dryrun: false, console_log: false, soft_time_limit: 300, time_limit: 600 },
    user: { username: "admin" },
    traceback: null,
  });
  expect(
    await client.query(`{ a: job(id: "nonsense") { id } b: job_result(id: "01a20d41-bf32-73c7-86b0-37568f855895") { id } }`),
  ).toEqual({ a: null, b: null });
});

test("a nonsensical page is refused by name", async () => {
  const { client } = await openTestApp(JOBS);
  expect(await client.refused(`{ jobs(limit: -1) { id } }`)).toMatchObject({
    extensions: { code: "BAD_USER_INPUT", details: [{ field: "limit" }] },
  });
  expect(await client.refused(`{ jobs(sort: ["nothing"]) { id } }`)).toMatchObject({
    message: expect.stringContaining('"nothing" is not a field to sort by'),
    extensions: { code: "BAD_USER_INPUT", details: [{ field: "sort" }] },
  });
  expect(await client.refused(`{ jobs(colour: "red") { id } }`)).toMatchObject({
    extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
  });
});

test("results, lines and jobs survive a restart; a job whose source is gone stays, not installed, and comes back", async () => {
  const first = await openTestApp(JOBS);
  const run = await runToEnd(first.client, "one.A", { n: 2 });
  await first.client.query(`mutation { update_job(name: "Job B", data: { enabled: true }) { id } }`);
  await first.close();
  const { databaseUrl } = first.config;

  const without = await openTestApp({}, { databaseUrl, jobsRoot: await writeJobs({ "deep/two.ts": JOBS["deep/two.ts"] }) });
  const gone = await without.client.query(`{ jobs { name installed job_results { id job_log_entries { message } } } }`);
  expect(gone.jobs).toEqual([
    { name: "Job B", installed: false, job_results: [] },
    { name: "Job C", installed: true, job_results: [] },
    { name: "Job A", installed: false, job_results: [{ id: run.id, job_log_entries: [{ message: "n1" }, { message: "n2" }] }] },
  ]);
  expect(await without.client.refused(`mutation { run_job(name: "Job A") { id } }`)).toMatchObject({
    extensions: { code: "JOB_NOT_INSTALLED" },
  });
  await without.close();

  const again = await openTestApp(JOBS, { databaseUrl });
  const back = await again.client.query(`{ jobs { name installed enabled } }`);
  expect(back.jobs).toEqual(["Job B", "Job C", "Job A"].map((name) => ({ name, installed: true, enabled: true })));
});

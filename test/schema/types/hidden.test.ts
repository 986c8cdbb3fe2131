import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";

const JOBS = {
  "a.ts": `
export const A = defineJob({ name: "A", taskQueues: ["q"], run() {} });
export const B = defineJob({ name: "B", taskQueues: ["q"], hidden: true, run() {} });
export const C = defineJob({ name: "C", taskQueues: ["q"], run() {} });
`,
};

const LISTS: [filters: string, names: string[]][] = [
  ["", ["A", "C"]],
  ["hidden: false", ["A", "C"]],
  ["hidden: true", ["B"]],
  ["hidden: null", ["A", "B", "C"]],
  // Filters that name jobs find them.
  [`name: ["A", "B"]`, ["A", "B"]],
  [`module_name: "a", job_class_name: ["A", "B"]`, ["A", "B"]],
  [`class_path: "a.B"`, ["B"]],
  [`class_path: ["a.A", "a.B"]`, ["A", "B"]],
  [`name: ["A", "B"], hidden: false`, ["A"]],
  [`class_path: ["a.A", "a.B"], hidden: false`, ["A"]],
  // All others do not.
  [`name: []`, ["A", "C"]],
  [`name: [""], id: [null]`, ["A", "C"]],
  [`module_name: "a"`, ["A", "C"]],
  [`class_path: ["", null]`, ["A", "C"]],
  [`class_path__n: "a.A"`, ["C"]],
  [`name__ie: "b"`, []],
  [`name: ["A", "B"], hidden: null`, ["A", "B"]],
  [`q: "B"`, []],
];

test("the lists of all jobs leave hidden ones out, unless the filter says otherwise", async () => {
  const { client } = await openTestApp(JOBS);
  for (const [filters, names] of LISTS) {
    const { jobs, jobs_connection: page } = await client.query(
      `{ jobs${filters && `(${filters})`} { name } jobs_connection(first: 2 ${filters}) { total_count nodes { name } page_info { has_next_page } } }`,
    );
    expect
      .soft(
        jobs.map((job: any) => job.name),
        filters,
      )
      .toEqual(names);
    expect.soft(page, filters).toEqual({
      total_count: names.length,
      nodes: names.slice(0, 2).map((name) => ({ name })),
      page_info: { has_next_page: names.length > 2 },
    });
  }
});

test("a variable that is not given leaves hidden jobs out, null does not", async () => {
  const { client } = await openTestApp(JOBS);
  const count = async (variables: object) =>
    (await client.query(`query ($hidden: Boolean) { jobs_connection(hidden: $hidden) { total_count } }`, variables))
      .jobs_connection.total_count;
  expect([await count({}), await count({ hidden: true }), await count({ hidden: null }), await count({})]).toEqual([2, 1, 3, 2]);
});

test("a hidden job is found by its id, below other objects, and for changes; an override hides and shows as a source does", async () => {
  const { client } = await openTestApp(JOBS);
  const {
    jobs: [hidden],
  } = await client.query(`{ jobs(hidden: true) { id } }`);
  expect(await client.query(`{ job(id: "${hidden!.id}") { name hidden } }`)).toEqual({ job: { name: "B", hidden: true } });
  expect(await client.query(`{ jobs(id: "${hidden!.id}") { name } }`)).toEqual({ jobs: [{ name: "B" }] });
  const { job_queues } = await client.query(`{ job_queues(name: "q") { jobs { name } jobs_connection { total_count } } }`);
  expect(job_queues).toEqual([{ jobs: ["A", "B", "C"].map((name) => ({ name })), jobs_connection: { total_count: 3 } }]);
  const { update_jobs } = await client.query(
    `mutation { update_jobs(name: ["A", "B"], data: { description: "found" }) { outcomes { changed job { name } } } }`,
  );
  expect(update_jobs.outcomes).toEqual(["A", "B"].map((name) => ({ changed: true, job: { name } })));
  await client.query(
    `mutation { a: update_job(name: "A", data: { hidden: true }) { id } b: update_job(name: "B", data: { hidden: false }) { id } }`,
  );
  expect(await client.query(`{ jobs { name } }`)).toEqual({ jobs: [{ name: "B" }, { name: "C" }] });
});

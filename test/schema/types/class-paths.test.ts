import { expect, test } from "vitest";
import { KEY, openTestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";

const JOBS = {
  "a.ts": `
export const A = defineJob({ name: "A", taskQueues: ["q"], run() {} });
export const B = defineJob({ name: "B", taskQueues: ["q"], hidden: true, run() {} });
`,
  "deep/er.ts": `export const A = defineJob({ name: "C", taskQueues: ["q"], run() {} });`,
};

/** Values of the filter, and the jobs that it finds, hidden ones included. */
const FOUND: readonly (readonly [value: string, names: readonly string[]])[] = [
  [`"a.A"`, ["A"]],
  [`["a.A"]`, ["A"]],
  [`"a.B"`, ["B"]],
  [`["a.B", "deep.er.A"]`, ["B", "C"]],
  [`["a.A", "a.A", "", null]`, ["A"]],
  [`"deep.er.A"`, ["C"]],
  // The parts of two do not make a third, and nothing else is a class path.
  [`["a.B", "deep.er.B"]`, ["B"]],
  [`"deep.A"`, []],
  [`"er.A"`, []],
  [`"A"`, []],
  [`"a."`, []],
  [`".A"`, []],
  [`"a.a"`, []],
  [`"a.A "`, []],
  [`"No such"`, []],
  [`["a.A", "No such"]`, ["A"]],
  [JSON.stringify(["a.A", ...Array.from({ length: 500 }, (_, n) => `m${n}.Job`)]), ["A"]],
];
const ALL = ["A", "B", "C"];
const namesOf = (jobs: { name: string }[]) => jobs.map(({ name }) => name).toSorted();

test("jobs are found by their class paths, wherever there are jobs", async () => {
  const { client } = await openTestApp(JOBS);
  for (const [value, names] of FOUND) {
    const others = ALL.filter((name) => !names.includes(name));
    const { list, not, page, queues } = await client.query(`{
      list: jobs(class_path: ${value}) { name }
      not: jobs(class_path__n: ${value}, hidden: null) { name }
      page: jobs_connection(class_path: ${value}, first: 9) { total_count nodes { name } }
      queues: job_queues(name: "q") {
        jobs(class_path: ${value}) { name } not: jobs(class_path__n: ${value}) { name }
        jobs_connection(class_path: ${value}) { nodes { name } }
      }
    }`);
    expect([value, namesOf(list), namesOf(not)]).toEqual([value, names, others]);
    expect([value, page.total_count, namesOf(page.nodes)]).toEqual([value, names.length, names]);
    const [{ jobs, not: notThese, jobs_connection }] = queues;
    expect([value, namesOf(jobs), namesOf(notThese), namesOf(jobs_connection.nodes)]).toEqual([value, names, others, names]);
  }
});

test("it takes the values of the field of this name, one or several, and holds together with others", async () => {
  const { client } = await openTestApp(JOBS);
  const { jobs } = await client.query(`{ jobs(hidden: null) { name class_path } }`);
  for (const { name, class_path } of jobs)
    for (const [type, path] of [
      ["String!", class_path],
      ["[String]", [class_path]],
    ])
      expect(await client.query(`query ($path: ${type}) { jobs(class_path: $path) { name } }`, { path })).toEqual({
        jobs: [{ name }],
      });
  expect(await client.query(`{ jobs(class_path: ["a.A", "a.B"], name: ["B", "C"]) { name } }`)).toEqual({
    jobs: [{ name: "B" }],
  });
});

test("changes of many jobs and subscriptions take it; one that says nothing does not say which", async () => {
  const { client } = await openTestApp(JOBS);
  const update = (filter: string) =>
    `mutation { update_jobs(${filter}, data: { description: "new" }) { outcomes { changed job { name } } } }`;
  const events = client.ws.iterate<any>({ query: `subscription { jobs(class_path: "a.B") { name description } }` });
  let told: any;
  void events.next().then(({ value }) => (told = value));
  let changes = 0;
  // Nothing announces that a subscription has begun, and it does not get changes from before.
  const change = async () => {
    changes += 1;
    const data = `data: { description: "${changes}" }`;
    await client.query(
      `mutation { a: update_job(class_path: "a.A", ${data}) { id } b: update_job(class_path: "a.B", ${data}) { id } }`,
    );
    return told !== undefined;
  };
  await expect.poll(change).toBe(true);
  await events.return!();
  expect(told.data.jobs).toMatchObject([{ name: "B" }]);
  const { update_jobs } = await client.query(update(`class_path: ["a.B", "No.Such"]`));
  expect(update_jobs.outcomes).toEqual([{ changed: true, job: { name: "B" } }]);
  for (const nothing of ["[]", `""`, "[null]"])
    expect((await client.refused(update(`class_path: ${nothing}`))).extensions).toMatchObject({
      code: "BAD_USER_INPUT",
      details: [{ field: "class_path" }],
    });
});

test("it costs as much as a filter by name", async () => {
  const { url } = await openTestApp(JOBS);
  const costOf = async (filter: string) => {
    const query = `{ jobs(${filter}) { name job_queues { name } } }`;
    const { body } = await post(url, KEY, { query, extensions: { cost: true } });
    return body.extensions.cost.value;
  };
  expect(await costOf(`class_path: "a.A"`)).toBe(await costOf(`name: "A"`));
});

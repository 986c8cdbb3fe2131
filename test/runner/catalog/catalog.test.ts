import { expect, test } from "vitest";
import { openTestApp, restart, writeJobs } from "../../support/app.ts";
import { runToEnd } from "../../support/runs.ts";

const job = (name: string, more = "") => `defineJob({ name: "${name}", enabled: true, ${more} run: () => "${name}" })`;

test("a file that does not load is reported by name with its error, and stops nothing else", async () => {
  const app = await openTestApp({
    "good.ts": `export const Good = ${job("Good")};`,
    "throws.ts": `throw new Error("thrown at import");`,
    "syntax.ts": `export const = ;`,
    "exits.ts": `process.exit(0);`,
    "misspelt.ts": `export const M = defineJob({ name: "M", timeLimt: 5, run() {} } as any);`,
    "queues.ts": `export const Q = ${job("Q", 'taskQueues: ["fast", "a..b", "a/b"],')};`,
    "noname.ts": `export const N = defineJob({ run() {} } as any);`,
    "last.ts": `export const Last = ${job("Last")};`,
  });
  const { jobs } = await app.client.query(`{ jobs { name installed } }`);
  expect(jobs.map((found) => found.name)).toEqual(["Good", "Last"]);
  const reported = app.logged.filter((entry) => String(entry["msg"]).includes("does not load"));
  expect(Object.fromEntries(reported.map((entry) => [String(entry["file"]).split("/").at(-1), entry["error"]]))).toEqual({
    "throws.ts": expect.stringContaining("thrown at import"),
    "syntax.ts": expect.any(String),
    "exits.ts": expect.stringContaining("process.exit(0)"),
    "misspelt.ts": expect.stringContaining("timeLimt"),
    "queues.ts": expect.stringMatching(/two dots in a row[\s\S]*path separators/),
    "noname.ts": expect.stringContaining("name"),
  });
  expect(await runToEnd(app.client, "last.Last")).toMatchObject({ status: "SUCCESS" });
});

test("files without jobs, tests and declarations are no job modules; helpers are imported, JavaScript is as good as TypeScript", async () => {
  const { client } = await openTestApp({
    "helper.ts": `export const word: string = "helped";`,
    "uses.ts": `import { word } from "./helper.ts"; export const Uses = defineJob({ name: "Uses", enabled: true, run: () => word });`,
    "plain.js": `export const Plain = ${job("Plain")};`,
    "module.mjs": `export const Module = ${job("Module")};`,
    "some.test.ts": `throw new Error("not to be loaded");`,
    "types.d.ts": `export {};`,
    "node_modules/x/index.ts": `throw new Error("not to be loaded");`,
    ".hidden/x.ts": `throw new Error("not to be loaded");`,
  });
  const { jobs } = await client.query(`{ jobs { class_path } }`);
  expect(jobs.map((found) => found.class_path).toSorted()).toEqual(["module.Module", "plain.Plain", "uses.Uses"]);
  for (const [path, result] of [
    ["uses.Uses", "helped"],
    ["plain.Plain", "Plain"],
    ["module.Module", "Module"],
  ] as const) {
    expect(await runToEnd(client, path)).toMatchObject({ status: "SUCCESS", result });
  }
});

test("a restart brings changed metadata in and leaves the decisions of users", async () => {
  const first = await openTestApp({ "a.ts": `export const A = defineJob({ name: "Old", description: "old", run() {} });` });
  await first.client.query(`mutation { update_job(name: "Old", data: { enabled: true }) { id } }`);
  const { jobs: before } = await first.client.query(`{ jobs { id } }`);
  await writeJobs(
    {
      "a.ts": `export const A = defineJob({ name: "New", description: "new", grouping: "G", hidden: true, timeLimit: 7, taskQueues: ["q"], variables: z.object({ x: z.int() }), run() {} });`,
    },
    first.config.jobsRoot,
  );
  const second = await restart(first);
  const { jobs } = await second.client.query(
    `{ jobs(hidden: null) { id name description grouping hidden time_limit enabled variables_schema default_job_queue { name } job_queue_assignments { job_queue { name } } } }`,
  );
  expect(jobs).toEqual([
    {
      id: before[0]!.id,
      name: "New",
      description: "new",
      grouping: "G",
      hidden: true,
      time_limit: 7,
      enabled: true,
      variables_schema: expect.objectContaining({ required: ["x"] }),
      default_job_queue: { name: "q" },
      job_queue_assignments: [{ job_queue: { name: "q" } }],
    },
  ]);
});

test("descriptions of jobs and variables are told without the indentation and blank lines of their templates", async () => {
  const { client } = await openTestApp({
    "texts.ts": `
      import { stringVar } from "jobgraph";
      const variables = z.object({ site: stringVar({ description: \`
        Name of the site.
      \` }) });
      const job = (name, description) => defineJob({ name, description, variables, run() {} });
      export const Template = job("Template", \`
        Checks a site.

          - all devices
        Says what is wrong.
      \`);
      export const Plain = job("Plain", "  Plain. ");
      export const Blank = job("Blank", "\\n \\n");
    `,
  });
  const fields = "name description description_first_line variables_schema";
  const { jobs } = await client.query(`{ jobs(sort: ["name"]) { ${fields} } }`);
  expect(jobs.map((one) => [one.name, one.description_first_line, one.description])).toEqual([
    ["Blank", "", ""],
    ["Plain", "Plain.", "Plain."],
    ["Template", "Checks a site.", "Checks a site.\n\n  - all devices\nSays what is wrong."],
  ]);
  expect(jobs[0]!.variables_schema.properties.site.description).toBe("Name of the site.");
  // A user's text is kept as it is, and has a first line all the same.
  const data = { description: "\n\n  By hand.  \nMore." };
  await client.query(`mutation ($data: UpdateJobInput!) { update_job(name: "Plain", data: $data) { id } }`, { data });
  expect((await client.query(`{ jobs(name: ["Plain"]) { description description_first_line } }`)).jobs).toEqual([
    { description: data.description, description_first_line: "By hand." },
  ]);
});

test("a job whose long name is taken has it cut between characters, and a number", async () => {
  const name = "👩‍🚀".repeat(20);
  const { client } = await openTestApp({
    "a.ts": `export const A = ${job(name)};`,
    "b.ts": `export const B = ${job(name)};`,
  });
  const { jobs } = await client.query(`{ jobs(sort: ["module_name"]) { name } }`);
  expect(jobs.map((one) => one.name)).toEqual([name, `${"👩‍🚀".repeat(19)} (2)`]);
});

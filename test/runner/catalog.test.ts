import { expect, test } from "vitest";
import { openTestApp, restart, writeJobs } from "../support/app.ts";
import { runToEnd } from "../support/runs.ts";

const job = (name: string, more = "") => `defineJob({ name: "${name}", enabled: true, ${more} run: () => "${name}" })`;

test("a file that does not load is reported by name with its error, and stops nothing else", async () => {
  const app = await openTestApp({
    "good.ts": `export const Good = ${job("Good")};`,
    "throws.ts": `throw new Error("thrown at import");`,
    "syntax.ts": `export const = ;`,
    "exits.ts": `process.exit(0);`,
    "misspelt.ts": `export const M = defineJob({ name: "M", timeLimt: 5, run() {} } as any);`,
    "noname.ts": `export const N = defineJob({ run() {} } as any);`,
    "last.ts": `export const Last = ${job("Last")};`,
  });
  const { jobs } = await app.client.query(`{ jobs { name installed } }`);
  expect(jobs.map((found: any) => found.name)).toEqual(["Good", "Last"]);
  const reported = app.logged.filter((entry) => String(entry["msg"]).includes("does not load"));
  expect(Object.fromEntries(reported.map((entry) => [String(entry["file"]).split("/").at(-1), entry["error"]]))).toEqual({
    "throws.ts": expect.stringContaining("thrown at import"),
    "syntax.ts": expect.any(String),
    "exits.ts": expect.stringContaining("process.exit(0)"),
    "misspelt.ts": expect.stringContaining("timeLimt"),
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
  expect(jobs.map((found: any) => found.class_path).toSorted()).toEqual(["module.Module", "plain.Plain", "uses.Uses"]);
  for (const [path, result] of [
    ["uses.Uses", "helped"],
    ["plain.Plain", "Plain"],
    ["module.Module", "Module"],
  ] as const) {
    expect(await runToEnd(client, path)).toMatchObject({ status: "SUCCESS", result });
  }
});

test("a restart brings changed metadata in and leaves what was decided here", async () => {
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
      id: before[0].id,
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

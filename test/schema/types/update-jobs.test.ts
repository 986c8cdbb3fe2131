import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { readLog } from "../../support/changes.ts";

const JOBS = {
  "a.ts": `
export const A = defineJob({ name: "A", grouping: "Z", description: "a", run() {} });
export const B = defineJob({ name: "B", grouping: "Y", description: "b", hasSensitiveVariables: true, run() {} });
export const C = defineJob({ name: "C", grouping: "X", description: "c", run() {} });
export const D = defineJob({ name: "D", grouping: "W", description: "d", hidden: true, run() {} });
`,
};

const ANSWER = `{ applied outcomes { changed differences errors { field message } job { name description } } }`;

async function setup() {
  const app = await openTestApp(JOBS);
  const { client } = app;
  /** `args` with the filters, `data` and `dry_run`. */
  const update = async (args: string) => (await client.query(`mutation { update_jobs(${args}) ${ANSWER} }`)).update_jobs;
  const content = () =>
    client.query(
      `{ jobs(hidden: null) { id last_updated name description enabled overrides job_queues { name } } job_queues { name } }`,
    );
  const updates = () => readLog(client, `action: "UPDATE"`);
  return { ...app, update, content, updates };
}

test("every job that the filters find is changed, hidden ones too, in the order of lists, under one request id", async () => {
  const { update, content, updates } = await setup();
  const { applied, outcomes } = await update(`name__n: "C", data: { description: "new" }`);
  expect(applied).toBe(true);
  expect(outcomes.map(({ job }: any) => job)).toEqual(["D", "B", "A"].map((name) => ({ name, description: "new" })));
  for (const [n, old] of ["d", "b", "a"].entries())
    expect(outcomes[n]).toMatchObject({
      changed: true,
      errors: [],
      differences: {
        removed: { description: old, description_override: false },
        added: { description: "new", description_override: true },
      },
    });
  const changes = await updates();
  expect(changes.map((change) => change.object_repr).toSorted()).toEqual(["A", "B", "D"]);
  expect(new Set(changes.map((change) => change.request_id)).size).toBe(1);
  expect((await content()).jobs.find(({ name }) => name === "C")).toMatchObject({ description: "c", overrides: [] });
});

test("an update with the present values changes nothing, and says so", async () => {
  const { update, updates } = await setup();
  await update(`name: "A", data: { enabled: true }`);
  const { applied, outcomes } = await update(`name: ["A", "B"], data: { enabled: true }`);
  expect(applied).toBe(true);
  expect(outcomes).toMatchObject([
    { changed: true, differences: { removed: { enabled: false }, added: { enabled: true } }, job: { name: "B" } },
    { changed: false, differences: null, errors: [], job: { name: "A" } },
  ]);
  expect(await updates()).toHaveLength(2);
  expect(await update(`name: "Nobody", data: { enabled: true }`)).toEqual({ applied: true, outcomes: [] });
});

test("a dry run returns the changes, and keeps nothing", async () => {
  const { client, update, content } = await setup();
  await client.query(`mutation { update_job(name: "A", data: { default_job_queue_override: true }) { id } }`);
  const [before, log] = [await content(), await readLog(client)];
  const args = `name: ["A", "B"], data: { grouping: "New", job_queues: ["default"], enabled: true }`;
  const tried = await update(`${args}, dry_run: true`);
  expect(tried.applied).toBe(false);
  expect(tried.outcomes).toMatchObject([
    { changed: true, errors: [], differences: { removed: { grouping: "Y" }, added: { grouping: "New", enabled: true } } },
    { changed: true, errors: [], differences: { removed: { grouping: "Z" }, added: { grouping: "New", enabled: true } } },
  ]);
  expect(await content()).toEqual(before);
  expect(await readLog(client)).toEqual(log);
  expect(await update(args)).toEqual({ ...tried, applied: true });
});

test.for(["", ", dry_run: true"])("when one job cannot be changed so, none is, and each says why%s", async (dryRun) => {
  const { client, update, content } = await setup();
  const [before, log] = [await content(), await readLog(client)];
  const { applied, outcomes } = await update(`name: ["A", "B", "C"], data: { enabled: true, approval_required: true }${dryRun}`);
  expect(applied).toBe(false);
  expect(outcomes).toMatchObject([
    { changed: false, differences: null, errors: [], job: { name: "C" } },
    { changed: false, differences: null, errors: [{ field: "data.approval_required" }], job: { name: "B" } },
    { changed: false, differences: null, errors: [], job: { name: "A" } },
  ]);
  const wrong = await update(`name: ["A", "B"], data: { time_limit: -1, default_job_queue: "x", hidden: null }${dryRun}`);
  for (const { errors } of wrong.outcomes)
    expect(errors.map(({ field }: any) => field).toSorted()).toEqual([
      "data.default_job_queue",
      "data.hidden",
      "data.time_limit",
    ]);
  expect(await content()).toEqual(before);
  expect(await readLog(client)).toEqual(log);
});

test("of several jobs only one can have a name", async () => {
  const { update, content } = await setup();
  const before = await content();
  for (const dryRun of [false, true]) {
    const { applied, outcomes } = await update(`name: ["A", "B"], data: { name: "Same" }, dry_run: ${dryRun}`);
    expect(applied).toBe(false);
    expect(outcomes.flatMap(({ errors }: any) => errors)).toEqual([{ field: "data.name", message: `"Same" is taken already.` }]);
  }
  expect(await content()).toEqual(before);
});

test("jobs that are not installed cannot be enabled with others", async () => {
  const { client, update, config } = await setup();
  await rm(join(config.jobsRoot, "a.ts"));
  await client.query(`mutation { refresh_jobs { id } }`);
  const { applied, outcomes } = await update(`installed: false, data: { enabled: true }`);
  expect(applied).toBe(false);
  expect(outcomes.map(({ errors }: any) => errors.map(({ field }: any) => field))).toEqual(
    "ABCD".split("").map(() => ["data.enabled"]),
  );
});

test("jobs of one name, and of a queue that is gone, are reverted together", async () => {
  const twin = `defineJob({ name: "Twin", taskQueues: ["q"], run() {} })`;
  const { client } = await openTestApp({ "a.ts": `export const A = ${twin}; export const B = ${twin};` });
  await client.query(`mutation { create_job_queue(data: { name: "slow" }) { id }
    a: update_job(class_path: "a.A", data: { name: "A" }) { id } b: update_job(class_path: "a.B", data: { name: "B" }) { id }
    update_jobs(name: ["A", "B"], data: { default_job_queue: "slow", job_queues: ["slow"] }) { applied } }`);
  const {
    job_queues: [queue],
  } = await client.query(`{ job_queues(name: "q") { id } }`);
  await client.query(`mutation { delete_job_queue(id: "${queue!.id}") { id } }`);
  const revert = `name_override: false, default_job_queue_override: false, job_queues_override: false`;
  const { update_jobs } = await client.query(
    `mutation { update_jobs(name: ["A", "B"], data: { ${revert} }) { applied outcomes { job { name overrides job_queues { name } } } } }`,
  );
  expect(update_jobs).toEqual({
    applied: true,
    outcomes: ["Twin", "Twin (2)"].map((name) => ({ job: { name, overrides: [], job_queues: [{ name: "q" }] } })),
  });
});

test.for([
  ["", []],
  ["name: null,", []],
  [`id: null, hidden: null,`, []],
  [`id: "nonsense",`, ["id"]],
] as const)("filters {%s} are refused", async ([filters, fields]) => {
  const { client, content } = await setup();
  const before = await content();
  const { extensions } = await client.refused(`mutation { update_jobs(${filters} data: { enabled: true }) ${ANSWER} }`);
  expect(extensions.code).toBe("BAD_USER_INPUT");
  expect((extensions.details ?? []).map(({ field }) => field)).toEqual(fields);
  expect(await content()).toEqual(before);
});

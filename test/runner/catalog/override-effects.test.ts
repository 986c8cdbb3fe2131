import { expect, test } from "vitest";
import { openTestApp, type TestApp, writeJobs } from "../../support/app.ts";
import { runToEnd } from "../../support/runs.ts";

const change = ({ client }: TestApp, name: string, data: string) =>
  client.query(`mutation { update_job(name: "${name}", data: { ${data} }) { id } }`);

test("overrides hold for the next run, and so do reverted fields", async () => {
  const app = await openTestApp({
    "a.ts": `export const A = defineJob({ name: "A", grouping: "G", enabled: true, supportsDryrun: true, taskQueues: ["slow"], run: ({ dryRun }) => dryRun });`,
  });
  const { client } = app;
  const run = async (args = "") => {
    const { run_job } = await client.query(
      `mutation { run_job(class_path: "a.A" ${args}) { id name celery_kwargs queue { name } job_model { name grouping } } }`,
    );
    await client.followLog(run_job.id);
    const { job_result } = await client.query(`{ job_result(id: "${run_job.id}") { status result } }`);
    return { ...run_job, ...job_result };
  };
  const asSource = {
    name: "A",
    celery_kwargs: { queue: "slow", dryrun: false, console_log: false },
    queue: { name: "slow" },
    job_model: { name: "A", grouping: "G" },
    status: "SUCCESS",
    result: false,
  };
  expect(await run()).toMatchObject(asSource);
  await client.query(`mutation { create_job_queue(data: { name: "fast" }) { id } }`);
  await change(
    app,
    "A",
    `name: "Mine", grouping: "Ours", default_job_queue: "fast", dryrun_default: true, console_log_default: true`,
  );
  const overridden = {
    name: "Mine",
    celery_kwargs: { queue: "fast", dryrun: true, console_log: true },
    queue: { name: "fast" },
    job_model: { name: "Mine", grouping: "Ours" },
    status: "SUCCESS",
    result: true,
  };
  expect(await run()).toMatchObject(overridden);
  expect(await run(`dryrun: false, console_log: false`)).toMatchObject({
    ...overridden,
    celery_kwargs: { queue: "fast", dryrun: false, console_log: false },
    result: false,
  });
  await change(app, "Mine", `approval_required: true`);
  const { run_job } = await client.query(`mutation { run_job(class_path: "a.A", dryrun: false) { waiting_reason } }`);
  expect(run_job).toEqual({ waiting_reason: "AWAITING_APPROVAL" });
  await client.query(`mutation { revert_job_overrides(class_path: "a.A") { id } }`);
  expect(await run()).toMatchObject(asSource);
});

test("a queue that a source names for the first time is served after a refresh", async () => {
  const app = await openTestApp({ "a.ts": `export const A = defineJob({ name: "A", enabled: true, run: () => 1 });` });
  await writeJobs(
    { "a.ts": `export const A = defineJob({ name: "A", enabled: true, taskQueues: ["new"], run: () => 2 });` },
    app.config.jobsRoot,
  );
  await app.client.query(`mutation { refresh_jobs { id } }`);
  expect(await runToEnd(app.client, "a.A")).toMatchObject({ status: "SUCCESS", result: 2 });
});

const GATED = {
  "a.ts": `
import { existsSync, watch } from "node:fs";
/** Runs until there is a file of this path. */
const gate = (name) => defineJob({ name, enabled: true, variables: z.object({ folder: z.string() }), run: ({ data, signal }) =>
  new Promise((resolve) => {
    const watcher = watch(data.folder, { signal }, () => existsSync(data.folder + "/go") && resolve(watcher.close()));
    if (existsSync(data.folder + "/go")) resolve(watcher.close());
  }) });
export const Single = gate("Single");
`,
};

test("of many launches of a singleton at once exactly one is accepted, the others name it; the next one after its end", async () => {
  const app = await openTestApp(GATED);
  const { client } = app;
  await change(app, "Single", `is_singleton: true`);
  for (let round = 0; round < 2; round++) {
    const folder = await writeJobs({});
    const launch = () =>
      client
        .query(`mutation ($data: GenericScalar) { run_job(class_path: "a.Single", data: $data) { id } }`, { data: { folder } })
        .then(
          ({ run_job }) => run_job.id as string,
          (error: Error) => error,
        );
    const answers = await Promise.all(Array.from({ length: 20 }, launch));
    const [first, ...others] = answers.filter((answer) => typeof answer === "string");
    expect(others).toEqual([]);
    const refused = answers.filter((answer) => answer instanceof Error);
    expect(refused).toHaveLength(19);
    for (const { message } of refused) {
      expect(message).toContain(`"JOB_ALREADY_RUNNING"`);
      expect(message).toContain(`the run ${first} is`);
    }
    expect(await launch()).toBeInstanceOf(Error);
    await writeJobs({ go: "" }, folder);
    await client.followLog(first!);
  }
  const { job_results } = await client.query(`{ job_results { status } }`);
  expect(job_results).toEqual([{ status: "SUCCESS" }, { status: "SUCCESS" }]);
});

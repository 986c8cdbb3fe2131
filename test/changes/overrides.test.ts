import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTestApp, restart, type TestApp, writeJobs } from "../support/app.ts";

/** Values of a job's source, by the names of the API. */
type Said = Record<string, unknown>;

/** A field, its values in two sources, and a value of the user's. */
interface Row {
  /** As `update_job` is given it. */
  spelling: string;
  sources: Record<"first" | "second", Said>;
  ours: unknown;
}

/** Values of a source that names none. */
const DEFAULTS = {
  grouping: "a",
  name: "",
  description: "",
  approval_required: false,
  console_log_default: false,
  dryrun_default: false,
  hidden: false,
  soft_time_limit: 0,
  time_limit: 0,
  has_sensitive_variables: false,
  is_singleton: false,
  job_queues: ["default"],
  default_job_queue: "default",
};
const FIELDS = Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[];

const row = (spelling: string, first: unknown, second: unknown, ours: unknown): Row => ({
  spelling,
  sources: { first: { [spelling]: first }, second: { [spelling]: second } },
  ours,
});
const queuesRow = (spelling: string): Row => ({
  spelling,
  sources: {
    first: { job_queues: ["alpha"], default_job_queue: "alpha" },
    second: { job_queues: ["alpha", "beta"], default_job_queue: "alpha" },
  },
  // The default queue is always one of them.
  ours: ["alpha", "gamma"],
});

const ROWS: Row[] = [
  row("grouping", "First", "Second", "Ours"),
  row("name", "First name", "Second name", "Our name"),
  row("description", "first", "", "ours"),
  row("approval_required", false, true, true),
  row("console_log_default", false, true, true),
  row("dryrun_default", true, false, false),
  row("hidden", false, true, true),
  row("soft_time_limit", 0, 1.5, 20),
  row("time_limit", 30, 0, 2.5),
  row("has_sensitive_variables", true, false, false),
  row("is_singleton", false, true, true),
  queuesRow("job_queues"),
  queuesRow("task_queues"),
  {
    spelling: "default_job_queue",
    sources: {
      first: { job_queues: ["alpha", "beta"], default_job_queue: "alpha" },
      second: { job_queues: ["beta", "delta"], default_job_queue: "beta" },
    },
    ours: "gamma",
  },
];

/** The field that a spelling stands for. */
const fieldOf = (spelling: string) => (spelling === "task_queues" ? "job_queues" : spelling);

const saidOf = ({ spelling, sources }: Row, which: keyof Row["sources"]): Said => ({
  ...DEFAULTS,
  name: `A job of ${spelling}`,
  ...sources[which],
});

const camelCase = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The file of all jobs, one for each row, in one of their two versions. */
function fileOf(which: keyof Row["sources"]): string {
  const jobs = ROWS.map((one) => {
    const said = Object.entries(saidOf(one, which)).filter(([name]) => name !== "default_job_queue");
    // The first of the queues is the default.
    const meta = said.map(([name, value]) => [name === "job_queues" ? "taskQueues" : camelCase(name), value]);
    const source = JSON.stringify({ ...Object.fromEntries(meta), supportsDryrun: true });
    return `export const ${one.spelling} = defineJob({ ...${source}, run() {} });`;
  });
  return jobs.join("\n");
}

const READ = `{ jobs(hidden: null) {
  job_class_name installed overrides source_defaults { ${FIELDS.join(" ")} } task_queues task_queues_override
  ${FIELDS.map((field) => `${field}${field.endsWith("_queues") || field.endsWith("_queue") ? " { name }" : ""} ${field}_override`).join(" ")}
} }`;

/** Every job by the row it is for; queues as their names, in order. */
async function readJobs({ client }: TestApp): Promise<Map<string, Record<string, unknown>>> {
  const { jobs } = await client.query(READ);
  return new Map(
    jobs.map(({ job_class_name, ...job }: any) => [
      job_class_name,
      {
        ...job,
        job_queues: job.job_queues.map((queue: any) => queue.name).toSorted(),
        task_queues: job.task_queues.toSorted(),
        default_job_queue: job.default_job_queue.name,
      },
    ]),
  );
}

/** Returns a job as it should be: the values of its source, but for the overridden fields. */
function jobAs(one: Row, which: keyof Row["sources"], installed: boolean, overridden: Said): Record<string, unknown> {
  const said = saidOf(one, which);
  const values = { ...said, ...overridden } as typeof DEFAULTS;
  const queues = [...new Set([...values.job_queues, values.default_job_queue])].toSorted();
  return {
    ...values,
    installed,
    overrides: Object.keys(overridden),
    source_defaults: said,
    job_queues: queues,
    task_queues: queues,
    task_queues_override: "job_queues" in overridden,
    ...Object.fromEntries(FIELDS.map((field) => [`${field}_override`, field in overridden])),
  };
}

test("every field that can be overridden follows its source until it is overridden, and again once it is reverted", async () => {
  let app = await openTestApp({ "a.ts": fileOf("first") });
  await app.client.query(`mutation { create_job_queue(data: { name: "gamma" }) { id } }`);

  let source: keyof Row["sources"] = "first";
  let installed = true;
  let overriddenOf: (one: Row) => Said = () => ({});

  /** Looks at every job after a step, and tells each that is not as it should be. */
  async function check(step: string): Promise<void> {
    const jobs = await readJobs(app);
    expect.soft(jobs.size, step).toBe(ROWS.length);
    for (const one of ROWS)
      expect.soft(jobs.get(one.spelling), `${one.spelling}: ${step}`).toEqual(jobAs(one, source, installed, overriddenOf(one)));
  }

  /** Sends one mutation for each job, and notes its overrides from now on. */
  async function change(step: string, callOf: (one: Row, n: number) => string, data: Said[], next: typeof overriddenOf) {
    const declared = data.map((_, n) => `$data${n}: UpdateJobInput!`).join(", ");
    const calls = ROWS.map((one, n) => `_${n}: ${callOf(one, n)} { id }`).join("\n");
    const variables = Object.fromEntries(data.map((value, n) => [`data${n}`, value]));
    await app.client.query(`mutation ${declared && `(${declared})`} { ${calls} }`, variables);
    overriddenOf = next;
    await check(step);
  }

  async function update(step: string, dataOf: (one: Row) => Said, next: typeof overriddenOf) {
    await change(step, ({ spelling }, n) => `update_job(class_path: "a.${spelling}", data: $data${n})`, ROWS.map(dataOf), next);
  }

  async function revert(step: string, argumentsOf: (field: string) => string) {
    const call = ({ spelling }: Row) => `revert_job_overrides(class_path: "a.${spelling}" ${argumentsOf(fieldOf(spelling))})`;
    await change(step, call, [], () => ({}));
  }

  const refresh = () => app.client.query(`mutation { refresh_jobs { id } }`);
  const reopen = async () => void (app = await restart(app));

  /** Puts the file of the jobs there in one of its versions, or takes it away, and has it read. */
  async function install(step: string, which: keyof Row["sources"] | undefined, read: () => Promise<unknown> = refresh) {
    if (which) await writeJobs({ "a.ts": fileOf(which) }, app.config.jobsRoot);
    else await rm(join(app.config.jobsRoot, "a.ts"));
    await read();
    source = which ?? source;
    installed = which !== undefined;
    await check(step);
  }

  const set = ({ spelling, ours }: Row) => ({ [spelling]: ours });
  const isOurs = ({ spelling, ours }: Row) => ({ [fieldOf(spelling)]: ours });
  const setToSource = (one: Row) => ({ [one.spelling]: saidOf(one, source)[fieldOf(one.spelling)] });
  /** Returns the source's value at this moment, also when the source changes later. */
  const isSource = () => {
    const then = source;
    return (one: Row) => ({ [fieldOf(one.spelling)]: saidOf(one, then)[fieldOf(one.spelling)] });
  };
  const flag = (value: boolean) => (one: Row) => ({ [`${one.spelling}_override`]: value });
  const nothing = () => ({});

  await check("found for the first time");
  await install("the source changes", "second");
  await install("the source changes before a restart", "first", reopen);

  await update("set", set, isOurs);
  await install("set, and the source changes", "second");
  await install("set, and the source changes before a restart", "first", reopen);
  await update("set once more to the same", set, isOurs);
  await update("set, and reverted by its flag", flag(false), nothing);
  await install("reverted by its flag, and the source changes", "second");

  await update("set to what the source says", setToSource, isSource());
  await install("set to what the source said, which changes", "first");
  await install("set to what the source says again", "second");
  await install("set to what the source said, which changes before a restart", "first", reopen);
  await revert("reverted by name", (field) => `fields: [${field}]`);
  await install("reverted by name, and the source changes", "second");

  await update("kept by its flag", flag(true), isSource());
  await install("kept by its flag, and the source changes", "first");
  await install("kept by its flag, and uninstalled", undefined);
  await update("set while uninstalled", set, isOurs);
  await install("set, and installed again with another source", "second");
  await install("set, and uninstalled before a restart", undefined, reopen);
  await install("set, and installed again before a restart", "first", reopen);
  await revert("reverted with all others", () => "");

  await install("not overridden, and uninstalled", undefined);
  await install("not overridden, and installed again with another source", "second");
  await update("kept by its flag once more", flag(true), isSource());
  await install("kept by its flag, and uninstalled once more", undefined);
  await revert("reverted while uninstalled, to what the source said last", (field) => `fields: [${field}]`);
  await install("reverted while uninstalled, and installed again", "first");
});

test("the default queue is always among a job's queues, and none is left there that was only the default", async () => {
  const { client } = await openTestApp({
    "a.ts": `export const A = defineJob({ name: "A", taskQueues: ["one", "two"], run() {} });`,
  });
  await client.query(
    `mutation { a: create_job_queue(data: { name: "three" }) { id } b: create_job_queue(data: { name: "four" }) { id } }`,
  );
  for (const [data, queues, byDefault] of [
    [{ default_job_queue: "three" }, ["one", "three", "two"], "three"],
    [{ default_job_queue: "four" }, ["four", "one", "two"], "four"],
    [{ job_queues: ["three"] }, ["four", "three"], "four"],
    [{ default_job_queue_override: false, job_queues: ["two"] }, ["one", "two"], "one"],
    [{ job_queues: [] }, ["one"], "one"],
    [{ default_job_queue: "three", job_queues_override: false }, ["one", "three", "two"], "three"],
    [{ default_job_queue: "four", job_queues_override: true }, ["four", "one", "three", "two"], "four"],
    [{ default_job_queue_override: false, job_queues_override: false }, ["one", "two"], "one"],
  ] as const) {
    const { update_job } = await client.query(
      `mutation ($data: UpdateJobInput!) { update_job(name: "A", data: $data) { task_queues default_job_queue { name } } }`,
      { data },
    );
    const shown = { task_queues: update_job.task_queues.toSorted(), default_job_queue: update_job.default_job_queue };
    expect.soft(shown, JSON.stringify(data)).toEqual({ task_queues: queues, default_job_queue: { name: byDefault } });
  }
});

test("fields that are not named are not touched: neither a name with a number nor a queue that somebody deleted", async () => {
  const { client } = await openTestApp({
    "a.ts": `export const A = defineJob({ name: "Twin", run() {} });
export const B = defineJob({ name: "Twin", taskQueues: ["default", "q"], description: "source", run() {} });`,
  });
  await client.query(`mutation { update_job(name: "Twin", data: { name: "First" }) { id } }`);
  const { job_queues } = await client.query(`{ job_queues(name: "q") { id } }`);
  await client.query(`mutation { delete_job_queue(id: "${job_queues[0]!.id}") { id } }`);
  for (const data of [`description: "ours"`, `description_override: false`]) {
    const { update_job } = await client.query(
      `mutation { update_job(class_path: "a.B", data: { ${data} }) { name task_queues } }`,
    );
    expect(update_job).toEqual({ name: "Twin (2)", task_queues: ["default"] });
  }
});

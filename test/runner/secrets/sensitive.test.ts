import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { getIntrospectionQuery } from "graphql";
import { expect, onTestFinished, test } from "vitest";
import { createVault } from "../../../src/runner/index.ts";
import { KEY, openTestApp, restart, SYSTEM_JOBS, type TestApp } from "../../support/app.ts";
import { ofAnyTable } from "../../../src/entities/tables.ts";
import { createClient } from "../../support/client.ts";
import { createTestClock } from "../../support/clock.ts";
import { ENDING, expectOneFailure } from "../../support/failures.ts";
import { createPerson } from "../../support/people.ts";
import { databaseOf } from "../../support/rows.ts";

const JOBS = {
  "jobs.ts": String.raw`
import { stringVar, fileVar, textVar, JobFailure } from "jobgraph";
import { writeFileSync } from "node:fs";
const variables = z.object({ password: stringVar({ sensitive: true, required: false }), host: stringVar({ default: "core-1" }) });

export const Login = defineJob({ name: "Login", enabled: true, variables, consoleLogDefault: true, async run({ data, logger, progress, createFile }) {
  const { password } = data;
  logger.info("with " + password, { object: password });
  logger.warning("token=abc123");
  progress(1, 2, password);
  process.stdout.write("first " + password.slice(0, 5));
  process.stdout.write(password.slice(5) + " last\n");
  console.error(Buffer.from(password).toString("base64"), { password });
  await createFile(password + ".cfg", "");
  if (data.host === "down") throw new Error("no login with " + password, { cause: new Error(password) });
  return { password, length: password.length, host: data.host };
} });
export const Prints = defineJob({ name: "Prints", enabled: true, variables, run({ data }) { console.log("got", data.password); } });
export const Whole = defineJob({ name: "Whole", enabled: true, hasSensitiveVariables: true, variables: z.object({ a: z.string(), n: z.int().optional() }), run: ({ data, logger }) => { logger.info("a is " + data.a + " " + data.n); return data.a; } });
export const Picky = defineJob({ name: "Picky", enabled: true, variables: z.object({ password: stringVar({ sensitive: true }).refine((text) => { console.log("checking " + text); return text.length > 99; }, { error: ({ input }) => input + " is weak" }) }), run: () => null });
let tries = 0;
export const Retries = defineJob({ name: "Retries", enabled: true, isolation: "shared", retry: { limit: 1, backoff: 60 }, variables, run({ data }) { throw new JobFailure("length " + data.password.length); } });
export const Slow = defineJob({ name: "Slow", enabled: true, isSingleton: true, onLimit: undefined, variables, run: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))) });
export const Vlans = defineJob({ name: "Vlans", enabled: true, variables: z.object({ vlan: z.int().meta({ writeOnly: true }) }), run: ({ data, logger }) => { logger.info("vlan " + data.vlan + " of 2020"); return { vlans: [10, data.vlan, 30], [data.vlan]: "20", names: { [data.vlan + "!"]: 200 } }; } });
export const Files = defineJob({ name: "Files", enabled: true, variables: z.object({ key: fileVar({ sensitive: true }) }), run: ({ data, logger }) => logger.info(Buffer.from(data.key.content).toString()) });
`,
};

const newCanary = () => `c4n4ry-${randomBytes(9).toString("hex")}-Ü"&`;

/** Spellings of a canary that a reader could understand. */
function spellings(canary: string): string[] {
  const bytes = Buffer.from(canary);
  return [
    canary,
    JSON.stringify(canary).slice(1, -1),
    JSON.stringify(JSON.stringify(canary)).slice(3, -3),
    encodeURIComponent(canary),
    bytes.toString("base64"),
    bytes.toString("hex"),
    // Parts that identify it, with any spelling of its ends.
    canary.slice(0, 24),
    Buffer.from(canary.slice(0, 24)).toString("base64"),
  ];
}

/** Everything that the server keeps: all rows of all tables. */
async function allRows(app: TestApp): Promise<string> {
  const database = await databaseOf(app);
  const anyRows = ofAnyTable(database.rows);
  const isSqlite = app.config.databaseUrl.startsWith("sqlite:");
  const tables = isSqlite
    ? anyRows.selectFrom("sqlite_master").select("name").where("type", "=", "table")
    : anyRows.selectFrom("pg_tables").select("tablename as name").where("schemaname", "=", "public");
  const names = (await database.read(tables.compile())).map(({ name }) => name as string);
  expect(names).toContain("job_result");
  const rows = await Promise.all(names.map((name) => database.read(anyRows.selectFrom(name).selectAll().compile())));
  return JSON.stringify(Object.fromEntries(names.map((name, i) => [name, rows[i]])));
}

const RUN = `mutation ($job: String!, $data: GenericScalar, $key: String) { run_job(class_path: $job, data: $data, idempotency_key: $key) { id } }`;
const ALL = `query ($id: ID!) { job_result(id: $id) {
  ${ENDING} task_kwargs task_args celery_kwargs meta sensitive_variables cancel_reason progress { message } files { name }
  job_log_entries { message log_object grouping absolute_url } job_console_entries { text output_type }
} }`;

async function run(app: TestApp, job: string, data: object, key?: string) {
  const { run_job } = await app.client.query(RUN, { job: `jobs.${job}`, data, key });
  const frames: unknown[] = [];
  await app.client.followLog(run_job.id, { onLines: (lines) => void frames.push(...lines) });
  const { job_result } = await app.client.query(ALL, { id: run_job.id });
  expectOneFailure(job_result);
  return { id: run_job.id as string, frames, ...job_result };
}

test("a canary is given, thrown, printed across two writes, returned and put in a file name, and found nowhere afterwards", async () => {
  const app = await openTestApp(JOBS, SYSTEM_JOBS);
  const canary = newCanary();
  const good = await run(app, "Login", { password: canary }, "a key");
  const bad = await run(app, "Login", { password: canary, host: "down" });
  const printed = await run(app, "Prints", { password: canary });
  const refused = await app.client.refused(RUN, { job: "jobs.Picky", data: { password: canary } });
  expect(good).toMatchObject({
    status: "SUCCESS",
    task_kwargs: {},
    sensitive_variables: ["password"],
    result: { password: "(redacted)", length: canary.length, host: "core-1" },
    progress: { message: "(redacted)" },
    files: [{ name: "(redacted).cfg" }],
  });
  expect(good.frames).toMatchObject([{ message: "with (redacted)" }, { message: "token=(redacted)" }]);
  const stdout = good.job_console_entries.filter(({ output_type }) => output_type === "STDOUT");
  expect(stdout.map(({ text }) => text).join("")).toBe("first (redacted) last\n");
  expect(bad).toMatchObject({ status: "FAILURE", task_kwargs: { host: "down" } });
  expect(bad.traceback).toContain("no login with (redacted)");
  expect(bad.traceback).toContain("Caused by: Error: (redacted)");
  expect(printed.status).toBe("SUCCESS");
  expect(refused.extensions.details).toEqual([{ field: "data.password", message: "(redacted) is weak" }]);

  const again = await app.client.query(RUN, { job: "jobs.Login", data: { password: canary }, key: "a key" });
  expect(again.run_job.id).toBe(good.id);
  const other = await app.client.refused(RUN, { job: "jobs.Login", data: { password: newCanary() }, key: "a key" });
  expect(other.extensions.code).toBe("CONFLICT");

  const exported = await exports(app);
  expect(exported).toContain('"sensitive_variables":["password"]');
  const everything = {
    exports: exported,
    rows: await allRows(app),
    answers: JSON.stringify([good, bad, printed, refused, other, await app.client.query(getIntrospectionQuery())]),
    log: JSON.stringify(app.logged),
    database: app.config.databaseUrl.startsWith("sqlite:")
      ? (await readFile(app.config.databaseUrl.slice("sqlite:".length))).toString("latin1") +
        (await readFile(`${app.config.databaseUrl.slice("sqlite:".length)}-wal`).catch(() => "")).toString("latin1")
      : "",
  };
  expect(everything.log).toContain("got (redacted)");
  expect(everything.log).toContain("checking (redacted)");
  for (const [place, text] of Object.entries(everything))
    for (const spelling of spellings(canary)) expect(text.includes(spelling), `${spelling} in ${place}`).toBe(false);
});

/** Returns the system's export of runs and of their output. */
async function exports(app: TestApp): Promise<string> {
  let text = "";
  for (const content_type of ["extras.jobresult", "extras.joblogentry", "extras.jobconsoleentry", "extras.fileproxy"]) {
    const data = { content_type, export_format: "json" };
    const { run_job } = await app.client.query(RUN, { job: "jobgraph.export_object_list.ExportObjectList", data });
    await app.client.followLog(run_job.id);
    const { job_result } = await app.client.query(`query ($id: ID!) { job_result(id: $id) { files { download_url } } }`, run_job);
    const headers = { authorization: `Token ${KEY}` };
    text += await (await fetch(app.url + job_result.files[0]!.download_url, { headers })).text();
  }
  return text;
}

test("the test above would find a canary that is not hidden", async () => {
  const app = await openTestApp({
    "jobs.ts": `export const Tells = defineJob({ name: "Tells", enabled: true, variables: z.object({ open: z.string() }), run: ({ data }) => [data.open, btoa(data.open)] });`,
  });
  const { run_job } = await app.client.query(RUN, { job: "jobs.Tells", data: { open: "canary-in-the-open" } });
  await app.client.followLog(run_job.id);
  const rows = await allRows(app);
  expect(rows).toContain("canary-in-the-open");
  expect(rows).toContain(btoa("canary-in-the-open"));
});

test("only the sensitive number of a list is hidden, and the rest stays the same", async () => {
  const app = await openTestApp(JOBS);
  const { result, frames } = await run(app, "Vlans", { vlan: 20 });
  expect(result).toEqual({ vlans: [10, "(redacted)", 30], "(redacted)": "(redacted)", names: { "(redacted)!": 200 } });
  expect(frames).toMatchObject([{ message: "vlan (redacted) of 2020" }]);
});

test("a job with sensitive variables keeps no inputs at all", async () => {
  const app = await openTestApp(JOBS);
  const whole = await run(app, "Whole", { a: "s3cr3t-a", n: 12345 });
  expect(whole).toMatchObject({
    status: "SUCCESS",
    task_kwargs: {},
    sensitive_variables: ["a", "n"],
    result: "(redacted)",
    job_log_entries: [{ message: "a is (redacted) (redacted)" }],
  });
  const overridden = `mutation { update_job(class_path: "jobs.Prints", data: { has_sensitive_variables: true }) { id } }`;
  await app.client.query(overridden);
  expect(await run(app, "Prints", { host: "core-9" })).toMatchObject({ task_kwargs: {}, sensitive_variables: ["host"] });
});

test("a repeated run needs the sensitive inputs again, and takes over the others", async () => {
  const app = await openTestApp(JOBS);
  const RERUN = `mutation ($id: ID!, $data: GenericScalar) { rerun_job_result(id: $id, data: $data) { id } }`;
  const first = await run(app, "Login", { password: "s3cr3t-1", host: "core-7" });
  const refused = await app.client.refused(RERUN, { id: first.id });
  expect(refused).toMatchObject({
    message: `The run ${first.id} had sensitive inputs: give password again.`,
    extensions: { code: "BAD_USER_INPUT", details: [{ field: "data.password" }] },
  });
  const { rerun_job_result } = await app.client.query(RERUN, { id: first.id, data: { password: "s3cr3t-2" } });
  await app.client.followLog(rerun_job_result.id);
  const { job_result } = await app.client.query(ALL, { id: rerun_job_result.id });
  expect(job_result).toMatchObject({ status: "SUCCESS", result: { password: "(redacted)", host: "core-7" } });
});

/** Reads the statuses of all runs, and their sealed inputs. */
async function sealedIn(app: TestApp): Promise<() => Promise<unknown[]>> {
  const database = await databaseOf(app);
  const statement = database.rows.selectFrom("job_result").select(["status", "sensitive_kwargs"]).orderBy("id").compile();
  return async () => (await database.read(statement)).map(({ status, sensitive_kwargs }) => [status, typeof sensitive_kwargs]);
}

test("sealed inputs outlive the wait for another attempt, and nothing else", async () => {
  const clock = createTestClock();
  const app = await openTestApp(JOBS, {}, clock);
  const readSealed = await sealedIn(app);
  const { run_job } = await app.client.query(RUN, { job: "jobs.Retries", data: { password: "s3cr3t-9" } });
  await expect.poll(readSealed).toEqual([["RETRY", "string"]]);
  clock.advance(61_000);
  await app.client.followLog(run_job.id);
  const { job_result } = await app.client.query(ALL, { id: run_job.id });
  expect(job_result).toMatchObject({ status: "FAILURE", error: { message: "length 8" } });
  expect(await readSealed()).toEqual([["FAILURE", "object"]]);
});

test("a canceled run keeps no sealed inputs, whether it had started or not", async () => {
  const app = await openTestApp(JOBS, { workerConcurrency: 1, cancelGraceMs: 0 });
  const readSealed = await sealedIn(app);
  const CANCEL = `mutation ($id: ID!) { cancel_job_result(id: $id) { status } }`;
  const first = (await app.client.query(RUN, { job: "jobs.Slow", data: { password: "s3cr3t-9" } })).run_job.id;
  const second = (await app.client.query(RUN, { job: "jobs.Prints", data: { password: "s3cr3t-8" } })).run_job.id;
  await expect.poll(readSealed).toEqual([
    ["STARTED", "string"],
    ["PENDING", "string"],
  ]);
  for (const id of [second, first]) await app.client.query(CANCEL, { id });
  await app.client.followLog(first);
  expect(await readSealed()).toEqual([
    ["REVOKED", "object"],
    ["REVOKED", "object"],
  ]);
});

test("a run that waits through a restart has its inputs; with another key it fails and says why", async () => {
  for (const secretKey of [undefined, "another key, of thirty-two letters"]) {
    const app = await openTestApp(JOBS, { workerConcurrency: 1 });
    await app.client.query(RUN, { job: "jobs.Slow", data: {} });
    const { run_job } = await app.client.query(RUN, { job: "jobs.Whole", data: { a: "s3cr3t-a" } });
    const next = await restart(app, secretKey === undefined ? {} : { secretKey });
    await next.client.followLog(run_job.id);
    const { job_result } = await next.client.query(ALL, { id: run_job.id });
    if (secretKey === undefined) expect(job_result).toMatchObject({ status: "SUCCESS", result: "(redacted)" });
    else expect(job_result).toMatchObject({ status: "FAILURE", error: { type: "SensitiveInputsLost" } });
  }
});

const ASK = `mutation ($data: GenericScalar) { run_job(class_path: "jobs.Login", data: $data) { id sensitive_variables
  scheduled_job { id kwargs sensitive_variables celery_kwargs } } }`;
const DECIDE = (mutation: string) => `mutation ($id: ID!) { ${mutation}(id: $id) { id state } }`;

/** A job whose runs somebody else has to approve, and somebody who may. */
async function setupApproval(settings = {}) {
  const app = await openTestApp(JOBS, settings);
  await app.client.query(`mutation { update_job(name: "Login", data: { approval_required: true }) { id } }`);
  const approver = await createPerson(app, { username: "approver", is_staff: true });
  return { app, approver };
}

test("sensitive inputs wait sealed for an approval, approvers see that they exist, and they go with the decision", async () => {
  const { app, approver } = await setupApproval();
  const { client } = app;
  const canary = newCanary();
  const asks = [1, 2, 3].map(() => client.query(ASK, { data: { password: canary, host: "edge" } }));
  const [approved, denied, canceled] = (await Promise.all(asks)).map(({ run_job }) => run_job);
  expect(approved).toMatchObject({
    sensitive_variables: ["password"],
    scheduled_job: {
      kwargs: { host: "edge" },
      sensitive_variables: ["password"],
      celery_kwargs: { sensitive_variables: ["password"] },
    },
  });
  const hidden = async () => {
    const rows = await allRows(app);
    for (const spelling of spellings(canary)) expect(rows.includes(spelling), `${spelling} in rows`).toBe(false);
  };
  await hidden();
  const EDIT = `mutation ($id: ID!, $data: UpdateScheduledJobInput!) { update_scheduled_job(id: $id, data: $data) { id } }`;
  for (const data of [{ kwargs: { host: "core-2" } }, { interval: "HOURLY", start_time: "2036-01-01T00:00:00Z" }]) {
    const { extensions } = await client.refused(EDIT, { id: approved!.scheduled_job.id, data });
    expect(extensions.code).toBe("INVALID_SCHEDULE");
  }
  await approver.client.query(DECIDE("approve_scheduled_job"), approved!.scheduled_job);
  await approver.client.query(DECIDE("deny_scheduled_job"), denied!.scheduled_job);
  await client.query(DECIDE("cancel_scheduled_job"), canceled!.scheduled_job);
  await client.followLog(approved!.id);
  expect((await client.query(ALL, { id: approved!.id })).job_result).toMatchObject({
    status: "SUCCESS",
    task_kwargs: { host: "edge" },
    sensitive_variables: ["password"],
    result: { password: "(redacted)", length: canary.length, host: "edge" },
  });
  await hidden();
  const database = await databaseOf(app);
  const kept = database.rows.selectFrom("job_result").select("status").where("sensitive_kwargs", "is not", null);
  expect(await kept.execute()).toEqual([]);
});

test("inputs that were sealed with another key are not run once approved, and the run says why", async () => {
  const { app, approver } = await setupApproval();
  const { run_job } = await app.client.query(ASK, { data: { password: newCanary() } });
  const next = await restart(app, { secretKey: "another key, of thirty-two letters" });
  const again = createClient(next.url, approver.key);
  onTestFinished(() => again.close());
  await again.query(DECIDE("approve_scheduled_job"), run_job.scheduled_job);
  await next.client.followLog(run_job.id);
  const { job_result } = await next.client.query(ALL, { id: run_job.id });
  expect(job_result).toMatchObject({ status: "FAILURE", error: { message: expect.stringContaining("SECRET_KEY") } });
});

test("a sensitive file's content is hidden line by line", async () => {
  const app = await openTestApp(JOBS);
  const base64 = Buffer.from("BEGIN KEY\nMIIEvQIBADANBgkq\nEND KEY\n").toString("base64");
  const { job_log_entries } = await run(app, "Files", { key: { name: "id_rsa", base64 } });
  expect(job_log_entries[0]!.message).toBe("(redacted)\n(redacted)\n(redacted)\n");
});

test("variables_schema says which variables nobody may read", async () => {
  const app = await openTestApp(JOBS);
  const { jobs } = await app.client.query(`{ jobs(name: "Login") { variables_schema } }`);
  expect(jobs[0]!.variables_schema.properties).toMatchObject({ password: { writeOnly: true }, host: { "x-kind": "string" } });
  expect(jobs[0]!.variables_schema.properties.host.writeOnly).toBeUndefined();
});

test("the key file is made once, for its owner only, and used again", async () => {
  const secretKeyFile = join((await openTestApp({})).config.jobsRoot, "keys", "secret-key");
  const { keepSecretKey } = await import("../../../src/access/secret-key.ts");
  const keys = await Promise.all([keepSecretKey(secretKeyFile), keepSecretKey(secretKeyFile)]);
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(await keepSecretKey(secretKeyFile)).toBe(keys[0]);
});

test("a vault opens values that were sealed for the same owner with the same key, and nothing else", () => {
  const vault = createVault("key");
  const sealed = vault.seal({ a: 1 }, "owner");
  expect(vault.open(sealed, "owner")).toEqual({ a: 1 });
  expect(vault.seal({ a: 1 }, "owner")).not.toBe(sealed);
  expect(() => vault.open(sealed, "other")).toThrow("cannot be opened");
  expect(() => createVault("other").open(sealed, "owner")).toThrow("cannot be opened");
  expect(() => vault.open(sealed.replace(/.$/, "A"), "owner")).toThrow("cannot be opened");
  expect(vault.digest("a")).not.toBe(createVault("other").digest("a"));
});

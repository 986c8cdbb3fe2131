import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTestApp, writeJobs } from "../../support/app.ts";
import { grant } from "../../support/grants.ts";
import { type Person, people } from "../../support/people.ts";
import { readLog } from "../../support/changes.ts";
import type { TestClient } from "../../support/client.ts";
import { createTestClock } from "../../support/clock.ts";
import { finished } from "../../support/control.ts";
import { databaseOf } from "../../support/rows.ts";
import { act, createSchedule, readSchedule, runsOf, updateSchedule } from "../../support/schedules.ts";

const JOBS = {
  "jobs.ts": `
const job = (name, more = {}) => defineJob({ name, enabled: true, isolation: "shared", approvalRequired: true,
  variables: z.object({ site: z.string().default("a") }), run: ({ data, dryRun }) => ({ ...data, dryRun }), ...more });
export const Asked = job("Asked", { taskQueues: ["default", "fast"] });
export const Dry = job("Dry", { supportsDryrun: true });
export const Secret = job("Secret", { variables: z.object({ key: z.string() }), hasSensitiveVariables: true });
export const Single = job("Single", { isSingleton: true });
export const Decide = defineJob({ name: "Decide", enabled: true, isolation: "shared", variables: z.object({ id: z.string() }),
  run: ({ graphql, data }) => graphql("mutation ($id: ID!) { approve_scheduled_job(id: $id) { id } }", data).catch(({ errors }) => errors[0].extensions.code) });
`,
};
const HOUR = 3_600_000;
const RUN = `mutation ($name: String!, $data: GenericScalar, $dryrun: Boolean, $key: String) {
  run_job(name: $name, data: $data, dryrun: $dryrun, idempotency_key: $key) { id status waiting_reason scheduled_job { id } } }`;
const APPROVE = `mutation ($id: ID!, $comment: String, $seen: DateTime) {
  approve_scheduled_job(id: $id, comment: $comment, if_unmodified_since: $seen) { id state } }`;
const DECISION = `state enabled next_run_at decision_date decided_by { username } decided_by_user_name decision_comment source_version waiting_reason`;

async function setup() {
  const clock = createTestClock();
  const app = await openTestApp(JOBS, {}, clock);
  return { ...app, clock, ...(await people(app)) };
}

async function ask({ client }: Person, name = "Asked", more: object = {}) {
  const { run_job } = await client.query(RUN, { name, ...more });
  return run_job as { id: string; status: string; waiting_reason: string; scheduled_job: { id: string } };
}

async function decisionOf(client: TestClient, id: string) {
  return (await client.query(`query ($id: ID!) { scheduled_job(id: $id) { ${DECISION} } }`, { id })).scheduled_job;
}

async function codeOf(client: TestClient, document: string, variables: object = {}) {
  return (await client.refused(document, variables)).extensions.code;
}

test("a run that needs an approval waits for it, can be followed meanwhile, and names its approver in the end", async () => {
  const { client, requester, approver } = await setup();
  const asked = await ask(requester, "Asked", { data: { site: "paris" } });
  expect(asked).toMatchObject({ status: "PENDING", waiting_reason: "AWAITING_APPROVAL" });
  const { id } = asked.scheduled_job;
  const waiting = await readSchedule(approver.client, id);
  expect(waiting).toMatchObject({
    task: "jobs.Asked",
    kwargs: { site: "paris" },
    interval: "IMMEDIATELY",
    user: { username: "requester" },
    next_run_at: null,
  });
  const before = await decisionOf(approver.client, id);
  expect(before).toEqual({
    state: "PENDING",
    enabled: true,
    next_run_at: null,
    decision_date: null,
    decided_by: null,
    decided_by_user_name: "",
    decision_comment: "",
    source_version: expect.stringMatching(/^[0-9a-f]{64}$/),
    waiting_reason: "AWAITING_APPROVAL",
  });
  const log = requester.client.followLog(asked.id);
  await approver.client.query(APPROVE, { id, comment: "go on", seen: waiting.date_changed });
  await log;
  const [run] = await runsOf(client, id, 1);
  expect(run).toMatchObject({ id: asked.id, status: "SUCCESS", result: { site: "paris" }, user: { username: "requester" } });
  const { job_result } = await client.query(
    `{ job_result(id: "${asked.id}") { approvals { user_name date comment } waiting_reason } }`,
  );
  const decided = await decisionOf(client, id);
  expect(job_result).toEqual({
    approvals: [{ user_name: "approver", date: decided.decision_date, comment: "go on" }],
    waiting_reason: null,
  });
  expect(decided).toMatchObject({
    state: "COMPLETED",
    decided_by: { username: "approver" },
    decided_by_user_name: "approver",
    decision_comment: "go on",
  });
  const changes = await readLog(client, `changed_object_id: "${id}"`);
  expect(changes.map(({ action, user_name, differences }) => [action, user_name, differences.added?.["state"]])).toEqual([
    ["CREATE", "requester", "PENDING"],
    ["UPDATE", "approver", "ACTIVE"],
    ["UPDATE", "", "COMPLETED"],
  ]);
});

test("a request that is denied or withdrawn never runs, and its run says so", async () => {
  const { client, requester, approver } = await setup();
  const denied = await ask(requester);
  await approver.client.query(
    `mutation ($id: ID!) { deny_scheduled_job(id: $id, comment: "not today") { id } }`,
    denied.scheduled_job,
  );
  expect(await decisionOf(client, denied.scheduled_job.id)).toMatchObject({ state: "DENIED", decision_comment: "not today" });
  const canceled = await ask(requester);
  expect(await codeOf(requester.client, `mutation { cancel_job_result(id: "${canceled.id}") { id } }`)).toBe("NOT_CANCELABLE");
  expect(await codeOf(requester.client, `mutation { delete_scheduled_job(id: "${canceled.scheduled_job.id}") { id } }`)).toBe(
    "BAD_USER_INPUT",
  );
  await act(requester.client, "cancel_scheduled_job", canceled.scheduled_job.id);
  for (const [asked, reason] of [
    [denied, "it was not approved: not today"],
    [canceled, "it was taken back"],
  ] as const) {
    const { job_result } = await client.query(`{ job_result(id: "${asked.id}") { status cancel_reason date_started } }`);
    expect(job_result).toEqual({ status: "REVOKED", cancel_reason: reason, date_started: null });
    expect(await codeOf(approver.client, APPROVE, asked.scheduled_job)).toBe("CONFLICT");
    await act(requester.client, "delete_scheduled_job", asked.scheduled_job.id);
  }
});

test("a dry run needs no approval; approvers may dry run a request", async () => {
  const { client, requester, approver, stranger } = await setup();
  const ran = await ask(requester, "Dry", { dryrun: true });
  expect(ran.scheduled_job).toBeNull();
  expect(await finished(client, ran.id)).toMatchObject({ status: "SUCCESS", result: { dryRun: true } });
  const { scheduled_job } = await ask(requester, "Dry");
  const DRY = `mutation ($id: ID!) { dry_run_scheduled_job(id: $id) { id celery_kwargs user { username } } }`;
  for (const one of [requester, stranger]) expect(await codeOf(one.client, DRY, scheduled_job)).toBe("FORBIDDEN");
  const { dry_run_scheduled_job: dry } = await approver.client.query(DRY, scheduled_job);
  expect(dry).toMatchObject({ celery_kwargs: { dryrun: true }, user: { username: "approver" } });
  await client.followLog(dry.id);
  expect((await decisionOf(client, scheduled_job.id)).state).toBe("PENDING");
  expect(await codeOf(approver.client, DRY, (await ask(requester)).scheduled_job)).toBe("BAD_USER_INPUT");
});

test("a job with sensitive variables cannot be asked for, and a key stands for one request", async () => {
  const { requester, client } = await setup();
  expect(await codeOf(requester.client, RUN, { name: "Secret", data: { key: "k" } })).toBe("BAD_USER_INPUT");
  const first = await ask(requester, "Asked", { key: "k" });
  expect(await ask(requester, "Asked", { key: "k" })).toEqual(first);
  expect((await client.query(`{ scheduled_jobs { id } }`)).scheduled_jobs).toHaveLength(1);
});

test("a request that waits keeps nobody from running, and passes the checks again when it is approved", async () => {
  const { client, requester, approver } = await setup();
  const one = await ask(requester, "Single");
  const two = await ask(requester, "Single");
  await client.query(`mutation { update_job(name: "Single", data: { enabled: false }) { id } }`);
  for (const { scheduled_job } of [one, two]) await approver.client.query(APPROVE, scheduled_job);
  for (const asked of [one, two])
    expect(await runsOf(client, asked.scheduled_job.id, 1)).toMatchObject([
      { id: asked.id, status: "FAILURE", error: { type: "JOB_NOT_ENABLED" } },
    ]);
});

test("a schedule is approved once for all its times; those that passed meanwhile are not run", async () => {
  const { client, requester, approver, clock } = await setup();
  const start = new Date(Math.ceil(clock.now() / HOUR) * HOUR + HOUR);
  const times = { job_model: "Asked", start_time: start.toISOString() };
  const hourly = await createSchedule(requester.client, { ...times, interval: "HOURLY" });
  const once = await createSchedule(requester.client, { ...times, name: "Once", interval: "FUTURE" });
  expect([hourly.state, once.state]).toEqual(["PENDING", "PENDING"]);
  clock.advance(start.getTime() - clock.now() + HOUR + 1000);
  await approver.client.query(APPROVE, { id: hourly.id, comment: "" });
  expect(await codeOf(approver.client, APPROVE, { id: once.id })).toBe("INVALID_SCHEDULE");
  for (const n of [1, 2]) {
    clock.advance(HOUR);
    await runsOf(client, hourly.id, n);
  }
  const { job_results } = await client.query(`{ job_results { approvals { user_name } } }`);
  expect(job_results).toEqual([1, 2].map(() => ({ approvals: [{ user_name: "approver" }] })));
});

test("an approver of an outdated request approves nothing", async () => {
  const { requester, approver } = await setup();
  const { id } = (await ask(requester)).scheduled_job;
  const seen = (await readSchedule(approver.client, id)).date_changed;
  await updateSchedule(requester.client, id, { kwargs: { site: "elsewhere" } });
  expect(await codeOf(approver.client, APPROVE, { id, seen })).toBe("CONFLICT");
  expect((await decisionOf(approver.client, id)).state).toBe("PENDING");
});

test("a change of approved content, of any kind and in any way, sends it back", async () => {
  const { client, requester, approver, clock, config } = await setup();
  const database = await databaseOf({ config } as never);
  const start = new Date(Math.ceil(clock.now() / HOUR) * HOUR + HOUR);
  const row = (values: object) => (id: string) =>
    database.rows.updateTable("scheduled_job").set(values).where("id", "=", id).execute();
  const edit = (data: object) => (id: string) => updateSchedule(requester.client, id, data);
  const later = new Date(start.getTime() + 60_000).toISOString();
  const changes: Record<string, (id: string) => Promise<unknown>> = {
    inputs: edit({ kwargs: { site: "b" } }),
    queue: edit({ job_queue: "fast" }),
    time: edit({ start_time: later }),
    "what becomes of missed times": edit({ catch_up: "ALL" }),
    console: edit({ console_log: true }),
    "inputs, past the API": row({ kwargs: `{"site":"b"}` }),
    "options, past the API": row({ celery_kwargs: `{"console_log":true}` }),
    "user, past the API": row({ user_id: approver.id }),
    "end, past the API": row({ expires: later }),
  };
  const made: Record<string, string> = {};
  for (const [name, change] of Object.entries(changes)) {
    const { id } = await createSchedule(requester.client, {
      name,
      job_model: "Asked",
      interval: "FUTURE",
      start_time: start.toISOString(),
    });
    await approver.client.query(APPROVE, { id });
    await change(id);
    made[name] = id;
  }
  clock.advance(start.getTime() - clock.now() + 2 * HOUR);
  for (const [name, id] of Object.entries(made)) {
    await expect
      .poll(async () => [name, await decisionOf(client, id)])
      .toEqual([name, expect.objectContaining({ state: "PENDING", decided_by: null, decision_date: null, next_run_at: null })]);
    expect([name, await runsOf(client, id, 0)]).toEqual([name, []]);
  }
  const [last] = (await readLog(client, `changed_object_id: "${made["inputs, past the API"]}"`)).toReversed();
  expect(last).toMatchObject({ change_context_detail: expect.stringContaining("is not what was approved"), user_name: "" });
});

test("a source that has changed is neither the seen nor the approved one", async () => {
  const { client, requester, approver, clock, config } = await setup();
  const start = new Date(Math.ceil(clock.now() / HOUR) * HOUR + HOUR);
  const times = { job_model: "Asked", interval: "FUTURE", start_time: start.toISOString() };
  const approved = await createSchedule(requester.client, { ...times, name: "Approved" });
  await approver.client.query(APPROVE, { id: approved.id });
  const waiting = await createSchedule(requester.client, { ...times, name: "Waiting" });
  const { source_version } = await decisionOf(client, waiting.id);
  await writeJobs({ "jobs.ts": `${JOBS["jobs.ts"]} // other` }, config.jobsRoot);
  // Nobody knows yet what would be run.
  expect(await codeOf(approver.client, APPROVE, waiting)).toBe("CONFLICT");
  expect((await decisionOf(client, waiting.id)).source_version).toBe(source_version);
  await client.query(`mutation { refresh_jobs { id } }`);
  expect(await codeOf(approver.client, APPROVE, { id: waiting.id })).toBe("CONFLICT");
  const seen = await decisionOf(client, waiting.id);
  expect(seen).toMatchObject({ state: "PENDING", source_version: expect.not.stringContaining(source_version) });
  const [, noted] = await readLog(client, `changed_object_id: "${waiting.id}"`);
  expect(noted).toMatchObject({ differences: { added: { source_version: seen.source_version } }, user_name: "approver" });
  await approver.client.query(APPROVE, { id: waiting.id });
  clock.advance(start.getTime() - clock.now() + 1000);
  await runsOf(client, waiting.id, 1);
  await expect.poll(async () => (await decisionOf(client, approved.id)).state).toBe("PENDING");
  expect(await runsOf(client, approved.id, 0)).toEqual([]);
});

test("a schedule from before its job asked for approvals waits for one when its time comes", async () => {
  const { client, requester, approver, clock } = await setup();
  const start = new Date(Math.ceil(clock.now() / HOUR) * HOUR + HOUR);
  await client.query(`mutation { update_job(name: "Asked", data: { approval_required: false }) { id } }`);
  const { id, state } = await createSchedule(requester.client, {
    job_model: "Asked",
    interval: "HOURLY",
    start_time: start.toISOString(),
  });
  expect(state).toBe("ACTIVE");
  await client.query(`mutation { update_job(name: "Asked", data: { approval_required: true }) { id } }`);
  clock.advance(start.getTime() - clock.now() + 1000);
  await expect.poll(async () => (await decisionOf(client, id)).state).toBe("PENDING");
  expect(await runsOf(client, id, 0)).toEqual([]);
  await approver.client.query(APPROVE, { id });
  clock.advance(HOUR);
  await runsOf(client, id, 1);
});

test("a requester cannot approve the request; a job decides on nothing", async () => {
  const { requester, approver, client } = await setup();
  const { id } = (await ask(requester)).scheduled_job;
  expect(await codeOf(requester.client, APPROVE, { id })).toBe("FORBIDDEN");
  const { run_job } = await client.query(RUN, { name: "Decide", data: { id } });
  expect(await finished(client, run_job.id)).toMatchObject({ result: "FORBIDDEN" });
  await approver.client.query(APPROVE, { id });
});

test("only users with the right may have a job be run without the approval that it asks for", async () => {
  const app = await setup();
  const { client, stranger, approver } = app;
  await grant(app, "approver", ["extras.job"], ["override_approval"]);
  await client.query(`mutation { update_job(name: "Asked", data: { approval_required: true }) { id } }`);
  const LIFT = [
    `mutation { update_job(name: "Asked", data: { approval_required: false }) { id } }`,
    `mutation { update_jobs(name: ["Dry"], data: { approval_required: false }) { applied } }`,
  ];
  for (const document of LIFT) expect(await codeOf(stranger.client, document)).toBe("FORBIDDEN");
  await stranger.client.query(`mutation { update_jobs(name: ["Asked", "Dry"], data: { description: "d" }) { applied } }`);
  const { jobs } = await client.query(`{ jobs(name: ["Asked", "Dry"]) { approval_required } }`);
  expect(jobs).toEqual([{ approval_required: true }, { approval_required: true }]);
  for (const document of LIFT) await approver.client.query(document);
  const ran = await ask(stranger);
  expect(ran.scheduled_job).toBeNull();
  expect(await finished(client, ran.id)).toMatchObject({ status: "SUCCESS" });
});

test("a source that changes between the approval's time and the start of the run is not run", async () => {
  const { client, requester, approver, clock, config } = await setup();
  const database = await databaseOf({ config } as never);
  const asked = await ask(requester);
  await approver.client.query(APPROVE, asked.scheduled_job);
  await runsOf(client, asked.scheduled_job.id, 1);
  const again = { status: "RETRY", date_next_attempt: new Date(clock.now() + HOUR).toISOString(), date_done: null } as const;
  await database.rows.updateTable("job_result").set(again).where("id", "=", asked.id).execute();
  await writeJobs({ "jobs.ts": `${JOBS["jobs.ts"]} // other` }, config.jobsRoot);
  const next = await openTestApp({}, { databaseUrl: config.databaseUrl, jobsRoot: config.jobsRoot }, clock);
  clock.advance(2 * HOUR);
  expect(await runsOf(next.client, asked.scheduled_job.id, 1)).toMatchObject([
    { status: "FAILURE", error: { type: "SourceChanged" } },
  ]);
});

test("of two decisions in the same moment one is refused as late, and the request runs once", async () => {
  const { client, requester, approver } = await setup();
  for (let n = 0; n < 5; n++) {
    const { id } = (await ask(requester)).scheduled_job;
    const DENY = `mutation ($id: ID!) { deny_scheduled_job(id: $id) { state } }`;
    const answers = await Promise.allSettled([
      approver.client.query(APPROVE, { id }),
      client.query(APPROVE, { id }),
      client.query(DENY, { id }),
    ]);
    const refusals = answers.flatMap((answer) => (answer.status === "rejected" ? [String(answer.reason)] : []));
    expect(refusals).toEqual([expect.stringContaining("CONFLICT"), expect.stringContaining("CONFLICT")]);
    const isDenied = answers[2].status === "fulfilled";
    expect(await runsOf(client, id, 1)).toMatchObject([{ status: isDenied ? "REVOKED" : "SUCCESS" }]);
  }
});

/** A job whose inputs are looked at for as long as a test wants: while `hold` is there, once `held` says that it has begun. */
const HELD = {
  "held.ts": `
import { existsSync, writeFileSync } from "node:fs";
const here = (name) => new URL(name, import.meta.url);
const site = z.string().refine(() => {
  if (existsSync(here("hold"))) writeFileSync(here("held"), "");
  while (existsSync(here("hold")));
  return true;
});
export const Held = defineJob({ name: "Held", enabled: true, approvalRequired: true, variables: z.object({ site }), run: () => 1 });
`,
};

test("content that changes while the gate looks at it is not run: the claim compares once more", async () => {
  const app = await openTestApp(HELD);
  const { client, config } = app;
  const { requester, approver } = await people(app);
  const database = await databaseOf(app);
  const { scheduled_job } = await ask(requester, "Held", { data: { site: "a" } });
  const hold = join(config.jobsRoot, "hold");
  await writeFile(hold, "");
  await approver.client.query(APPROVE, scheduled_job);
  await expect.poll(() => existsSync(join(config.jobsRoot, "held"))).toBe(true);
  await database.rows.updateTable("scheduled_job").set({ kwargs: `{"site":"b"}` }).where("id", "=", scheduled_job.id).execute();
  await rm(hold);
  await expect.poll(async () => (await decisionOf(client, scheduled_job.id)).state).toBe("PENDING");
  const { job_results } = await client.query(`{ job_results { status waiting_reason date_started } }`);
  expect(job_results).toEqual([{ status: "PENDING", waiting_reason: "AWAITING_APPROVAL", date_started: null }]);
});

import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../../support/app.ts";
import type { Line } from "../../support/client.ts";
import { answersOf } from "../../support/event-stream.ts";
import { runToEnd } from "../../support/runs.ts";

const JOBS = {
  "jobs.ts": `
export const Mixed = defineJob({ name: "Mixed", enabled: true, consoleLogDefault: true, variables: z.object({ to: z.int().default(30) }), run({ logger, data }) {
  for (let n = 1; n <= data.to; n++) {
    (n % 10 === 0 ? logger.warning : logger.info)("Line " + n, { grouping: n % 2 ? "odd" : "even" });
    console.log("printed " + n);
  }
} });
export const Steps = defineJob({ name: "Steps", enabled: true, async run({ logger, progress, signal }) {
  progress(1, 2, "one");
  logger.info("begun");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  logger.info("told");
} });
export const Fails = defineJob({ name: "Fails", enabled: true, run() { throw new Error("no"); } });
`,
};
const RUN = `mutation ($job: String!, $data: GenericScalar) { run_job(class_path: $job, data: $data) { id } }`;

async function start(app: TestApp, job: string, data = {}): Promise<string> {
  return (await app.client.query(RUN, { job: `jobs.${job}`, data })).run_job.id;
}

/** Events of a subscription over a socket, one at a time. */
function iterate(app: TestApp, query: string, variables: Record<string, unknown> = {}) {
  const events = app.client.ws.iterate<any>({ query, variables });
  return {
    async next() {
      const { done, value } = await events.next();
      if (done) return undefined;
      if (value.errors) throw new Error(JSON.stringify(value.errors));
      return value.data;
    },
    end: () => events.return!(),
  };
}

test("a log is followed by level, grouping and text, past the lines that are left out", async () => {
  const app = await openTestApp(JOBS);
  const FOLLOW = `subscription ($id: ID!, $after: Int, $level: [String], $grouping: [String], $q: String) {
    job_log_entries(job_result_id: $id, after_sequence: $after, log_level: $level, grouping: $grouping, q: $q) { sequence }
  }`;
  const id = await start(app, "Mixed", { to: 1200 });
  const follow = async (variables: object) => {
    const answers = await answersOf(app.url, "test-key-0123456789abcdef", { query: FOLLOW, variables: { id, ...variables } });
    return answers.flatMap(({ data }) => data.job_log_entries.map(({ sequence }: Line) => sequence));
  };
  const all = Array.from({ length: 1200 }, (_, n) => n + 1);
  const asked = [
    [{}, () => true],
    [{ level: "warning" }, (n: number) => n % 10 === 0],
    [{ level: ["WARNING", "ERROR"], after: 600 }, (n: number) => n % 10 === 0 && n > 600],
    [{ level: "ERROR" }, () => false],
    [{ grouping: ["odd"] }, (n: number) => n % 2 === 1],
    [{ q: "line 7" }, (n: number) => String(n).startsWith("7")],
    [{ level: "INFO", grouping: "even", q: "5" }, (n: number) => n % 2 === 0 && n % 10 > 0 && String(n).includes("5")],
  ] as const;
  // While the run goes on, and after its end.
  for (const _ of ["live", "ended"]) {
    const found = await Promise.all(asked.map(([variables]) => follow(variables)));
    for (const [index, [, isWanted]] of asked.entries()) expect(found[index]).toEqual(all.filter(isWanted));
  }
  const wrong = await answersOf(app.url, "test-key-0123456789abcdef", { query: FOLLOW, variables: { id, level: "LOUD" } });
  expect(wrong[0].errors[0].extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field: "log_level" }] });
  const negative = await answersOf(app.url, "test-key-0123456789abcdef", { query: FOLLOW, variables: { id, after: -1 } });
  expect(negative[0].errors[0].extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field: "after_sequence" }] });
});

test("printed texts of a run are followed from a cursor, then the stream completes", async () => {
  const app = await openTestApp(JOBS);
  const id = await start(app, "Mixed", { to: 300 });
  const FOLLOW = `subscription ($id: ID!, $after: Int) { job_console_entries(job_result_id: $id, after_sequence: $after) { sequence text } }`;
  const follow = async (after: number) => {
    const answers = await answersOf(app.url, "test-key-0123456789abcdef", { query: FOLLOW, variables: { id, after } });
    return answers.flatMap(({ data }) => data.job_console_entries) as { sequence: number; text: string }[];
  };
  const live = await follow(0);
  expect(live.map(({ text }) => text).join("")).toBe(Array.from({ length: 300 }, (_, n) => `printed ${n + 1}\n`).join(""));
  expect(live.map(({ sequence }) => sequence)).toEqual(live.map((_, n) => n + 1));
  expect(await follow(live.length - 1)).toEqual(live.slice(-1));
});

test("one run: its present state, each change, and nothing after the final one", async () => {
  const app = await openTestApp(JOBS);
  const id = await start(app, "Steps");
  const STATE = `subscription ($id: ID!) { job_result(id: $id) { status info_log_count progress { done total message } canceled_by { username } job_log_entries { message } } }`;
  const first = iterate(app, STATE, { id });
  const states: any[] = [];
  const waitFor = async (isIt: (state: any) => boolean) => {
    for (;;) {
      const event = await first.next();
      if (!event) throw new Error(`ended without it: ${JSON.stringify(states)}`);
      states.push(event.job_result);
      if (isIt(event.job_result)) return;
    }
  };
  await waitFor((state) => state.info_log_count === 1 && state.progress !== null);
  expect(states.at(-1)).toMatchObject({
    status: "STARTED",
    progress: { done: 1, total: 2, message: "one" },
    // Objects of the run are read again for each event.
    job_log_entries: [{ message: "begun" }],
  });
  await app.client.query(`mutation ($id: ID!) { cancel_job_result(id: $id) { status } }`, { id });
  await waitFor((state) => state.status === "REVOKED");
  expect(await first.next()).toBeUndefined();
  expect(states.at(-1)).toMatchObject({ info_log_count: 2, canceled_by: { username: "admin" } });
  const order = states.map(({ status }) => ["PENDING", "STARTED", "REVOKED"].indexOf(status));
  expect(order).toEqual(order.toSorted());
  const late = iterate(app, STATE, { id });
  expect(await late.next()).toEqual({ job_result: states.at(-1) });
  expect(await late.next()).toBeUndefined();
  for (const missing of ["01a20d41-bf32-73c7-86b0-37568f855895", "no-uuid"])
    await expect(iterate(app, STATE, { id: missing }).next()).rejects.toThrow("NOT_FOUND");
});

test("a log is complete only when the final state can be read", async () => {
  const app = await openTestApp(JOBS);
  for (const job of ["Mixed", "Fails"]) {
    const id = await start(app, job);
    await app.client.followLog(id);
    const { job_result } = await app.client.query(`query ($id: ID!) { job_result(id: $id) { status date_done } }`, { id });
    expect(job_result).toEqual({ status: job === "Fails" ? "FAILURE" : "SUCCESS", date_done: expect.any(String) });
  }
});

test("the feed of runs tells of each that is made or changes, by filter", async () => {
  const app = await openTestApp(JOBS);
  const all = iterate(app, `subscription { job_results { id name status info_log_count } }`);
  const failed = iterate(app, `subscription { job_results(status: ["FAILURE"], name: "Fails") { id status } }`);
  const seen: any[] = [];
  const reading = (async () => {
    for (let event = await all.next(); event; event = await all.next()) seen.push(...event.job_results);
  })();
  let failure: any;
  const hearing = failed.next().then((event) => (failure = event.job_results[0]));
  // A subscription tells changes from its begin on: the first run may be a moment too early, so another follows.
  await expect
    .poll(async () => [await runToEnd(app.client, "jobs.Fails"), seen.length > 0, failure?.status].slice(1))
    .toEqual([true, "FAILURE"]);
  await hearing;
  const { id } = await runToEnd(app.client, "jobs.Mixed");
  await expect.poll(() => seen.at(-1)).toEqual({ id, name: "Mixed", status: "SUCCESS", info_log_count: 27 });
  await all.end();
  await reading;
  await failed.end();
});

test("the feed of runs goes on where it was cut: first the runs that have changed since", async () => {
  const app = await openTestApp(JOBS);
  await runToEnd(app.client, "jobs.Fails");
  const since = new Date(Date.now() + 1);
  await expect.poll(() => Date.now()).toBeGreaterThan(since.getTime());
  const ended = await runToEnd(app.client, "jobs.Mixed");
  const running = await start(app, "Steps");
  const feed = iterate(app, `subscription ($since: DateTime) { job_results(since: $since) { id } }`, { since });
  const first = new Set<string>();
  while (first.size < 2) for (const { id } of (await feed.next()).job_results) first.add(id);
  expect(first).toEqual(new Set([ended.id, running]));
  await app.client.query(`mutation ($id: ID!) { cancel_job_result(id: $id) { id } }`, { id: running });
  expect((await feed.next()).job_results).toEqual([{ id: running }]);
  await feed.end();
});

test("a follower of a schedule hears of its changes and its runs, also one that comes back later", async () => {
  const app = await openTestApp(JOBS);
  const FOLLOW = `subscription { scheduled_jobs(since: "2000-01-01T00:00:00Z") { name description total_run_count } }`;
  const { create_scheduled_job: made } = await app.client.query(
    `mutation { create_scheduled_job(data: { name: "Yearly", job_model: "Mixed", interval: CUSTOM, crontab: "0 0 1 1 *" }) { id } }`,
  );
  const feed = iterate(app, FOLLOW);
  expect(await feed.next()).toEqual({ scheduled_jobs: [{ name: "Yearly", description: "", total_run_count: 0 }] });
  await app.client.query(
    `mutation { update_scheduled_job(id: "${made.id}", data: { description: "Soon", interval: IMMEDIATELY }) { id } }`,
  );
  const told = { name: "Yearly", description: "Soon" };
  let event: any;
  do {
    event = await feed.next();
    expect(event.scheduled_jobs).toMatchObject([told]);
  } while (event.scheduled_jobs[0].total_run_count === 0);
  await feed.end();
  const again = iterate(app, FOLLOW);
  expect(await again.next()).toEqual({ scheduled_jobs: [{ ...told, total_run_count: 1 }] });
  await again.end();
});

test("feeds of jobs, of schedules and of the change log", async () => {
  const app = await openTestApp(JOBS);
  const jobs = iterate(app, `subscription { jobs(name: "Mixed") { name grouping overrides } }`);
  const changes = iterate(
    app,
    `subscription { object_changes(changed_object_type: "extras.job") { action object_repr user_name differences } }`,
  );
  const schedules = iterate(app, `subscription { scheduled_jobs(since: "2000-01-01T00:00:00Z") { name } }`);
  const waiting = [jobs.next(), changes.next()];
  const change = (grouping: string) =>
    app.client.query(
      `mutation ($grouping: String!) { update_job(class_path: "jobs.Mixed", data: { grouping: $grouping }) { id } }`,
      { grouping },
    );
  // A subscription tells changes from its begin on: the first change may be a moment too early.
  let told = 0;
  for (const one of waiting) void one.then(() => told++);
  let n = 0;
  await expect.poll(async () => change(`Group ${++n}`).then(() => told)).toBe(waiting.length);
  const [job, entry] = await Promise.all(waiting);
  expect(job.jobs).toEqual([{ name: "Mixed", grouping: expect.stringMatching(/^Group \d+$/), overrides: ["grouping"] }]);
  expect(entry.object_changes[0]).toMatchObject({ action: "UPDATE", object_repr: "Mixed", user_name: "admin" });
  await app.client.query(`mutation { update_job(class_path: "jobs.Fails", data: { grouping: "other" }) { id } }`);
  await change("last");
  let last: any;
  do last = (await jobs.next()).jobs.at(-1);
  while (last.grouping !== "last");
  for (const feed of [jobs, changes, schedules]) await feed.end();
});

test("a bad filter of a feed is refused by name", async () => {
  const app = await openTestApp(JOBS);
  const feed = iterate(app, `subscription { job_results(status: "ASLEEP") { id } }`);
  await expect(feed.next()).rejects.toThrow(/BAD_USER_INPUT.*status/);
});

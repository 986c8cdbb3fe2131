import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { createGroup, defineWorkflow } from "../../support/approvals/approval-stages.ts";
import type { TestClient } from "../../support/client.ts";
import { createTestClock } from "../../support/clock.ts";
import { type Person, people } from "../../support/people.ts";
import { createSchedule, readSchedule } from "../../support/schedules.ts";

/*
 * The author of a changed request becomes its requester, or may not change it. No approval covers the words of another user, or any other content than the
 * approved one.
 */

const JOBS = {
  "jobs.ts": `
const job = (name) => defineJob({ name, enabled: true, isolation: "shared", approvalRequired: true, taskQueues: ["default", "fast"],
  variables: z.object({ site: z.string().default("a") }), run: ({ data }) => data });
export const Asked = job("Asked");
export const Other = job("Other");
`,
};
const APPROVE = `mutation ($id: ID!) { approve_scheduled_job(id: $id) { state user { username } } }`;
const START = "2036-01-01T00:00:00Z";

/** Changes of a request, one for each field that a client may give. */
const OF_THE_REQUEST: Readonly<Record<string, string>> = {
  job_model: `"Other"`,
  kwargs: `{ site: "b" }`,
  dryrun: "false",
  console_log: "true",
  ignore_singleton_lock: "true",
  job_queue: `"fast"`,
  interval: "HOURLY",
  crontab: `"5 4 * * *", interval: CUSTOM`,
  start_time: `"2036-02-01T00:00:00Z"`,
  time_zone: `"Europe/Berlin", start_time: "2036-02-01T00:00:00Z"`,
  one_off: "false",
  expires: `"2037-01-01T00:00:00Z"`,
  catch_up: "ALL",
  // Unique, and so made where it is used.
  name: "",
  description: `"Nothing to see here"`,
  enabled: "false",
};
/** Fields that do not touch the job, the inputs, the times or the user: an approval goes on after them. */
const WORDS: ReadonlySet<string> = new Set(["name", "description", "enabled"]);

/** Changes of the job that affect a request without values of its own, and mutations that take each back. */
const OF_THE_JOB: Readonly<Record<string, { change: string; back: string }>> = {
  "its default queue": {
    change: `update_job(name: "Asked", data: { default_job_queue: "fast" }) { id }`,
    back: `update_job(name: "Asked", data: { default_job_queue: "default" }) { id }`,
  },
  "its time limit": {
    change: `update_job(name: "Asked", data: { time_limit: 7 }) { id }`,
    back: `update_job(name: "Asked", data: { time_limit: 0 }) { id }`,
  },
  "its soft limit, in bulk": {
    change: `update_jobs(name: ["Asked"], data: { soft_time_limit: 7 }) { applied }`,
    back: `revert_job_overrides(name: "Asked", fields: [soft_time_limit]) { id }`,
  },
  "an override, reverted": {
    change: `revert_job_overrides(name: "Asked", fields: [time_limit]) { id }`,
    back: `update_job(name: "Asked", data: { time_limit: 9 }) { id }`,
  },
};

type Mode = "in stages" | "simply";
const MODES: readonly Mode[] = ["simply", "in stages"];

async function setup(mode: Mode) {
  const app = await openTestApp(JOBS, {}, createTestClock());
  const everybody = await people(app);
  if (mode === "in stages") {
    await createGroup(app.client, "Peers", ["approver", "requester"]);
    await defineWorkflow(app.client, [{ name: "Peers", group: "Peers" }]);
  }
  let n = 0;
  const make = async (isApproved = false) => {
    const wishes = { name: `Request ${n++}`, job_model: "Asked", interval: "DAILY", start_time: START };
    const { id } = await createSchedule(everybody.requester.client, wishes);
    if (isApproved) await everybody.approver.client.query(APPROVE, { id });
    return id as string;
  };
  return { ...app, ...everybody, make };
}

async function codeOf(client: TestClient, document: string, variables: object = {}) {
  return (await client.refused(document, variables)).extensions.code;
}
const update = (id: string, field: string) =>
  `mutation { update_scheduled_job(id: "${id}", data: { ${field}: ${field === "name" ? `"Harmless ${id}"` : OF_THE_REQUEST[field]} }) { state user { username } } }`;

test("the table has every field of a request", async () => {
  const { client } = await setup("simply");
  const { __type } = await client.query(`{ __type(name: "UpdateScheduledJobInput") { inputFields { name } } }`);
  expect(new Set(Object.keys(OF_THE_REQUEST))).toEqual(new Set(__type.inputFields.map((field: any) => field.name)));
});

test.each(MODES)("%s: only its requester changes a request that is not approved, and may not approve it", async (mode) => {
  const { requester, approver, stranger, client, make } = await setup(mode);
  const decide: Record<string, (id: string) => Promise<unknown>> = {
    PENDING: async () => undefined,
    DENIED: (id) => approver.client.query(`mutation { deny_scheduled_job(id: "${id}") { id } }`),
    CANCELED: (id) => requester.client.query(`mutation { cancel_scheduled_job(id: "${id}") { id } }`),
  };
  for (const [state, decideOn] of Object.entries(decide)) {
    const id = await make();
    await decideOn(id);
    const before = await readSchedule(client, id);
    expect(before.state).toBe(state);
    for (const other of [approver.client, stranger.client, client]) {
      for (const field of Object.keys(OF_THE_REQUEST))
        expect.soft(await codeOf(other, update(id, field)), `${state} ${field}`).toBe("FORBIDDEN");
      for (const way of ["pause", "resume"])
        expect.soft(await codeOf(other, `mutation { ${way}_scheduled_job(id: "${id}") { id } }`)).toBe("FORBIDDEN");
      const rows = `[{ id: "${id}", description: "x" }]`;
      await codeOf(other, `mutation { import_objects(content_type: "extras.scheduledjob", rows: ${rows}) { applied } }`);
    }
    expect(await readSchedule(client, id)).toEqual(before);
  }
  for (const field of Object.keys(OF_THE_REQUEST)) {
    const id = await make();
    const { update_scheduled_job } = await requester.client.query(update(id, field));
    expect.soft(update_scheduled_job, field).toEqual({ state: "PENDING", user: { username: "requester" } });
    expect.soft(await codeOf(requester.client, APPROVE, { id }), field).toBe("FORBIDDEN");
    expect.soft((await approver.client.query(APPROVE, { id })).approve_scheduled_job.state, field).toBe("ACTIVE");
  }
});

test.each(MODES)("%s: the author of a change to approved content requests it again, and may not approve it", async (mode) => {
  const { requester, approver, stranger, make } = await setup(mode);
  const changers: readonly { username: string; person: Person; other: Person }[] = [
    { username: "approver", person: approver, other: requester },
    { username: "stranger", person: stranger, other: approver },
    { username: "requester", person: requester, other: approver },
  ];
  for (const { username, person, other } of changers) {
    for (const field of Object.keys(OF_THE_REQUEST)) {
      const id = await make(true);
      const { update_scheduled_job } = await person.client.query(update(id, field));
      if (WORDS.has(field)) {
        expect.soft(update_scheduled_job, field).toEqual({ state: "ACTIVE", user: { username: "requester" } });
        continue;
      }
      expect.soft(update_scheduled_job, field).toEqual({ state: "PENDING", user: { username } });
      expect.soft(await codeOf(person.client, APPROVE, { id }), field).toBe("FORBIDDEN");
      expect.soft((await other.client.query(APPROVE, { id })).approve_scheduled_job.state, field).toBe("ACTIVE");
    }
  }
});

test.each(MODES)("%s: unseen values that a request leaves to its job are not approved with it", async (mode) => {
  const { approver, client, make } = await setup(mode);
  for (const [what, { change, back }] of Object.entries(OF_THE_JOB)) {
    await client.query(`mutation { ${back} }`);
    const id = await make();
    await client.query(`mutation { ${change} }`);
    expect.soft(await codeOf(approver.client, APPROVE, { id }), what).toBe("CONFLICT");
    expect.soft(await readSchedule(client, id), what).toMatchObject({ state: "PENDING", user: { username: "requester" } });
    expect.soft((await approver.client.query(APPROVE, { id })).approve_scheduled_job.state, what).toBe("ACTIVE");
  }
});

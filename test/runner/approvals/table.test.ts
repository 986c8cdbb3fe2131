import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { createGroup, defineWorkflow } from "../../support/approvals/approval-stages.ts";
import { post } from "../../support/client.ts";
import { createTestClock } from "../../support/clock.ts";
import { sized } from "../../support/full.ts";
import { createPerson, type Person, people } from "../../support/people.ts";
import { databaseOf } from "../../support/rows.ts";
import { createSchedule } from "../../support/schedules.ts";

const jobs = (approvalRequired: boolean) => ({
  "jobs.ts": `
const more = { enabled: true, isolation: "shared", approvalRequired: ${approvalRequired} };
export const Asked = defineJob({ ...more, name: "Asked", variables: z.object({ site: z.string().default("a") }), run: () => 1 });
export const Press = defineJobButtonReceiver({ ...more, name: "Press", receive() {} });
export const Hook = defineJobHookReceiver({ ...more, name: "Hook", receive() {} });
`,
});
const HOUR = 3_600_000;
/** Cases that are tried at once, each about a schedule of its own; on SQLite, which has one writer, one after the other. */
const SIDE_BY_SIDE = 8;

/** Arguments of a way: a schedule of the job, a run of it that was approved and has ended, a button, and a number of its own. */
interface Case {
  id: string;
  ended: string;
  button: string;
  n: number;
  /** The time of the schedule. */
  start: string;
}
type Name = "approver" | "requester" | "stranger";
type State = "APPROVED" | "CANCELED" | "CHANGED" | "DENIED" | "HALF APPROVED" | "PENDING" | "TAMPERED";
/**
 * Mode of the approval: simply, by one of the staff, since the job asks for it, or in stages, by two groups one after the other, since a workflow is defined.
 */
type Mode = "in stages" | "simply";

const by = (mutation: string) => `mutation ($id: ID!) { ${mutation}(id: $id) { id } }`;
const update = (data: string) => `mutation ($id: ID!) { update_scheduled_job(id: $id, data: ${data}) { id } }`;

/** Ways to start or enable a run, and whether an approved request stays approved after them. */
const WAYS: Record<string, { document: string; keeps: boolean; variables?: (one: Case) => object }> = {
  approve: { document: by("approve_scheduled_job"), keeps: true },
  deny: { document: by("deny_scheduled_job"), keeps: true },
  cancel: { document: by("cancel_scheduled_job"), keeps: true },
  "run now": { document: by("run_scheduled_job_now"), keeps: true },
  "dry run": { document: by("dry_run_scheduled_job"), keeps: true },
  resume: { document: by("resume_scheduled_job"), keeps: true },
  "pause and resume": {
    document: `mutation ($id: ID!) { pause_scheduled_job(id: $id) { id } resume_scheduled_job(id: $id) { id } }`,
    keeps: true,
  },
  "other words": { document: update(`{ description: "urgent" }`), keeps: true },
  "other inputs": { document: update(`{ kwargs: { site: "b" } }`), keeps: false },
  "the same inputs": { document: update(`{ kwargs: { site: "a" } }`), keeps: false },
  "other time": {
    document: `mutation ($id: ID!, $start: DateTime) { update_scheduled_job(id: $id, data: { start_time: $start, enabled: true }) { id } }`,
    variables: ({ id, start }) => ({ id, start: new Date(Date.parse(start) + 60_000).toISOString() }),
    keeps: false,
  },
  "a run": { document: `mutation { run_job(name: "Asked") { id } }`, keeps: true },
  "a run of the schedule's id": { document: `mutation ($id: ID!) { run_job(id: $id) { id } }`, keeps: true },
  "run again": {
    document: `mutation ($ended: ID!) { rerun_job_result(id: $ended) { id } }`,
    keeps: true,
  },
  "run again with other inputs": {
    document: `mutation ($ended: ID!) { rerun_job_result(id: $ended, data: { site: "c" }) { id } }`,
    keeps: true,
  },
  "another schedule": {
    document: `mutation ($name: String!, $start: DateTime!) { create_scheduled_job(data: {
      name: $name, job_model: "Asked", interval: HOURLY, start_time: $start, enabled: true }) { id } }`,
    variables: ({ n, start }) => ({ name: `another ${n}`, start }),
    keeps: true,
  },
  "a schedule of the form": {
    document: `mutation ($name: String!) { schedule_job(name: "Asked", schedule: { name: $name, interval: IMMEDIATELY }) { id } }`,
    variables: ({ n }) => ({ name: `form ${n}` }),
    keeps: true,
  },
  button: {
    document: `mutation ($button: ID!) { press_job_button(id: $button, object_type: "dcim.device", object_id: "01a20d41-bf32-73c7-86b0-37568f855895", object: {}) { id } }`,
    keeps: true,
  },
  hook: {
    document: `mutation ($name: String!) { create_tag(data: { name: $name, content_types: ["extras.job"] }) { id } }`,
    variables: ({ n }) => ({ name: `tag ${n}` }),
    keeps: true,
  },
  import: {
    document: `mutation ($id: ID!) { import_objects(content_type: "extras.scheduledjob", rows: [{ id: $id, state: "ACTIVE" }]) { applied } }`,
    keeps: true,
  },
  "a definition of their own": {
    document: `mutation ($name: String!) { create_approval_workflow_definition(data: {
      name: $name, weight: 99, model_content_type: "extras.scheduledjob" }) { id } }`,
    variables: ({ n }) => ({ name: `own ${n}` }),
    keeps: true,
  },
  "a group of their own": {
    document: `mutation ($name: String!) { create_group(data: { name: $name, users: ["requester", "approver", "stranger"] }) { id } }`,
    variables: ({ n }) => ({ name: `own ${n}` }),
    keeps: true,
  },
  "bulk update": {
    document: `mutation { update_jobs(name: ["Asked"], data: { enabled: true }) { applied } }`,
    keeps: true,
  },
};

/** Codes with which the server may refuse a way. A misspelled way has none of them. */
const REFUSED = /^(FORBIDDEN|CONFLICT|NOT_FOUND|BAD_USER_INPUT|INVALID_SCHEDULE)$/;

const STATES: readonly [Mode, State][] = [
  ["simply", "PENDING"],
  ["simply", "APPROVED"],
  ["simply", "CHANGED"],
  ["simply", "TAMPERED"],
  ["simply", "DENIED"],
  ["simply", "CANCELED"],
  ["in stages", "HALF APPROVED"],
  ["in stages", "APPROVED"],
];
const NAMES: readonly Name[] = ["requester", "approver", "stranger"];

/** Returns the people who try a way in a state: everybody, or in `npm test` one of them, so that each pair of way, state and person is there. */
const namesOf = (way: number, state: number) => sized<readonly Name[]>([NAMES[(way + state) % NAMES.length]!], NAMES);

/** True if the schedule's run starts when its time comes. */
function starts(mode: Mode, state: State, way: string, name: Name): boolean {
  // The author of a changed request is its requester, so the approver of the case may then approve the requester's.
  if (mode === "simply" && way === "approve" && name === "approver")
    return state === "PENDING" || state === "CHANGED" || state === "APPROVED";
  return state === "APPROVED" && WAYS[way]!.keeps;
}

test.for(STATES.map(([mode, state], n) => ({ mode, state, n })))(
  "$mode: a request that is $state runs only if it is approved and unchanged, for any user and any way",
  async ({ mode, state, n: stateNumber }) => {
    const clock = createTestClock();
    const app = await openTestApp(jobs(mode === "simply"), {}, clock);
    const { client } = app;
    const everybody: Record<Name, Person> = await people(app);
    const { requester, approver } = everybody;
    const database = await databaseOf(app);
    const start = new Date(Math.ceil(clock.now() / HOUR) * HOUR + HOUR).toISOString();
    const { create_job_button } = await client.query(`mutation { create_job_button(data: {
    name: "B", text: "B", job: "Press", content_types: ["dcim.device"] }) { id } }`);
    await client.query(`mutation { create_job_hook(data: {
    name: "H", job: "Hook", content_types: ["extras.tag"], type_create: true }) { id } }`);
    const second = await createPerson(app, { username: "second" });
    if (mode === "in stages") {
      await createGroup(client, "First", ["approver", "second"]);
      await createGroup(client, "Second", ["second"]);
      const [one, two] = ["First", "Second"].map((name) => ({ name, group: name }));
      await defineWorkflow(client, [one!, two!]);
    }
    /** All approvals that it takes; of two stages the first one's, for half of them. */
    const approve = async (id: string, isHalf = false) => {
      await approver.client.query(by("approve_scheduled_job"), { id });
      if (mode === "in stages" && !isHalf) await second.client.query(by("approve_scheduled_job"), { id });
    };
    const { run_job } = await requester.client.query(`mutation { run_job(name: "Asked") { id scheduled_job { id } } }`);
    await approve(run_job.scheduled_job.id);
    await client.followLog(run_job.id);

    async function make(n: number): Promise<Case> {
      const times = { name: `${n}`, job_model: "Asked", interval: "FUTURE", start_time: start, kwargs: { site: "a" } };
      const { id } = await createSchedule(requester.client, times);
      if (state === "HALF APPROVED") await approve(id, true);
      if (state === "APPROVED" || state === "CHANGED" || state === "TAMPERED") await approve(id);
      if (state === "CHANGED") await requester.client.query(update(`{ kwargs: { site: "z" } }`), { id });
      if (state === "TAMPERED")
        await database.rows.updateTable("scheduled_job").set({ kwargs: `{"site":"z"}` }).where("id", "=", id).execute();
      if (state === "DENIED") await approver.client.query(by("deny_scheduled_job"), { id });
      if (state === "CANCELED") await requester.client.query(by("cancel_scheduled_job"), { id });
      return { id, ended: run_job.id, button: create_job_button.id, n, start };
    }

    const cases = Object.keys(WAYS).flatMap((way, n) => namesOf(n, stateNumber).map((name) => ({ way, name })));
    const expected = cases.flatMap(({ way, name }) => (starts(mode, state, way, name) ? [`${name}: ${way}`] : []));
    const made = new Map<string, string>();
    const attempt = async ({ way, name }: (typeof cases)[number], n: number) => {
      const { document, variables = (given: Case) => given } = WAYS[way]!;
      const one = await make(n);
      // Other tests tell a refusal from a wait: this one counts the runs that start in the end.
      const { body } = await post(app.url, everybody[name].key, { query: document, variables: variables(one) });
      expect([way, body.errors?.[0].extensions.code ?? "FORBIDDEN"]).toEqual([way, expect.stringMatching(REFUSED)]);
      made.set(one.id, `${name}: ${way}`);
    };
    const waiting = [...cases.entries()];
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await attempt(next[1], next[0]);
    };
    const isAlone = app.config.databaseUrl.startsWith("sqlite:");
    await Promise.all(Array.from({ length: isAlone ? 1 : SIDE_BY_SIDE }, work));
    clock.advance(Date.parse(start) - clock.now() + 2 * HOUR);
    const readStarted = async () => {
      const rows = await database.rows.selectFrom("job_result").where("date_started", "is not", null).selectAll().execute();
      const others = rows.filter(({ id }) => id !== run_job.id);
      return others.map((row) => made.get(row["scheduled_job_id"] as string) ?? `unknown: ${JSON.stringify(row)}`).toSorted();
    };
    const readDue = () =>
      database.rows
        .selectFrom("scheduled_job")
        .where("state", "=", "ACTIVE")
        .where("next_run_at", "<=", new Date(clock.now()).toISOString())
        .select("id")
        .execute();
    await expect.poll(readDue).toEqual([]);
    await expect.poll(readStarted).toEqual(expected.toSorted());
  },
);

import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { createGroup, defineWorkflow } from "../../support/approvals/approval-stages.ts";
import { readLog } from "../../support/changes.ts";
import type { TestClient } from "../../support/client.ts";
import { createTestClock } from "../../support/clock.ts";
import { finished } from "../../support/control.ts";
import { createPerson, type Person } from "../../support/people.ts";
import { databaseOf } from "../../support/rows.ts";
import { act, createSchedule, readSchedule, runsOf, updateSchedule } from "../../support/schedules.ts";

const JOBS = {
  "jobs.ts": `
const job = (name, more = {}) => defineJob({ name, enabled: true, isolation: "shared",
  variables: z.object({ site: z.string().default("a") }), run: ({ data, dryRun }) => ({ ...data, dryRun }), ...more });
export const Push = job("Push", { taskQueues: ["default", "fast"] });
export const Free = job("Free");
export const Dry = job("Dry", { supportsDryrun: true });
export const Secret = job("Secret", { variables: z.object({ key: z.string() }), hasSensitiveVariables: true });
export const Press = defineJobButtonReceiver({ name: "Press", enabled: true, receive() {} });
export const Hook = defineJobHookReceiver({ name: "Hook", enabled: true, receive() {} });
export const Decide = defineJob({ name: "Decide", enabled: true, isolation: "shared", supportsDryrun: true, variables: z.object({ id: z.string() }),
  run: ({ graphql, data }) => graphql("mutation ($id: ID!) { approve_scheduled_job(id: $id) { id } }", data).catch(({ errors }) => errors[0].extensions.code) });
`,
};
const HOUR = 3_600_000;
const RUN = `mutation ($name: String!, $data: GenericScalar, $dryrun: Boolean) {
  run_job(name: $name, data: $data, dryrun: $dryrun) { id status waiting_reason scheduled_job { id } } }`;
const APPROVE = `mutation ($id: ID!, $comment: String, $stage: ID, $seen: DateTime) {
  approve_scheduled_job(id: $id, comment: $comment, stage: $stage, if_unmodified_since: $seen) { id state } }`;
const DENY = `mutation ($id: ID!, $comment: String) { deny_scheduled_job(id: $id, comment: $comment) { id state } }`;
const COMMENT = `mutation ($id: ID!, $comment: String!) { comment_on_scheduled_job(id: $id, comment: $comment) { id } }`;
const WORKFLOWS = `query ($id: ID!) { scheduled_job(id: $id) { state associated_approval_workflows(sort: ["id"]) {
  current_state user_name decision_date approval_workflow_definition { name }
  approval_workflow_stages { id state is_active_stage remaining_approvals decision_date
    approval_workflow_stage_definition { name sequence min_approvers denial_message approver_group { name } }
    approval_workflow_stage_responses { state comments user_name user { username } } } } } }`;

async function setup() {
  const clock = createTestClock();
  const app = await openTestApp(JOBS, {}, clock);
  const names = ["requester", "ann", "bob", "cleo", "dora", "stranger"] as const;
  const persons = {} as Record<(typeof names)[number], Person>;
  for (const username of names) persons[username] = await createPerson(app, { username });
  const staff = await createPerson(app, { username: "staff", is_staff: true });
  await createGroup(app.client, "Peers", ["ann", "bob", "cleo", "requester"]);
  await createGroup(app.client, "Leads", ["cleo", "dora"]);
  return { ...app, clock, ...persons, staff };
}

/** Defines two stages: two of the peers, and then a lead. */
async function defineTwoStages(client: TestClient, more: object = {}): Promise<string> {
  const stages = [
    { name: "Peer review", group: "Peers", minApprovers: 2 },
    { name: "Sign-off", group: "Leads", denialMessage: "Talk to the leads first" },
  ];
  return defineWorkflow(client, stages, { model_constraints: { job_model__name__in: ["Push", "Dry"] }, ...more });
}

async function ask({ client }: Person, name = "Push", more: object = {}) {
  const { run_job } = await client.query(RUN, { name, ...more });
  return run_job as { id: string; status: string; waiting_reason: string; scheduled_job: { id: string } };
}

const workflowsOf = async (client: TestClient, id: string) => (await client.query(WORKFLOWS, { id })).scheduled_job;

/** Returns the states of a schedule and its workflows, and those of their stages. */
async function statesOf(client: TestClient, id: string) {
  const { state, associated_approval_workflows } = await workflowsOf(client, id);
  const workflows = associated_approval_workflows as { current_state: string; approval_workflow_stages: { state: string }[] }[];
  return [
    state,
    ...workflows.map((one) => [one.current_state, ...one.approval_workflow_stages.map((stage) => stage.state)].join()),
  ];
}

async function codeOf({ client }: Pick<Person, "client">, document: string, variables: object = {}) {
  return (await client.refused(document, variables)).extensions.code;
}

/** Names of those who are told that something waits for their approval: of schedules, and of stages. Everything else is what they need not decide on. */
async function waitingFor(...everybody: Person[]) {
  const asked = ["scheduled_jobs", "approval_workflow_stages"].map(
    (list) =>
      `${list}_all: ${list} { id } ${list}_yes: ${list}(pending_my_approvals: true) { id } ${list}_no: ${list}(pending_my_approvals: false) { id }`,
  );
  return Promise.all(
    everybody.map(async ({ client }) => {
      const found = await client.query(`{ ${asked.join(" ")} }`);
      const ids = (name: string): string[] => found[name].map(({ id }: { id: string }) => id);
      return ["scheduled_jobs", "approval_workflow_stages"].map((list) => {
        const waits = ids(`${list}_yes`);
        expect([...waits, ...ids(`${list}_no`)].toSorted()).toEqual(ids(`${list}_all`).toSorted());
        return waits.length;
      });
    }),
  );
}

test("a request with a workflow is approved stage by stage, and its run names the approvers", async () => {
  const { client, requester, ann, bob, cleo, dora, stranger, staff } = await setup();
  await defineTwoStages(client);
  const asked = await ask(requester, "Push", { data: { site: "paris" } });
  expect(asked).toMatchObject({ status: "PENDING", waiting_reason: "AWAITING_APPROVAL" });
  const { id } = asked.scheduled_job;
  const begun = await workflowsOf(ann.client, id);
  const response = { approval_workflow_stage_responses: [], decision_date: null, state: "PENDING" };
  expect(begun).toEqual({
    state: "PENDING",
    associated_approval_workflows: [
      {
        current_state: "PENDING",
        user_name: "requester",
        decision_date: null,
        approval_workflow_definition: { name: "Reviewed" },
        approval_workflow_stages: [
          {
            ...response,
            id: expect.any(String),
            is_active_stage: true,
            remaining_approvals: 2,
            approval_workflow_stage_definition: {
              name: "Peer review",
              sequence: 10,
              min_approvers: 2,
              denial_message: "",
              approver_group: { name: "Peers" },
            },
          },
          {
            ...response,
            id: expect.any(String),
            is_active_stage: false,
            remaining_approvals: 1,
            approval_workflow_stage_definition: expect.objectContaining({ name: "Sign-off", approver_group: { name: "Leads" } }),
          },
        ],
      },
    ],
  });
  const [first, second] = begun.associated_approval_workflows[0]!.approval_workflow_stages;
  expect(await waitingFor(requester, ann, bob, cleo, dora, stranger, staff)).toEqual([
    [0, 0],
    [1, 1],
    [1, 1],
    [1, 1],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  for (const one of [requester, dora, stranger, staff]) expect(await codeOf(one, APPROVE, { id })).toBe("FORBIDDEN");
  expect(await codeOf(ann, APPROVE, { id, stage: second!.id })).toBe("CONFLICT");

  const seen = (await readSchedule(bob.client, id)).date_changed;
  await ann.client.query(APPROVE, { id, comment: "looks right", stage: first!.id });
  expect(await codeOf(ann, APPROVE, { id })).toBe("CONFLICT");
  expect(await codeOf(bob, APPROVE, { id, seen })).toBe("CONFLICT");
  expect(await waitingFor(ann, bob)).toEqual([
    [0, 0],
    [1, 1],
  ]);
  await requester.client.query(COMMENT, { id, comment: "please hurry" });
  expect(await codeOf(stranger, COMMENT, { id, comment: "me too" })).toBe("FORBIDDEN");
  expect(await codeOf(requester, COMMENT, { id, comment: " " })).toBe("BAD_USER_INPUT");
  expect(await statesOf(client, id)).toEqual(["PENDING", "PENDING,PENDING,PENDING"]);
  await cleo.client.query(APPROVE, { id });
  expect(await statesOf(client, id)).toEqual(["PENDING", "PENDING,APPROVED,PENDING"]);
  expect(await codeOf(cleo, APPROVE, { id, stage: first!.id })).toBe("CONFLICT");
  expect(await codeOf(bob, APPROVE, { id })).toBe("FORBIDDEN");
  expect(await waitingFor(bob, cleo, dora)).toEqual([
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
  expect((await client.query(`{ job_result(id: "${asked.id}") { status } }`)).job_result.status).toBe("PENDING");

  const log = requester.client.followLog(asked.id);
  await dora.client.query(APPROVE, { id, comment: "go", stage: second!.id });
  await log;
  expect(await runsOf(client, id, 1)).toMatchObject([{ id: asked.id, status: "SUCCESS", result: { site: "paris" } }]);
  const { job_result } = await client.query(`{ job_result(id: "${asked.id}") { approvals { user_name date comment stage } } }`);
  const date = expect.any(String);
  expect(job_result.approvals).toEqual([
    { user_name: "ann", date, comment: "looks right", stage: "Peer review" },
    { user_name: "cleo", date, comment: "", stage: "Peer review" },
    { user_name: "dora", date, comment: "go", stage: "Sign-off" },
  ]);
  const done = (await workflowsOf(client, id)).associated_approval_workflows[0];
  expect(done).toMatchObject({ current_state: "APPROVED", decision_date: date });
  expect(done!.approval_workflow_stages[0]).toMatchObject({
    state: "APPROVED",
    is_active_stage: false,
    remaining_approvals: 0,
    approval_workflow_stage_responses: [
      { state: "APPROVED", comments: "looks right", user_name: "ann", user: { username: "ann" } },
      { state: "COMMENT", comments: "please hurry", user_name: "requester" },
      { state: "APPROVED", comments: "", user_name: "cleo" },
    ],
  });
  // All is decided: nobody has to any more, whether or not they did.
  const { approval_workflow_stages } = await ann.client.query(`{ approval_workflow_stages(pending_my_approvals: false) { id } }`);
  expect(approval_workflow_stages).toHaveLength(2);
  const { scheduled_jobs } = await client.query(`{ scheduled_jobs(approval_state: ["approved"]) { id } }`);
  expect(scheduled_jobs).toEqual([{ id }]);
  const kinds = (await readLog(client, `user_name: ["ann", "cleo", "dora"]`)).map(
    ({ action, user_name, changed_object_type }) => `${user_name} ${action} ${changed_object_type.label}`,
  );
  expect(kinds).toEqual([
    "ann UPDATE extras.scheduledjob",
    "ann UPDATE extras.approvalworkflowstage",
    "ann CREATE extras.approvalworkflowstageresponse",
    "cleo UPDATE extras.scheduledjob",
    "cleo UPDATE extras.approvalworkflowstage",
    "cleo UPDATE extras.approvalworkflowstage",
    "cleo CREATE extras.approvalworkflowstageresponse",
    "dora UPDATE extras.scheduledjob",
    "dora UPDATE extras.approvalworkflow",
    "dora UPDATE extras.approvalworkflowstage",
    "dora CREATE extras.approvalworkflowstageresponse",
  ]);
});

test("a single denial ends it, in any stage, and its requester may withdraw it", async () => {
  const { client, requester, ann, bob, cleo, dora, stranger } = await setup();
  await defineTwoStages(client);
  const denied = await ask(requester);
  const { id } = denied.scheduled_job;
  for (const one of [ann, bob]) await one.client.query(APPROVE, { id });
  expect(await codeOf(ann, DENY, { id })).toBe("FORBIDDEN");
  await dora.client.query(DENY, { id, comment: "not on a Friday" });
  expect(await statesOf(client, id)).toEqual(["DENIED", "DENIED,APPROVED,DENIED"]);
  for (const one of [cleo, dora]) expect(await codeOf(one, APPROVE, { id })).toBe("CONFLICT");
  const canceled = await ask(requester);
  expect(await codeOf(stranger, `mutation ($id: ID!) { cancel_scheduled_job(id: $id) { id } }`, canceled.scheduled_job)).toBe(
    "FORBIDDEN",
  );
  await act(requester.client, "cancel_scheduled_job", canceled.scheduled_job.id);
  expect(await statesOf(client, canceled.scheduled_job.id)).toEqual(["CANCELED", "CANCELED,CANCELED,CANCELED"]);
  for (const [asked, reason] of [
    [denied, "it was not approved: Talk to the leads first: not on a Friday"],
    [canceled, "it was taken back"],
  ] as const) {
    const { job_result } = await client.query(`{ job_result(id: "${asked.id}") { status cancel_reason date_started } }`);
    expect(job_result).toEqual({ status: "REVOKED", cancel_reason: reason, date_started: null });
    await act(requester.client, "delete_scheduled_job", asked.scheduled_job.id);
  }
  const { approval_workflows, approval_workflow_stage_responses } = await client.query(
    `{ approval_workflows { id } approval_workflow_stage_responses { id } }`,
  );
  expect([approval_workflows, approval_workflow_stage_responses]).toEqual([[], []]);
});

test("a partial approval ends with any change of the content, in any way", async () => {
  const { client, requester, ann, bob, cleo, dora, clock, config } = await setup();
  await defineTwoStages(client);
  const database = await databaseOf({ config } as never);
  const start = new Date(Math.ceil(clock.now() / HOUR) * HOUR + HOUR).toISOString();
  const changes: Record<string, (id: string) => Promise<unknown>> = {
    "the job's limits": () => client.query(`mutation { update_job(name: "Push", data: { time_limit: 7 }) { id } }`),
    inputs: (id) => updateSchedule(requester.client, id, { kwargs: { site: "b" } }),
    queue: (id) => updateSchedule(requester.client, id, { job_queue: "fast" }),
    time: (id) => updateSchedule(requester.client, id, { catch_up: "ALL" }),
    "inputs, past the API": (id) =>
      database.rows.updateTable("scheduled_job").set({ kwargs: `{"site":"b"}` }).where("id", "=", id).execute(),
  };
  for (const [name, change] of Object.entries(changes)) {
    const { id } = await createSchedule(requester.client, { name, job_model: "Push", interval: "FUTURE", start_time: start });
    await ann.client.query(APPROVE, { id });
    await change(id);
    const isKnown = (await statesOf(client, id)).length === 3;
    // The next approver's mutation notices a change past the API.
    if (!isKnown) expect([name, await codeOf(bob, APPROVE, { id })]).toEqual([name, "CONFLICT"]);
    expect([name, ...(await statesOf(client, id))]).toEqual([
      name,
      "PENDING",
      "CANCELED,CANCELED,CANCELED",
      "PENDING,PENDING,PENDING",
    ]);
    for (const one of [bob, cleo, dora]) await one.client.query(APPROVE, { id });
    expect(await statesOf(client, id)).toEqual(["ACTIVE", "CANCELED,CANCELED,CANCELED", "APPROVED,APPROVED,APPROVED"]);
  }
  clock.advance(Date.parse(start) - clock.now() + 1000);
  const { scheduled_jobs } = await client.query(`{ scheduled_jobs { id name } }`);
  expect(scheduled_jobs).toHaveLength(Object.keys(changes).length);
  for (const { id } of scheduled_jobs) await runsOf(client, id, 1);
});

test("after a change of approved content, the next tick waits for all of them again", async () => {
  const { client, requester, ann, bob, dora, clock, config } = await setup();
  await defineTwoStages(client);
  const database = await databaseOf({ config } as never);
  const start = new Date(Math.ceil(clock.now() / HOUR) * HOUR + HOUR);
  const { id } = await createSchedule(requester.client, {
    job_model: "Push",
    interval: "HOURLY",
    start_time: start.toISOString(),
  });
  for (const one of [ann, bob, dora]) await one.client.query(APPROVE, { id });
  clock.advance(start.getTime() - clock.now() + 1000);
  await runsOf(client, id, 1);
  await database.rows.updateTable("scheduled_job").set({ kwargs: `{"site":"b"}` }).where("id", "=", id).execute();
  clock.advance(HOUR);
  await expect.poll(() => statesOf(client, id)).toEqual(["PENDING", "APPROVED,APPROVED,APPROVED", "PENDING,PENDING,PENDING"]);
  expect(await runsOf(client, id, 1)).toHaveLength(1);
});

test("no way of starting a run goes past a definition, and a dry run needs nobody", async () => {
  const { client, requester, ann, dora, staff } = await setup();
  const before = await ask(requester, "Push");
  await finished(client, before.id);
  const active = await createSchedule(requester.client, {
    job_model: "Push",
    interval: "DAILY",
    start_time: "2026-12-31T00:00:00Z",
  });
  const { create_job_button: button } = await client.query(`mutation { create_job_button(data: {
    name: "B", text: "B", job: "Press", content_types: ["dcim.device"] }) { id } }`);
  await client.query(
    `mutation { create_job_hook(data: { name: "H", job: "Hook", content_types: ["extras.tag"], type_create: true }) { id } }`,
  );
  const buttons = `{ job_buttons_for(object_type: "dcim.device", object: {}) { buttons { text } } }`;
  expect((await client.query(buttons)).job_buttons_for).toHaveLength(1);
  await defineTwoStages(client, { model_constraints: {} });

  expect(await codeOf(requester, `mutation { rerun_job_result(id: "${before.id}") { id } }`)).toBe("FORBIDDEN");
  expect(await codeOf(requester, `mutation { run_scheduled_job_now(id: "${active.id}") { id } }`)).toBe("FORBIDDEN");
  const press = `mutation { press_job_button(id: "${button.id}", object_type: "dcim.device", object_id: "01a20d41-bf32-73c7-86b0-37568f855895", object: {}) { id } }`;
  expect(await codeOf(requester, press)).toBe("FORBIDDEN");
  expect((await client.query(buttons)).job_buttons_for).toEqual([]);
  await client.query(`mutation { create_tag(data: { name: "t", content_types: ["extras.job"] }) { id } }`);
  const hooked = async () => (await client.query(`{ job_results(job_model: ["Hook"]) { status error { type } } }`)).job_results;
  await expect.poll(hooked).toEqual([{ status: "FAILURE", error: { type: "FORBIDDEN" } }]);
  expect(await codeOf(requester, RUN, { name: "Secret", data: { key: "k" } })).toBe("BAD_USER_INPUT");

  const dry = await ask(requester, "Dry", { dryrun: true });
  expect(dry.scheduled_job).toBeNull();
  const { scheduled_job } = await ask(requester, "Dry");
  const DRY = `mutation ($id: ID!) { dry_run_scheduled_job(id: $id) { id } }`;
  for (const one of [requester, dora, staff]) expect(await codeOf(one, DRY, scheduled_job)).toBe("FORBIDDEN");
  const { dry_run_scheduled_job } = await ann.client.query(DRY, scheduled_job);
  expect(await finished(client, dry_run_scheduled_job.id)).toMatchObject({ status: "SUCCESS", result: { dryRun: true } });
  const { run_job } = await ann.client.query(RUN, { name: "Decide", data: scheduled_job, dryrun: true });
  expect(await finished(client, run_job.id)).toMatchObject({ result: "FORBIDDEN" });
});

test("of several definitions the weightiest one that fits holds; one without stages leaves it to the staff", async () => {
  const { client, requester, ann, staff } = await setup();
  await defineTwoStages(client, { name: "All", model_constraints: {} });
  const peers = [{ name: "Peers", group: "Peers" }];
  await defineWorkflow(client, peers, {
    name: "Push",
    weight: 5,
    model_constraints: { job_model: "Push", user__username: "requester" },
  });
  await defineWorkflow(client, [], { name: "Staff", weight: 9, model_constraints: { job_model__name: "Free" } });
  const nameOf = async (id: string) =>
    (await workflowsOf(client, id)).associated_approval_workflows[0]!.approval_workflow_definition.name;
  const pushed = await ask(requester, "Push");
  const freed = await ask(requester, "Free");
  const others = [await ask(ann, "Push"), await ask(requester, "Dry")];
  const queues = { name: "Queue", weight: 7, model_constraints: { job_queue: "default", job_model__name__startswith: "D" } };
  await defineWorkflow(client, peers, queues);
  const queued = await ask(requester, "Dry");
  expect(await nameOf(queued.scheduled_job.id)).toBe("Queue");
  expect(await nameOf(pushed.scheduled_job.id)).toBe("Push");
  expect(await nameOf(freed.scheduled_job.id)).toBe("Staff");
  for (const { scheduled_job } of others) expect(await nameOf(scheduled_job.id)).toBe("All");
  await ann.client.query(APPROVE, pushed.scheduled_job);
  expect(await codeOf(ann, APPROVE, freed.scheduled_job)).toBe("FORBIDDEN");
  expect(await codeOf(staff, COMMENT, { ...freed.scheduled_job, comment: "hm" })).toBe("CONFLICT");
  expect(await waitingFor(staff, requester)).toEqual([
    [1, 0],
    [1, 1],
  ]);
  await staff.client.query(APPROVE, { ...freed.scheduled_job, comment: "well" });
  for (const { scheduled_job } of [pushed, freed]) await runsOf(client, scheduled_job.id, 1);
  expect(await statesOf(client, freed.scheduled_job.id)).toEqual(["COMPLETED", "APPROVED"]);
  const { job_results } = await client.query(
    `{ job_results(status: ["SUCCESS"], sort: ["name"]) { approvals { user_name comment stage } } }`,
  );
  expect(job_results).toEqual([
    { approvals: [{ user_name: "staff", comment: "well", stage: null }] },
    { approvals: [{ user_name: "ann", comment: "", stage: "Peers" }] },
  ]);
});

test("approvals in the same moment all count, and each of them once", async () => {
  const { client, requester, ann, bob, cleo, dora } = await setup();
  await defineTwoStages(client);
  for (let n = 0; n < 3; n++) {
    const { id } = (await ask(requester)).scheduled_job;
    const twice = await Promise.allSettled([ann.client.query(APPROVE, { id }), ann.client.query(APPROVE, { id })]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const stage = (await workflowsOf(client, id)).associated_approval_workflows[0]!.approval_workflow_stages[0]!.id;
    const both = await Promise.allSettled([bob.client.query(APPROVE, { id, stage }), cleo.client.query(APPROVE, { id, stage })]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await statesOf(client, id)).toEqual(["PENDING", "PENDING,APPROVED,PENDING"]);
    await dora.client.query(APPROVE, { id });
    await runsOf(client, id, 1);
  }
});

test("only users with the rights change approvers and definitions, and not under requests that wait", async () => {
  const { client, requester, staff } = await setup();
  const id = await defineTwoStages(client);
  const { approval_workflow_stage_definitions: stages, groups } = await client.query(
    `{ approval_workflow_stage_definitions { id name } groups(name: ["Leads"]) { id users { username } } }`,
  );
  expect(groups).toEqual([{ id: expect.any(String), users: [{ username: "cleo" }, { username: "dora" }] }]);
  const [group] = groups;
  const WRITES = [
    `mutation { create_group(data: { name: "Mine", users: ["staff"] }) { id } }`,
    `mutation { update_group(id: "${group!.id}", data: { users: ["staff"] }) { id } }`,
    `mutation { delete_group(id: "${group!.id}") { id } }`,
    `mutation { create_approval_workflow_definition(data: { name: "Mine", model_content_type: "extras.scheduledjob", weight: 99 }) { id } }`,
    `mutation { update_approval_workflow_definition(id: "${id}", data: { weight: 3 }) { id } }`,
    `mutation { delete_approval_workflow_definition(id: "${id}") { id } }`,
    `mutation { create_approval_workflow_stage_definition(data: { approval_workflow_definition: "${id}", sequence: 1, name: "Mine", min_approvers: 1, approver_group: "Peers" }) { id } }`,
    `mutation { update_approval_workflow_stage_definition(id: "${stages[0]!.id}", data: { min_approvers: 1 }) { id } }`,
    `mutation { delete_approval_workflow_stage_definition(id: "${stages[0]!.id}") { id } }`,
  ];
  for (const one of [requester, staff])
    for (const document of WRITES) expect([document, await codeOf(one, document)]).toEqual([document, "FORBIDDEN"]);

  const IMPORTS = [
    `mutation { import_objects(content_type: "auth.group", rows: [{ name: "Mine" }]) { applied errors { message } } }`,
    `mutation { import_objects(content_type: "extras.approvalworkflowdefinition", rows: [{ name: "Mine", model_content_type: "extras.scheduledjob", weight: 99 }]) { applied errors { message } } }`,
  ];
  for (const document of IMPORTS) {
    const { message, extensions } = await staff.client.refused(document);
    expect([extensions.code, message]).toEqual(["FORBIDDEN", expect.stringMatching(/^You need the permission \w+\.import_/)]);
  }

  const asked = await ask(requester);
  for (const document of WRITES.filter((write) => write.includes("delete_")))
    expect([document, await codeOf({ client }, document)]).toEqual([document, "BAD_USER_INPUT"]);
  // A request that waits keeps the number it began with.
  await client.query(WRITES[7]!);
  expect(
    (await workflowsOf(client, asked.scheduled_job.id)).associated_approval_workflows[0]!.approval_workflow_stages[0],
  ).toMatchObject({
    remaining_approvals: 2,
  });
  await act(requester.client, "cancel_scheduled_job", asked.scheduled_job.id);
  await client.query(WRITES[5]!);
  await client.query(WRITES[2]!);
  const left = await client.query(
    `{ approval_workflow_stage_definitions { id } approval_workflows { approval_workflow_definition { id } } }`,
  );
  expect(left).toEqual({ approval_workflow_stage_definitions: [], approval_workflows: [{ approval_workflow_definition: null }] });
  expect((await ask(requester)).scheduled_job).toBeNull();
});

test("a definition that could never hold is refused, by its field", async () => {
  const { client } = await setup();
  const id = await defineTwoStages(client);
  const detailsOf = async (document: string) => {
    const { details } = (await client.refused(document)).extensions as { details: { field: string; message: string }[] };
    return details.map(({ field, message }) => `${field}: ${message}`);
  };
  const define = (data: string) => detailsOf(`mutation { create_approval_workflow_definition(data: { ${data} }) { id } }`);
  const stage = (data: string) =>
    detailsOf(
      `mutation { create_approval_workflow_stage_definition(data: { approval_workflow_definition: "${id}", ${data} }) { id } }`,
    );
  expect(await define(`name: "A", weight: 1, model_content_type: "extras.job"`)).toEqual([
    "data.model_content_type: Only objects of the kind extras.scheduledjob can be approved.",
  ]);
  expect(
    await define(
      `name: "A", weight: 1, model_content_type: "extras.scheduledjob", model_constraints: { jobmodel: "x", enabled: "yes" }`,
    ),
  ).toEqual([
    expect.stringMatching(/^data.model_constraints: "jobmodel": "jobmodel" is none of/),
    `data.model_constraints: "enabled": it wants true or false.`,
  ]);
  expect(await define(`name: "A", weight: 1, model_content_type: "extras.scheduledjob", model_constraints: ["x"]`)).toEqual([
    "data.model_constraints: Constraints are an object.",
  ]);
  expect(await define(`name: "A", model_content_type: "extras.scheduledjob"`)).toEqual([
    "data.weight: There is one already with the same model_content_type and weight.",
  ]);
  expect(await stage(`sequence: 10, name: "Peer review", min_approvers: 1, approver_group: "Peers"`)).toEqual([
    "data.sequence: There is one already with the same approval_workflow_definition and sequence.",
    "data.name: There is one already with the same approval_workflow_definition and name.",
  ]);
  expect(await stage(`sequence: -1, name: " ", min_approvers: 0, approver_group: "Peers"`)).toEqual([
    "data.name: This field cannot be blank.",
    "data.sequence: sequence must be 0 or more.",
    "data.min_approvers: min_approvers must be 1 or more.",
  ]);
  expect(await stage(`sequence: 1, name: "x", min_approvers: 1, approver_group: "Nobody"`)).toEqual([
    `data.approver_group: There is no object "Nobody".`,
  ]);
});

test("the feed of requests that wait for a user's approval is the user's own, and hears of each approval", async () => {
  const { client, requester, ann, bob } = await setup();
  await defineTwoStages(client);
  const { id } = (await ask(requester)).scheduled_job;
  const follow = async ({ client: { ws } }: Person) => {
    const query = `subscription { scheduled_jobs(pending_my_approvals: true, since: "2020-01-01T00:00:00Z") { id date_changed } }`;
    const events = ws.iterate<any>({ query });
    const next = async () => (await events.next()).value.data.scheduled_jobs;
    return { next, end: () => events.return!() };
  };
  const feeds = { ann: await follow(ann), bob: await follow(bob), requester: await follow(requester) };
  const [before] = await feeds.bob.next();
  expect(await feeds.ann.next()).toEqual([before]);
  await ann.client.query(APPROVE, { id });
  const [after] = await feeds.bob.next();
  expect(after.id).toBe(id);
  expect(Date.parse(after.date_changed)).toBeGreaterThan(Date.parse(before.date_changed));
  // Neither the requester nor an approver gets the request: their next event is somebody else's request.
  const other = (await ask(bob)).scheduled_job;
  expect(await feeds.requester.next()).toMatchObject([other]);
  expect(await feeds.ann.next()).toMatchObject([other]);
  await Promise.all(Object.values(feeds).map((feed) => feed.end()));
});

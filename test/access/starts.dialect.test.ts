import { expect, test } from "vitest";
import type { Action } from "../../src/access/rights.ts";
import { openTestApp, type TestApp } from "../support/app.ts";
import { createTestClock } from "../support/clock.ts";
import { grant } from "../support/grants.ts";
import { createPerson, type Person } from "../support/people.ts";
import { databaseOf } from "../support/rows.ts";
import { createSchedule, runsOf } from "../support/schedules.ts";

const JOBS = {
  "own.ts": `
    export const Plain = defineJob({ name: "Plain", enabled: true, isolation: "shared", run: () => "done" });
    export const Other = defineJob({ name: "Other", enabled: true, isolation: "shared", run: () => "done" });
    export const Press = defineJobButtonReceiver({ name: "Press", enabled: true, isolation: "shared", receive: () => "pressed" });
    export const Hook = defineJobHookReceiver({ name: "Hook", enabled: true, isolation: "shared", receive: () => "told" });
  `,
};

const ALL_KINDS = [
  "extras.job",
  "extras.jobbutton",
  "extras.jobqueue",
  "extras.jobresult",
  "extras.scheduledjob",
  "extras.tag",
  "contenttypes.contenttype",
];
const HOUR = 3_600_000;
const DEVICE = `object_type: "dcim.device", object_id: "11111111-1111-4111-8111-111111111111", object: { name: "r1" }`;

async function setup(clock?: ReturnType<typeof createTestClock>) {
  const app = await openTestApp(JOBS, {}, clock);
  const { client } = app;
  const { create_job_button } = await client.query(
    `mutation { create_job_button(data: { name: "B", text: "B", job: "Press", content_types: ["dcim.device"] }) { id } }`,
  );
  const { run_job } = await client.query(`mutation { run_job(name: "Plain") { id } }`);
  await client.followLog(run_job.id);
  const { id: schedule } = await createSchedule(client, {
    name: "The administrator's",
    job_model: "Plain",
    interval: "HOURLY",
    start_time: new Date((clock?.now() ?? Date.now()) + 24 * HOUR).toISOString(),
  });
  return { app, client, button: create_job_button.id as string, run: run_job.id as string, schedule: schedule as string };
}

/** A user who may view these kinds of objects, and schedule jobs. */
async function createViewer(app: TestApp, username: string): Promise<Person> {
  const person = await createPerson(app, { username }, []);
  await grant(app, username, ALL_KINDS, ["view"]);
  await grant(app, username, ["extras.scheduledjob"], ["add", "change"]);
  return person;
}

/** All ways in which a user starts a run, or has one start later. */
const waysOf = ({ button, run, schedule }: Awaited<ReturnType<typeof setup>>): Record<string, string> => ({
  run_job: `mutation { run_job(name: "Plain") { id } }`,
  rerun: `mutation { rerun_job_result(id: "${run}") { id } }`,
  button: `mutation { press_job_button(id: "${button}", ${DEVICE}) { id } }`,
  now: `mutation { run_scheduled_job_now(id: "${schedule}") { id } }`,
  schedule_job: `mutation { schedule_job(name: "Plain", schedule: { name: "S", interval: HOURLY, start_time: "2099-01-01T00:00:00Z" }) { id } }`,
  create_scheduled_job: `mutation { create_scheduled_job(data: { name: "C", job_model: "Plain", interval: DAILY, start_time: "2099-01-01T00:00:00Z" }) { id } }`,
  inputs: `mutation { update_scheduled_job(id: "${schedule}", data: { kwargs: {} }) { id } }`,
});

/** Everything that a start leaves. */
async function traces(app: TestApp) {
  const { rows } = await databaseOf(app);
  const runs = await rows.selectFrom("job_result").select("id").orderBy("id").execute();
  const schedules = await rows.selectFrom("scheduled_job").selectAll().orderBy("id").execute();
  const changes = await rows.selectFrom("object_change").select("id").orderBy("id").execute();
  return { runs, schedules, changes };
}

test("whichever way a user starts a run, it takes the right to run its job", async () => {
  const made = await setup();
  const { app } = made;
  const none = await createViewer(app, "none");
  const other = await createViewer(app, "other");
  await grant(app, "other", ["extras.job"], ["run"], { name: "Other" });
  const right = await createViewer(app, "right");
  await grant(app, "right", ["extras.job"], ["run"], { name__in: ["Plain", "Press"] });
  const before = await traces(app);
  for (const [way, document] of Object.entries(waysOf(made)))
    for (const person of [none, other]) {
      const { message, extensions } = await person.client.refused(document);
      expect([way, extensions.code, message]).toEqual([way, "FORBIDDEN", "You need the permission extras.run_job."]);
    }
  expect(await traces(app)).toEqual(before);
  for (const document of Object.values(waysOf(made))) await right.client.query(document);
  await other.client.query(`mutation { run_job(name: "Other") { id } }`);
});

test("a job that a user may not view is as little there as one that does not exist", async () => {
  const made = await setup();
  const { app, client } = made;
  const ada = await createPerson(app, { username: "ada" }, []);
  await grant(
    app,
    "ada",
    ALL_KINDS.filter((kind) => kind !== "extras.job"),
    ["view", "add", "change"],
  );
  await grant(app, "ada", ["extras.job"], ["view", "run", "change", "delete"], { name: "Other" });
  const { jobs } = await client.query(`{ jobs(name: ["Plain"]) { id } }`);
  const id = jobs[0]!.id;
  const missing = "018ff000-0000-7000-8000-999999999999";
  const pairs = [
    [`run_job(name: "Plain")`, `run_job(name: "None")`],
    [`run_job(id: "${id}")`, `run_job(id: "${missing}")`],
    [`run_job(class_path: "own.Plain")`, `run_job(class_path: "own.None")`],
    [`update_job(name: "Plain", data: { description: "d" })`, `update_job(name: "None", data: { description: "d" })`],
    [`revert_job_overrides(id: "${id}")`, `revert_job_overrides(id: "${missing}")`],
    [`delete_job(id: "${id}")`, `delete_job(id: "${missing}")`],
  ];
  const before = await traces(app);
  for (const [hidden, absent] of pairs) {
    const [one, two] = [
      await ada.client.refused(`mutation { ${hidden} { id } }`),
      await ada.client.refused(`mutation { ${absent} { id } }`),
    ];
    expect([hidden, one.extensions.code]).toEqual([hidden, "NOT_FOUND"]);
    expect(one.message.replace(id, "?").replace("Plain", "?")).toBe(two.message.replace(missing, "?").replace("None", "?"));
  }
  expect((await ada.client.refused(waysOf(made)["button"]!)).extensions.code).toBe("NOT_FOUND");
  expect(await traces(app)).toEqual(before);
});

test("a hook runs as the user who made the change, or is recorded as failed", async () => {
  const { app, client } = await setup();
  await client.query(
    `mutation { create_job_hook(data: { name: "H", job: "Hook", content_types: ["extras.tag"], type_create: true }) { id } }`,
  );
  const people: Record<string, readonly [Action[], object | null][]> = {
    may: [[["run", "view"], null]],
    "not-run": [[["view"], null]],
    "not-view": [[["run"], null]],
    elsewhere: [[["run", "view"], { name: "Plain" }]],
  };
  for (const [username, grants] of Object.entries(people)) {
    const person = await createPerson(app, { username }, []);
    await grant(app, username, ["extras.tag"], ["view", "add"]);
    await grant(app, username, ["contenttypes.contenttype"], ["view"]);
    for (const [actions, constraints] of grants) await grant(app, username, ["extras.job"], actions, constraints);
    await person.client.query(`mutation ($name: String!) { create_tag(data: { name: $name }) { id } }`, { name: username });
  }
  const read = async () =>
    (
      await client.query(
        `{ job_results(job_model: ["Hook"], sort: ["date_created", "id"], status__n: ["PENDING", "STARTED"]) { status user { username } error { type message } } }`,
      )
    ).job_results.map(({ user, status, error }) => [user!.username, status, error?.type, error?.message]);
  await expect.poll(async () => (await read()).length).toBe(4);
  const lacks = (right: string) => `The user of the run lacks the permission extras.${right}_job for the job "Hook".`;
  expect((await read()).toSorted()).toEqual([
    ["elsewhere", "FAILURE", "FORBIDDEN", lacks("view")],
    ["may", "SUCCESS", undefined, undefined],
    ["not-run", "FAILURE", "FORBIDDEN", lacks("run")],
    ["not-view", "FAILURE", "FORBIDDEN", lacks("view")],
  ]);
});

test("a schedule fails with the reason once its user may not run its job, or is disabled", async () => {
  const clock = createTestClock();
  const { app, client } = await setup(clock);
  const start = new Date(clock.now() + HOUR).toISOString();
  const people: Record<string, Person> = {};
  const permissions: Record<string, string> = {};
  const ids: Record<string, string> = {};
  for (const username of ["keeps", "loses", "disabled"]) {
    people[username] = await createViewer(app, username);
    permissions[username] = await grant(app, username, ["extras.job"], ["run"], { name: "Plain" });
    const wishes = { name: username, job_model: "Plain", interval: "FUTURE", start_time: start };
    ids[username] = (await createSchedule(people[username].client, wishes)).id;
  }
  const { object_permissions } = await client.query(`query ($name: [String]) { object_permissions(name: $name) { id } }`, {
    name: [permissions["loses"]],
  });
  await client.query(`mutation ($id: ID!) { update_object_permission(id: $id, data: { enabled: false }) { enabled } }`, {
    id: object_permissions[0]!.id,
  });
  await client.query(`mutation ($id: ID!) { update_user(id: $id, data: { is_active: false }) { is_active } }`, {
    id: people["disabled"]!.id,
  });
  clock.advance(HOUR + 1000);
  const endOf = async (username: string) => {
    const run = (await runsOf(client, ids[username]!, 1))[0]!;
    return [run.status, run.error?.type, run.error?.message];
  };
  expect(await endOf("keeps")).toEqual(["SUCCESS", undefined, undefined]);
  expect(await endOf("loses")).toEqual([
    "FAILURE",
    "FORBIDDEN",
    `The user of the run lacks the permission extras.run_job for the job "Plain".`,
  ]);
  expect(await endOf("disabled")).toEqual([
    "FAILURE",
    "FORBIDDEN",
    "The user disabled, who asked for the schedule, is not active.",
  ]);
});

test("a page shows the buttons that a user may view and press, for objects that the user may view", async () => {
  const { app, client } = await setup();
  const { create_tag } = await client.query(`mutation { create_tag(data: { name: "Hidden" }) { id } }`);
  await client.query(
    `mutation { create_job_button(data: { name: "T", text: "T {{ obj.name }}", job: "Press", content_types: ["extras.tag"] }) { id } }`,
  );
  const shown = (person: Person, type: string, id: string) =>
    person.client.query(
      `query ($type: String!, $object: GenericScalar!) { job_buttons_for(object_type: $type, object: $object) { buttons { text } } }`,
      {
        type,
        object: { id },
      },
    );
  const cases: Record<string, readonly [kinds: readonly string[], actions: readonly Action[]][]> = {
    all: [
      [
        ["extras.job", "extras.jobbutton", "extras.tag"],
        ["view", "run"],
      ],
    ],
    "no-run": [[["extras.job", "extras.jobbutton", "extras.tag"], ["view"]]],
    "no-button": [
      [
        ["extras.job", "extras.tag"],
        ["view", "run"],
      ],
    ],
    "no-job": [
      [["extras.jobbutton", "extras.tag"], ["view"]],
      [["extras.job"], ["run"]],
    ],
    "no-object": [
      [
        ["extras.job", "extras.jobbutton"],
        ["view", "run"],
      ],
    ],
  };
  for (const [username, grants] of Object.entries(cases)) {
    const person = await createPerson(app, { username }, []);
    for (const [kinds, actions] of grants) await grant(app, username, kinds, actions);
    const own = () => shown(person, "extras.tag", create_tag.id);
    if (username === "no-object") {
      await expect(own()).rejects.toThrow("There is no object of the kind extras.tag");
      continue;
    }
    const isShown = username === "all";
    expect([username, await own()]).toEqual([
      username,
      { job_buttons_for: isShown ? [{ buttons: [{ text: "T Hidden" }] }] : [] },
    ]);
  }
});

test("inputs, queues and references find only objects that a user may view", async () => {
  const app = await openTestApp({
    "own.ts": `
      import { objectVar } from "jobgraph";
      export const Pick = defineJob({
        name: "Pick", enabled: true, isolation: "shared", taskQueues: ["default", "Hidden"],
        variables: z.object({ tag: objectVar({ model: "extras.tag", required: false }) }),
        run: ({ data }) => data.tag?.name ?? "none",
      });
      export const Hidden = defineJobHookReceiver({ name: "Hidden", enabled: true, receive() {} });
      export const Shown = defineJobHookReceiver({ name: "Shown", enabled: true, receive() {} });
    `,
  });
  const { client } = app;
  expect((await client.query(`{ jobs { name } }`)).jobs).toHaveLength(3);
  const { create_tag } = await client.query(`mutation { create_tag(data: { name: "Hidden" }) { id } }`);
  await client.query(`mutation { create_tag(data: { name: "Shown" }) { id } }`);
  await createPerson(app, { username: "Hidden" }, []);
  const ada = await createPerson(app, { username: "ada" }, []);
  const seen = ["extras.tag", "extras.jobqueue", "extras.job", "users.user"];
  for (const kind of seen)
    await grant(
      app,
      "ada",
      [kind],
      ["view"],
      kind === "users.user" ? { username: "ada" } : { name__in: ["Shown", "Pick", "default"] },
    );
  await grant(app, "ada", ["contenttypes.contenttype", "extras.jobresult", "extras.scheduledjob"], ["view", "add"]);
  await grant(app, "ada", ["extras.jobhook", "auth.group", "extras.note"], ["view", "add", "change", "import"]);
  await grant(app, "ada", ["extras.jobqueue", "extras.tag"], ["add", "change", "import"]);
  await grant(app, "ada", ["extras.job"], ["run", "change"]);
  const hook = (job: string) =>
    `create_job_hook(data: { name: "H", job: "${job}", content_types: ["dcim.device"], type_create: true }) { id }`;
  const tagged = (name: string) => `update_job(name: "Pick", data: { tags: ["${name}"] }) { id }`;
  const ways: ((name: string) => string)[] = [
    (name) => `run_job(name: "Pick", data: { tag: "${name}" }) { id }`,
    (name) => `run_job(name: "Pick", job_queue: "${name}") { id }`,
    (name) =>
      `create_scheduled_job(data: { name: "S", job_model: "Pick", interval: DAILY, start_time: "2099-01-01T00:00:00Z", job_queue: "${name}" }) { id }`,
    (name) =>
      `create_scheduled_job(data: { name: "S", job_model: "${name}", interval: DAILY, start_time: "2099-01-01T00:00:00Z" }) { id }`,
    hook,
    tagged,
    (name) => `update_job(name: "Pick", data: { job_queues: ["${name}"] }) { id }`,
    (name) => `create_group(data: { name: "G", users: ["${name}"] }) { id }`,
  ];
  for (const way of ways) {
    const errors = [];
    for (const name of ["Hidden", "Absent"]) {
      const { message, extensions } = await ada.client.refused(`mutation { ${way(name)} }`);
      errors.push(JSON.stringify([message, extensions]).replaceAll(name, "?"));
    }
    expect(errors[0]).toBe(errors[1]);
  }
  const imported = async (name: string) => {
    const document = `mutation ($rows: [GenericScalar]!) { import_objects(content_type: "extras.jobhook", rows: $rows) { errors { field message } } }`;
    const rows = [{ name: "I", job: name, content_types: ["dcim.device"], type_create: true }];
    return JSON.stringify(await ada.client.query(document, { rows })).replaceAll(name, "?");
  };
  expect(await imported("Hidden")).toBe(await imported("Absent"));
  const note = (id: string) =>
    `create_note(data: { assigned_object_type: "extras.tag", assigned_object_id: "${id}", note: "n" }) { id }`;
  for (const id of [create_tag.id, "018ff000-0000-7000-8000-999999999999"])
    expect((await ada.client.refused(`mutation { ${note(id)} }`)).extensions.details).toMatchObject([
      { field: "data.assigned_object_id" },
    ]);
  await ada.client.query(`mutation { ${hook("Shown")} ${tagged("Shown")} }`);
  const { run_job } = await ada.client.query(`mutation { run_job(name: "Pick", data: { tag: "Shown" }) { id } }`);
  await client.followLog(run_job.id);
  expect((await client.query(`{ job_result(id: "${run_job.id}") { result } }`)).job_result).toEqual({ result: "Shown" });
});

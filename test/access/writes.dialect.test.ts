import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTATION_RIGHTS } from "../../src/access/mutation-rights.ts";
import { ACTIONS, type Action } from "../../src/access/rights.ts";
import { contentTypeLabel } from "../../src/entities/content-types.ts";
import { MODELS, OWN_MODELS } from "../../src/entities/index.ts";
import { openTestApp, type TestApp } from "../support/app.ts";
import type { TestClient } from "../support/client.ts";
import { reaches } from "../support/control.ts";
import { grant } from "../support/grants.ts";
import { createPerson } from "../support/people.ts";
import { databaseOf, storeRun } from "../support/rows.ts";
import { storedRows } from "../support/stored.ts";

const JOBS = {
  "own.ts": `
    export const Plain = defineJob({ name: "Plain", enabled: true, supportsDryrun: true, isolation: "shared", run: () => "done" });
    export const Asked = defineJob({ name: "Asked", enabled: true, approvalRequired: true, supportsDryrun: true, isolation: "shared", run: () => "done" });
    export const Wait = defineJob({ name: "Wait", enabled: true, run: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)) });
    export const Press = defineJobButtonReceiver({ name: "Press", enabled: true, isolation: "shared", receive: () => "pressed" });
    export const Hook = defineJobHookReceiver({ name: "Hook", enabled: true, isolation: "shared", receive: () => "told" });
  `,
  "gone.ts": `export const Gone = defineJob({ name: "Gone", run() {} });`,
};

const KINDS = MODELS.filter((model) => !OWN_MODELS.has(model)).map(contentTypeLabel);
const LATER = `interval: DAILY, start_time: "2099-01-01T00:00:00Z"`;

/** Circumstances of a case. */
interface Place {
  app: TestApp;
  client: TestClient;
  /** A number that no earlier case had. */
  n: number;
}

/** A mutation that a user with its rights may make. */
interface Case {
  /** Makes the object that it is about, as an administrator. @returns its id, or a part of the arguments. */
  make?: (place: Place) => Promise<string>;
  /** Its arguments and its selection. */
  rest: (made: string, n: number) => string;
  /** Rights that it takes besides those of its row. */
  besides?: readonly (readonly [action: Action, kind: string])[];
}

/** The answer of one mutation by the administrator: its id. */
async function made({ client }: Pick<Place, "client">, mutation: string, args: string): Promise<string> {
  const data = (await client.query(`mutation { made: ${mutation}(${args}) { id } }`)) as unknown as { made: { id: string } };
  return data.made.id;
}

const byId = (id: string) => `(id: "${id}") { id }`;

/** Cases of the three mutations of a model. */
function ofModel(model: string, values: (n: number) => string, change: (n: number) => string): Record<string, Case> {
  const make = (place: Place) => made(place, `create_${model}`, `data: { ${values(place.n)} }`);
  return {
    [`create_${model}`]: { rest: (_, n) => `(data: { ${values(n)} }) { id }` },
    [`update_${model}`]: { make, rest: (id, n) => `(id: "${id}", data: { ${change(n)} }) { id }` },
    [`delete_${model}`]: { make, rest: byId },
  };
}

const definition = (n: number) =>
  `name: "D ${n}", model_content_type: "extras.scheduledjob", model_constraints: { task: "none" }, weight: ${n}`;
const schedule = (place: Place, job: string) =>
  made(place, "create_scheduled_job", `data: { name: "S ${place.n}", job_model: "${job}", ${LATER} }`);
const scheduled = (place: Place) => schedule(place, "Plain");
const asked = (place: Place) => schedule(place, "Asked");

async function stageValues(place: Place): Promise<string> {
  const id = await made(place, "create_approval_workflow_definition", `data: { ${definition(place.n)} }`);
  await made(place, "create_group", `data: { name: "G ${place.n}" }`);
  return `approval_workflow_definition: "${id}", sequence: 1, name: "S", min_approvers: 1, approver_group: "G ${place.n}"`;
}
const stage = async (place: Place) =>
  made(place, "create_approval_workflow_stage_definition", `data: { ${await stageValues(place)} }`);

async function onTag({ client }: Pick<Place, "client">): Promise<string> {
  const { tags } = await client.query(`{ tags(name: ["A tag"]) { id } }`);
  return `assigned_object_type: "extras.tag", assigned_object_id: "${tags[0]!.id}"`;
}
const note = async (place: Place) => made(place, "create_note", `data: { ${await onTag(place)}, note: "n" }`);
const button = (n: number) => `name: "B ${n}", text: "B", job: "Press", content_types: ["dcim.device"]`;

const RUN: Case["besides"] = [["run", "extras.job"]];
const APPROVE: Case["besides"] = [["approve", "extras.scheduledjob"]];

const CASES: Record<string, Case> = {
  ...ofModel(
    "tag",
    (n) => `name: "T ${n}"`,
    () => `description: "d"`,
  ),
  ...ofModel(
    "job_queue",
    (n) => `name: "q-${n}"`,
    () => `description: "d"`,
  ),
  ...ofModel(
    "job_hook",
    (n) => `name: "H ${n}", job: "Hook", content_types: ["dcim.kind${n}"], type_create: true`,
    () => `enabled: false`,
  ),
  ...ofModel("job_button", button, () => `weight: 7`),
  ...ofModel(
    "group",
    (n) => `name: "G ${n}"`,
    (n) => `name: "G of ${n}"`,
  ),
  ...ofModel(
    "object_permission",
    (n) => `name: "P ${n}", actions: ["view"], object_types: ["extras.tag"]`,
    () => `description: "d"`,
  ),
  ...ofModel("approval_workflow_definition", definition, () => `model_constraints: { task: "nothing" }`),
  create_approval_workflow_stage_definition: { make: stageValues, rest: (values) => `(data: { ${values} }) { id }` },
  update_approval_workflow_stage_definition: { make: stage, rest: (id) => `(id: "${id}", data: { name: "T" }) { id }` },
  delete_approval_workflow_stage_definition: { make: stage, rest: byId },
  create_note: { make: onTag, rest: (on) => `(data: { ${on}, note: "n" }) { id }` },
  update_note: { make: note, rest: (id) => `(id: "${id}", data: { note: "m" }) { id }` },
  delete_note: { make: note, rest: byId },
  create_user: { rest: (_, n) => `(data: { username: "u${n}" }) { id }` },
  update_user: {
    make: (place) => made(place, "create_user", `data: { username: "u${place.n}" }`),
    rest: (id) => `(id: "${id}", data: { email: "a@example.com" }) { id }`,
  },

  run_job: { rest: () => `(name: "Plain") { id }` },
  rerun_job_result: { make: (place) => made(place, "run_job", `name: "Plain"`), rest: byId },
  press_job_button: {
    make: (place) => made(place, "create_job_button", `data: { ${button(place.n)} }`),
    rest: (id) =>
      `(id: "${id}", object_type: "dcim.device", object_id: "11111111-1111-4111-8111-111111111111", object: { a: 1 }) { id }`,
  },
  run_scheduled_job_now: { make: scheduled, rest: byId },
  dry_run_scheduled_job: { make: asked, rest: byId, besides: APPROVE },
  cancel_job_result: {
    async make(place) {
      const id = await made(place, "run_job", `name: "Wait"`);
      await reaches(place.client, id, "STARTED");
      return id;
    },
    rest: byId,
  },
  cancel_job_results: { rest: () => `(status: ["STARTED"]) { outcomes { code } }` },
  update_job_result: {
    make: async ({ app }) => storeRun(await databaseOf(app), {}),
    rest: (id) => `(id: "${id}", data: { _custom_field_data: { a: 1 } }) { id }`,
  },
  prune_records: { rest: () => `(kind: JOB_RESULTS, before: "2001-01-01T00:00:00Z") { job_results }` },

  update_job: { rest: (_, n) => `(name: "Plain", data: { description: "${n}" }) { id }` },
  update_jobs: { rest: (_, n) => `(name: ["Plain"], data: { description: "${n}" }) { applied }` },
  revert_job_overrides: {
    make: (place) => made(place, "update_job", `name: "Plain", data: { description: "${place.n}" }`),
    rest: byId,
  },
  delete_job: {
    make: async ({ client }) => (await client.query(`{ jobs(name: ["Gone"]) { id } }`)).jobs[0]!.id,
    rest: byId,
  },
  refresh_jobs: { rest: () => `{ id }` },

  schedule_job: { rest: (_, n) => `(name: "Plain", schedule: { name: "S ${n}", ${LATER} }) { id }`, besides: RUN },
  create_scheduled_job: {
    rest: (_, n) => `(data: { name: "S ${n}", job_model: "Plain", ${LATER} }) { id }`,
    besides: RUN,
  },
  update_scheduled_job: { make: scheduled, rest: (id) => `(id: "${id}", data: { description: "d" }) { id }` },
  delete_scheduled_job: { make: scheduled, rest: byId },
  pause_scheduled_job: { make: scheduled, rest: byId },
  resume_scheduled_job: {
    make: async (place) => made(place, "pause_scheduled_job", `id: "${await scheduled(place)}"`),
    rest: byId,
  },
  approve_scheduled_job: { make: asked, rest: byId, besides: APPROVE },
  deny_scheduled_job: { make: asked, rest: byId, besides: APPROVE },
  cancel_scheduled_job: { make: asked, rest: byId, besides: APPROVE },
  comment_on_scheduled_job: {
    async make(place) {
      const workflow = await made(
        place,
        "create_approval_workflow_definition",
        `data: { name: "D ${place.n}", model_content_type: "extras.scheduledjob", model_constraints: { task: "own.Plain" }, weight: ${place.n} }`,
      );
      await made(place, "create_group", `data: { name: "G ${place.n}" }`);
      const values = `sequence: 1, name: "S", min_approvers: 1, approver_group: "G ${place.n}"`;
      await made(
        place,
        "create_approval_workflow_stage_definition",
        `data: { approval_workflow_definition: "${workflow}", ${values} }`,
      );
      return scheduled(place);
    },
    rest: (id) => `(id: "${id}", comment: "c") { id }`,
    besides: APPROVE,
  },

  import_objects: {
    rest: (_, n) => `(content_type: "extras.tag", rows: [{ name: "T ${n}" }]) { applied errors { message } }`,
    besides: [
      ["import", "extras.tag"],
      ["add", "extras.tag"],
    ],
  },
  record_object_change: {
    rest: () =>
      `(object_type: "dcim.device", object_id: "11111111-1111-4111-8111-111111111111", action: CREATE, object_repr: "r1", after: { a: 1 }) { id }`,
  },
};

/** An id that no object has. */
const NONE = "018ff000-0000-7000-8000-999999999999";

async function setup() {
  const app = await openTestApp(JOBS);
  await made(app, "create_tag", `data: { name: "A tag" }`);
  await rm(join(app.config.jobsRoot, "gone.ts"));
  await app.client.query(`mutation { refresh_jobs { id } }`);
  const database = await databaseOf(app);
  const people = {
    none: await createPerson(app, { username: "none" }, []),
    elsewhere: await createPerson(app, { username: "elsewhere" }, []),
    right: await createPerson(app, { username: "right" }, []),
  };
  for (const username of Object.keys(people)) await grant(app, username, KINDS, ["view"]);
  const acts = ACTIONS.filter((action) => action !== "view");
  await grant(app, "elsewhere", KINDS, acts, { id: NONE });
  /** Resolves once nothing goes on any more, but for jobs that wait to be canceled. */
  const quiet = () =>
    expect
      .poll(async () => {
        const runs = await database.rows
          .selectFrom("job_result")
          .select("id")
          // One that waits to be canceled, and is not yet.
          .where((eb) => eb.or([eb("name", "!=", "Wait"), eb("date_canceled", "is not", null)]))
          .where("awaits_approval", "is", null)
          .where("status", "in", ["PENDING", "STARTED", "RETRY"])
          .execute();
        return runs.length;
      })
      .toBe(0);
  return { app, database, ...people, quiet };
}

/** The rights of a case: those of its row, and those besides. */
function rightsOf(mutation: string, { besides = [] }: Case): (readonly [Action, string])[] {
  const { needs } = MUTATION_RIGHTS.get(mutation)!;
  return [...needs.map(({ action, model }) => [action, contentTypeLabel(model)] as const), ...besides];
}

/** `extras.run_job` for `run` and `extras.job`. */
const nameOf = ([action, kind]: readonly [Action, string]) => kind.replace(".", `.${action}_`);

test("each mutation but those that decide themselves has a case", () => {
  const told = [...MUTATION_RIGHTS].filter(([, { decidesItself }]) => !decidesItself).map(([name]) => name);
  expect(Object.keys(CASES).toSorted()).toEqual(told.toSorted());
});

test(
  "each mutation needs the rights of its row, for the object that it is about, and no others",
  { timeout: 180_000 },
  async () => {
    const { app, database, none, elsewhere, right, quiet } = await setup();
    const { client } = app;
    // Of several runs each has an outcome of its own: another test is about that.
    const cases = Object.entries(CASES).filter(([mutation]) => mutation !== "cancel_job_results");
    for (const [n, [mutation, one]] of [...cases.entries()].map(([at, entry]) => [at + 1, entry] as const)) {
      const id = (await one.make?.({ app, client, n })) ?? "";
      await quiet();
      const document = `mutation { ${mutation}${one.rest(id, n)} }`;
      const rights = rightsOf(mutation, one);
      const before = await storedRows(database);
      for (const [who, person] of Object.entries({ none, elsewhere })) {
        const { extensions, message } = await person.client.refused(document);
        expect([mutation, who, extensions.code, message]).toEqual([mutation, who, "FORBIDDEN", expect.stringMatching(/./)]);
        expect(
          rights.map(nameOf).some((name) => message.includes(name)),
          `${mutation}, ${who}: ${message}`,
        ).toBe(true);
        expect([mutation, who, await storedRows(database)]).toEqual([mutation, who, before]);
      }
      const names: string[] = [];
      for (const [action, kind] of rights) names.push(await grant(app, "right", [kind], [action]));
      await right.client.query(document);
      await database.rows.deleteFrom("object_permission").where("name", "in", names).execute();
      await quiet();
    }
  },
);

test("of several runs each is canceled by those who may cancel it", async () => {
  const { app, none, elsewhere, right } = await setup();
  const id = await CASES["cancel_job_result"]!.make!({ app, client: app.client, n: 1 });
  const document = `mutation { cancel_job_results(status: ["STARTED"]) { outcomes { canceled code message } } }`;
  expect((await none.client.refused(document)).message).toBe("You need the permission extras.cancel_jobresult.");
  expect((await elsewhere.client.query(document)).cancel_job_results.outcomes).toEqual([
    { canceled: false, code: "FORBIDDEN", message: "You need the permission extras.cancel_jobresult." },
  ]);
  await grant(app, "right", ["extras.jobresult"], ["cancel"], { id });
  expect((await right.client.query(document)).cancel_job_results.outcomes).toEqual([
    { canceled: true, code: null, message: null },
  ]);
});

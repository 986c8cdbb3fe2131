import { isObjectType } from "graphql";
import { expect, test } from "vitest";
import { hashKey } from "../../src/access/authenticate.ts";
import { MUTATION_RIGHTS } from "../../src/access/mutation-rights.ts";
import { rightName } from "../../src/access/rights.ts";
import { contentTypeLabel } from "../../src/entities/content-types.ts";
import { MODELS, OWN_MODELS, Token, User } from "../../src/entities/index.ts";
import { snakeCase } from "../../src/entities/mapping/case.ts";
import { createSchema } from "../../src/schema/index.ts";
import { openTestApp } from "../support/app.ts";
import { EXAMPLES, storeWorld, type World } from "../support/approvals/world.ts";
import { post } from "../support/client.ts";
import { callOf } from "../support/draws/arguments.ts";
import { grant } from "../support/grants.ts";
import { createPerson } from "../support/people.ts";
import { databaseOf } from "../support/rows.ts";
import { storedRows } from "../support/stored.ts";
import { answerOver, TRANSPORTS } from "../support/transports.ts";

const FIELDS = Object.values(createSchema().getMutationType()!.getFields());
const KINDS = MODELS.filter((model) => !OWN_MODELS.has(model)).map(contentTypeLabel);

/** The id of the object of the world that a mutation is about, by its name. */
function idFor(mutation: string, world: World): string {
  const models = Object.keys(EXAMPLES).toSorted((one, other) => other.length - one.length);
  const model = models.find((name) => mutation.includes(snakeCase(name)));
  return world[EXAMPLES[model ?? "Tag"]!] ?? world.tag;
}

/** Each mutation with all of its arguments, made from the schema. */
function* mutations(world: World): Generator<{ mutation: string; document: string }> {
  for (const field of FIELDS) {
    const known = {
      id: JSON.stringify(idFor(field.name, world)),
      // With another way to name a job, its id would be too much.
      class_path: "null",
      ...(field.args.some(({ name }) => name === "class_path") && { name: "null" }),
      stage: "null",
      if_unmodified_since: "null",
      user: '"ada"',
      content_type: '"extras.tag"',
      object_type: '"dcim.device"',
      object_id: JSON.stringify(world.run),
      assigned_object_id: JSON.stringify(world.tag),
    };
    const type = field.type.toString().replaceAll(/[[\]!]/g, "");
    const selection = isObjectType(createSchema().getType(type)) ? " { __typename }" : "";
    yield { mutation: field.name, document: `mutation { ${callOf(field, known)}${selection} }` };
  }
}

async function setup() {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  const world = await storeWorld(database);
  // There is something to decide on.
  await database.rows.updateTable("scheduled_job").set({ state: "PENDING", next_run_at: null }).execute();
  const em = database.fork();
  for (const username of ["nobody", "viewer"]) {
    const user = em.create(User, { username }, { partial: true });
    em.create(Token, { user, keyHash: hashKey(`key-of-${username}`) }, { partial: true });
  }
  await em.flush();
  await grant(app, "viewer", KINDS, ["view"]);
  const ask = async (username: string, query: string) => {
    const { body } = await post(app.url, `key-of-${username}`, { query });
    return body.errors as { message: string; extensions: { code: string } }[] | undefined;
  };
  return { app, database, world, ask };
}

test("no mutation changes anything for a user without rights, or with rights to view alone", async () => {
  const { database, world, ask } = await setup();
  const before = await storedRows(database);
  for (const { mutation, document } of mutations(world))
    for (const username of ["nobody", "viewer"]) {
      const [error] = (await ask(username, document)) ?? [];
      expect([document, username, error?.extensions.code]).toEqual([
        document,
        username,
        expect.stringMatching(/^(FORBIDDEN|NOT_FOUND|BAD_USER_INPUT)$/),
      ]);
      const { needs, ofKind, decidesItself } = MUTATION_RIGHTS.get(mutation)!;
      const right = needs[0] ? rightName(needs[0].action, needs[0].model) : ofKind ? "extras.import_tag" : ".";
      const isRefusedFirst = !decidesItself && (username === "nobody" || needs.length > 0);
      if (isRefusedFirst) expect([document, error!.extensions.code]).toEqual([document, "FORBIDDEN"]);
      if (isRefusedFirst) expect([document, error!.message]).toEqual([document, expect.stringContaining(right)]);
    }
  expect(await storedRows(database)).toEqual(before);
});

test("the documents that are refused are ones that an administrator may send", async () => {
  const { app, world } = await setup();
  const codes: string[] = [];
  const refused: string[] = [];
  for (const { mutation, document } of mutations(world)) {
    const { body } = await post(app.url, app.config.adminToken!, { query: document });
    const code = body.errors?.[0].extensions.code ?? "done";
    codes.push(code);
    if (code === "FORBIDDEN") refused.push(mutation);
  }
  // A stage is its group's to decide on, and a request its requester's to change.
  expect(refused).toEqual(["approve_scheduled_job", "deny_scheduled_job", "update_scheduled_job"]);
  expect(codes).not.toContain("GRAPHQL_VALIDATION_FAILED");
  expect(codes.filter((code) => code === "done").length).toBeGreaterThan(10);
});

test.each([true, false])(
  "whichever way a mutation comes, compiled: %s, it begins only with its right",
  async (compiledExecution) => {
    const app = await openTestApp({}, { compiledExecution });
    const { key } = await createPerson(app, { username: "ada" }, ["Viewers"]);
    const document = `mutation { create_tag(data: { name: "Mine" }) { id } }`;
    for (const transport of TRANSPORTS) {
      const { errors } = await answerOver(transport, app.url, { authorization: `Token ${key}` }, document);
      expect([transport, errors?.[0]]).toMatchObject([
        transport,
        { message: "You need the permission extras.add_tag.", extensions: { code: "FORBIDDEN" } },
      ]);
    }
    expect(await app.client.query(`{ tags { id } }`)).toEqual({ tags: [] });
  },
);

test("a job writes no more than its user may, and a dry run of many as little", async () => {
  const app = await openTestApp({
    "own.ts": `
      export const Write = defineJob({ name: "Write", enabled: true, isolation: "shared", async run({ graphql }) {
        return graphql('mutation { create_tag(data: { name: "Mine" }) { id } }').catch((error) => error.message);
      } });
    `,
  });
  const ada = await createPerson(app, { username: "ada" }, ["Operators"]);
  const { run_job } = await ada.client.query(`mutation { run_job(name: "Write") { id } }`);
  await app.client.followLog(run_job.id);
  const { job_result } = await app.client.query(`query ($id: ID!) { job_result(id: $id) { status result } }`, { id: run_job.id });
  expect(job_result).toEqual({ status: "SUCCESS", result: expect.stringContaining("extras.add_tag") });
  expect(await app.client.query(`{ tags { id } }`)).toEqual({ tags: [] });
  const update = `mutation { update_jobs(name: ["Write"], data: { enabled: false }, dry_run: true) { applied } }`;
  expect((await ada.client.refused(update)).message).toBe("You need the permission extras.change_job.");
});

test("what was written and may not be viewed is told so, and not as deleted", async () => {
  const app = await openTestApp({});
  const ada = await createPerson(app, { username: "ada" }, []);
  await grant(app, "ada", ["extras.tag"], ["view"], { name__isw: "Mine" });
  await grant(app, "ada", ["extras.tag"], ["add", "change"]);
  const { create_tag } = await ada.client.query(`mutation { create_tag(data: { name: "Mine" }) { id } }`);
  const away = await ada.client.refused(`mutation { update_tag(id: "${create_tag.id}", data: { name: "Not so" }) { id } }`);
  expect([away.extensions.code, away.message]).toEqual([
    "FORBIDDEN",
    `The object with id "${create_tag.id}" was written, but you may not view it.`,
  ]);
  expect(await app.client.query(`{ tags { name } }`)).toEqual({ tags: [{ name: "Not so" }] });
  const gone = await ada.client.refused(`mutation { update_tag(id: "${create_tag.id}", data: { name: "Mine" }) { id } }`);
  expect([gone.extensions.code, gone.message]).toEqual(["NOT_FOUND", `There is no tag with id "${create_tag.id}".`]);
});

test("a change must lead from and to objects that its permission is for", async () => {
  const app = await openTestApp({});
  const ada = await createPerson(app, { username: "ada" }, ["Viewers"]);
  await grant(app, "ada", ["extras.tag"], ["add", "change", "delete", "import"], { color: "aaaaaa" });
  const create = (color: string) => `mutation { create_tag(data: { name: "T ${color}", color: "${color}" }) { id } }`;
  const { create_tag } = await app.client.query(create("bbbbbb"));
  const theirs = create_tag.id;
  const { create_tag: mine } = await ada.client.query(create("aaaaaa"));
  const then = " Yours is not for the object as it would be then.";
  const update = (id: string, data: string) => `mutation { update_tag(id: "${id}", data: { ${data} }) { id } }`;
  const rows = (values: string) => `mutation { import_objects(content_type: "extras.tag", rows: [${values}]) { applied } }`;
  const attempts: readonly (readonly [string, string])[] = [
    [create("cccccc"), `You need the permission extras.add_tag.${then}`],
    [update(theirs, `color: "aaaaaa"`), "You need the permission extras.change_tag."],
    [update(mine.id, `color: "bbbbbb"`), `You need the permission extras.change_tag.${then}`],
    [`mutation { delete_tag(id: "${theirs}") { id } }`, "You need the permission extras.delete_tag."],
    [
      rows(`{ name: "New", color: "aaaaaa" }, { id: "${theirs}", description: "d" }`),
      "Row 2: You need the permission extras.change_tag.",
    ],
    [rows(`{ name: "New", color: "bbbbbb" }`), `You need the permission extras.add_tag.${then}`],
  ];
  const database = await databaseOf(app);
  const before = await storedRows(database);
  for (const [document, message] of attempts) {
    const refused = await ada.client.refused(document);
    expect([document, refused.extensions.code, refused.message]).toEqual([document, "FORBIDDEN", message]);
  }
  expect(await storedRows(database)).toEqual(before);
  await ada.client.query(update(mine.id, `description: "d"`));
  await ada.client.query(rows(`{ name: "New", color: "aaaaaa" }, { id: "${mine.id}", description: "e" }`));
  await ada.client.query(`mutation { delete_tag(id: "${mine.id}") { id } }`);
});

test("a job is enabled, and freed from approvals, by those who may do just that", async () => {
  const app = await openTestApp({
    "own.ts": `export const Plain = defineJob({ name: "Plain", approvalRequired: true, run() {} });`,
  });
  const ada = await createPerson(app, { username: "ada" }, ["Viewers"]);
  await grant(app, "ada", ["extras.job"], ["change"]);
  const update = (data: string) => `mutation { update_job(name: "Plain", data: { ${data} }) { enabled approval_required } }`;
  const all = (data: string) => `mutation { update_jobs(name: ["Plain"], data: { ${data} }) { applied } }`;
  const messageOf = async (document: string) => (await ada.client.refused(document)).message;
  for (const write of [update, all]) {
    expect(await messageOf(write("enabled: true"))).toBe("You need the permission extras.enable_job.");
    expect(await messageOf(write("approval_required: false"))).toBe("You need the permission extras.override_approval_job.");
  }
  await ada.client.query(update(`enabled: false, approval_required: true, description: "d"`));
  await grant(app, "ada", ["extras.job"], ["enable"]);
  await ada.client.query(update("enabled: true"));
  expect(await messageOf(update("enabled: false, approval_required: false"))).toContain("override_approval");
  await grant(app, "ada", ["extras.job"], ["override_approval"], { name: "Other" });
  expect(await messageOf(update("approval_required: false"))).toContain("override_approval");
  await grant(app, "ada", ["extras.job"], ["override_approval"], { name: "Plain" });
  expect(await ada.client.query(update("approval_required: false"))).toEqual({
    update_job: { enabled: true, approval_required: false },
  });
});

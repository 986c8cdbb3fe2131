import { expect, test } from "vitest";
import { ensureContentTypes } from "../../src/entities/content-types.ts";
import { openTestApp, type TestApp } from "../support/app.ts";
import { readLog } from "../support/changes.ts";
import { grant } from "../support/grants.ts";
import { createPerson } from "../support/people.ts";
import { databaseOf } from "../support/rows.ts";
import { storedRows } from "../support/stored.ts";

const CREATE = `mutation ($data: CreateObjectPermissionInput!) { create_object_permission(data: $data) { id name actions constraints enabled object_types { label } groups { name } users { username } } }`;
const UPDATE = `mutation ($id: ID!, $data: UpdateObjectPermissionInput!) { update_object_permission(id: $id, data: $data) { id } }`;
const DELETE = `mutation ($id: ID!) { delete_object_permission(id: $id) { id } }`;
const JOIN = `mutation ($id: ID!, $users: [String!]!) { update_group(id: $id, data: { users: $users }) { users { username } } }`;

const TAGS = { name: "Tags", actions: ["add"], object_types: ["extras.tag"] };

async function groupNamed({ client }: Pick<TestApp, "client">, name: string): Promise<string> {
  const { groups } = await client.query(`query ($name: [String]) { groups(name: $name) { id } }`, { name: [name] });
  return groups[0]!.id;
}

test("a permission gives its users and the members of its groups a right, and takes it again", async () => {
  const app = await openTestApp({});
  const { client } = app;
  const ada = await createPerson(app, { username: "ada" }, ["Viewers"]);
  const tag = (name: string) => `mutation { create_tag(data: { name: "${name}" }) { name } }`;
  const codeOf = async () => (await ada.client.refused(tag("refused"))).extensions.code;
  expect(await codeOf()).toBe("FORBIDDEN");
  const constraints = [{ name__isw: "a" }, { description: "b" }];
  const { create_object_permission: made } = await client.query(CREATE, {
    data: { ...TAGS, users: ["ada"], constraints, description: "d" },
  });
  expect(made).toEqual({
    id: expect.any(String),
    name: "Tags",
    actions: ["add"],
    constraints,
    enabled: true,
    object_types: [{ label: "extras.tag" }],
    groups: [],
    users: [{ username: "ada" }],
  });
  await ada.client.query(tag("a tag"));
  expect(await codeOf()).toBe("FORBIDDEN");
  await client.query(UPDATE, { id: made.id, data: { users: [], groups: ["Viewers"] } });
  await ada.client.query(tag("another"));
  await client.query(UPDATE, { id: made.id, data: { enabled: false } });
  expect((await ada.client.refused(tag("a third"))).extensions.code).toBe("FORBIDDEN");
  await client.query(UPDATE, { id: made.id, data: { enabled: true } });
  await client.query(DELETE, { id: made.id });
  expect((await ada.client.refused(tag("a third"))).extensions.code).toBe("FORBIDDEN");
  const log = (await readLog(client)).filter(({ changed_object_type }) => changed_object_type.label === "users.objectpermission");
  expect(log.map(({ action, differences }) => [action, differences?.added?.["enabled"]])).toEqual([
    ["CREATE", true],
    ["UPDATE", undefined],
    ["UPDATE", false],
    ["UPDATE", true],
    ["DELETE", undefined],
  ]);
});

test("a permission that could mean nothing is refused by its field", async () => {
  const { client } = await openTestApp({});
  const messagesOf = async (data: object) =>
    (await client.refused(CREATE, { data: { ...TAGS, ...data } })).extensions.details!.map(
      ({ field, message }) => `${field}: ${message}`,
    );
  const all = "view, add, change, delete, run, approve, cancel, enable, import, override_approval, prune";
  expect(await messagesOf({ actions: ["fly", "view"] })).toEqual([`data.actions: There is no action "fly": actions are ${all}.`]);
  expect(await messagesOf({ actions: [] })).toEqual([`data.actions: Name at least one action, of ${all}.`]);
  expect(await messagesOf({ object_types: [] })).toEqual([
    "data.object_types: Name at least one kind of objects, e.g. `extras.job`.",
  ]);
  expect(await messagesOf({ object_types: ["dcim.device"] })).toEqual([
    "data.object_types: This server has no objects of the kind dcim.device, so that nobody needs permissions for them.",
  ]);
  expect(await messagesOf({ object_types: ["extras.tag", "extras.note"], constraints: { color: "aabbcc" } })).toEqual([
    expect.stringMatching(/^data\.constraints: extras\.note: "color"/),
  ]);
  expect(await messagesOf({ constraints: "all" })).toEqual([
    "data.constraints: extras.tag: Constraints are an object, or a list of objects.",
  ]);
  await client.query(CREATE, { data: TAGS });
  expect(await messagesOf({})).toEqual([expect.stringMatching(/^data\.name: .*taken/)]);
});

test("a permission for a kind of objects that the server no longer has can be changed, and tells this kind", async () => {
  const app = await openTestApp({});
  const { client } = app;
  await ensureContentTypes(await databaseOf(app), ["dcim.device"]);
  const name = await grant(app, "admin", ["dcim.device", "extras.tag"], ["view"], { name: "One" });
  const { object_permissions } = await client.query(`query ($name: [String]) { object_permissions(name: $name) { id } }`, {
    name: [name],
  });
  const { id } = object_permissions![0]!;
  await client.query(UPDATE, { id, data: { enabled: false } });
  const kinds = { object_types: ["dcim.device", "extras.job"] };
  await client.query(UPDATE, { id, data: kinds });
  const refused = await client.refused(UPDATE, { id, data: { object_types: ["dcim.rack"] } });
  expect(refused.extensions.details).toMatchObject([{ field: "data.object_types" }]);
  const { object_permission } = await client.query(
    `query ($id: ID!) { object_permission(id: $id) { enabled object_types { label } } }`,
    { id },
  );
  expect(object_permission).toEqual({ enabled: false, object_types: kinds.object_types.map((label) => ({ label })) });
});

test("nobody hands out, or changes, more than they may do themselves", async () => {
  const app = await openTestApp({});
  const { client } = app;
  const database = await databaseOf(app);
  const mallory = await createPerson(app, { username: "mallory" }, ["Viewers"]);
  await createPerson(app, { username: "friend" }, []);
  const kinds = ["users.objectpermission", "auth.group", "users.user"];
  await grant(app, "mallory", kinds, ["view", "add", "change", "delete", "import"]);
  await grant(app, "mallory", ["extras.tag"], ["view", "add"]);
  await grant(app, "mallory", ["extras.tag"], ["change"], { name: "One" });
  const { create_object_permission: strong } = await client.query(CREATE, {
    data: { name: "Strong", actions: ["run"], object_types: ["extras.job"], groups: ["Operators"] },
  });
  const administrators = await groupNamed(app, "Administrators");
  const approvers = await groupNamed(app, "Approvers");
  const give = (data: object) =>
    [CREATE, { data: { name: "Mine", object_types: ["extras.tag"], users: ["mallory"], ...data } }] as const;
  const rows = [{ name: "Mine", actions: ["delete"], object_types: ["extras.tag"], users: ["mallory"] }];
  const { users } = await client.query(`{ users(username: ["mallory"]) { id } }`);
  const id = users[0]!.id;
  const { create_object_permission: own } = await mallory.client.query(...give({ actions: ["add"], name: "Own" }));
  const attempts: readonly (readonly [string, object, string])[] = [
    [...give({ actions: ["delete"] }), "extras.delete_tag"],
    [...give({ actions: ["add", "change"] }), "extras.change_tag"],
    [...give({ actions: ["change"], constraints: { name: "One" } }), "extras.change_tag"],
    [...give({ actions: ["delete"], enabled: false }), "extras.delete_tag"],
    [...give({ actions: ["add"], object_types: ["extras.tag", "extras.job"] }), "extras.add_job"],
    [UPDATE, { id: own.id, data: { actions: ["add", "delete"] } }, "extras.delete_tag"],
    [UPDATE, { id: own.id, data: { object_types: ["users.token"] } }, "users.add_token"],
    [UPDATE, { id: strong.id, data: { users: ["mallory"] } }, "extras.run_job"],
    // To take a right away that one may give nobody is no act of theirs either.
    [UPDATE, { id: strong.id, data: { enabled: false } }, "extras.run_job"],
    [UPDATE, { id: strong.id, data: { actions: ["add"], object_types: ["extras.tag"] } }, "extras.run_job"],
    [DELETE, { id: strong.id }, "extras.run_job"],
    [JOIN, { id: administrators, users: ["mallory"] }, "_"],
    [JOIN, { id: approvers, users: ["friend"] }, "_"],
    [
      `mutation ($rows: [GenericScalar]!) { import_objects(content_type: "users.objectpermission", rows: $rows) { applied } }`,
      { rows },
      "extras.delete_tag",
    ],
    [
      `mutation ($id: String!) { import_objects(content_type: "auth.group", rows: [{ id: $id, users: ["mallory"] }]) { applied } }`,
      { id: administrators },
      "_",
    ],
    [`mutation ($id: ID!) { update_user(id: $id, data: { is_superuser: true }) { id } }`, { id }, "Only superusers"],
    [`mutation { create_user(data: { username: "root", is_superuser: true }) { id } }`, {}, "Only superusers"],
  ];
  const before = await storedRows(database);
  for (const [document, variables, words] of attempts) {
    const { extensions, message } = await mallory.client.refused(document, variables);
    expect([document, variables, extensions.code, message]).toEqual([
      document,
      variables,
      "FORBIDDEN",
      expect.stringContaining(words),
    ]);
  }
  expect(await storedRows(database)).toEqual(before);
  // Own rights may be given on.
  await mallory.client.query(UPDATE, { id: own.id, data: { users: ["friend"] } });
  await client.query(`mutation { create_group(data: { name: "Plain" }) { id } }`);
  const plain = await groupNamed(app, "Plain");
  expect(await mallory.client.query(JOIN, { id: plain, users: ["friend"] })).toEqual({
    update_group: { users: [{ username: "friend" }] },
  });
  // Members of a strong group may be taken out of it by those who may change groups.
  await client.query(JOIN, { id: approvers, users: ["friend", "mallory"] });
  await mallory.client.query(JOIN, { id: approvers, users: ["mallory"] });
});

test("an administrator who is no superuser hands out what the group gives", async () => {
  const app = await openTestApp({});
  const boss = await createPerson(app, { username: "boss" }, ["Administrators"]);
  await createPerson(app, { username: "newcomer" }, []);
  for (const name of ["Viewers", "Operators", "Authors", "Approvers", "Administrators"])
    await boss.client.query(JOIN, { id: await groupNamed(app, name), users: ["newcomer", "boss"] });
  const made = await boss.client.query(CREATE, { data: { ...TAGS, users: ["newcomer"] } });
  expect(made).toHaveProperty("create_object_permission");
});

const ASK = `query ($user: String!, $action: String!, $type: String!, $id: ID) {
  test_permission(user: $user, action: $action, object_type: $type, id: $id) { allowed superuser reason permissions { name matches reason } } }`;

test("test_permission tells why a user may act so, or may not", async () => {
  const app = await openTestApp({});
  const { client } = app;
  const ada = await createPerson(app, { username: "ada" }, []);
  const { create_tag: one } = await client.query(`mutation { create_tag(data: { name: "One" }) { id } }`);
  const { create_tag: two } = await client.query(`mutation { create_tag(data: { name: "Two" }) { id } }`);
  const permission = async (name: string, data: object) =>
    client.query(CREATE, { data: { name, actions: ["change"], object_types: ["extras.tag"], users: ["ada"], ...data } });
  const ask = async (action: string, id?: string, user = "ada", type = "extras.tag") =>
    (await client.query(ASK, { user, action, type, id })).test_permission;
  expect(await ask("change", one.id)).toEqual({
    allowed: false,
    superuser: false,
    reason: "The user has no permission for objects of the kind.",
    permissions: [],
  });
  await permission("A: other action", { actions: ["view"] });
  await permission("B: disabled", { enabled: false });
  await permission("C: constrained", { constraints: { name: "One" } });
  const told = (third: [boolean, string]) => [
    { name: "A: other action", matches: false, reason: "It does not allow change." },
    { name: "B: disabled", matches: false, reason: "It is disabled." },
    { name: "C: constrained", matches: third[0], reason: third[1] },
  ];
  expect(await ask("change", one.id)).toEqual({
    allowed: true,
    superuser: false,
    reason: "A permission of the user allows it.",
    permissions: told([true, "The object matches its constraints."]),
  });
  expect(await ask("change", two.id)).toEqual({
    allowed: false,
    superuser: false,
    reason: "No permission of the user allows it.",
    permissions: told([false, "The object does not match its constraints."]),
  });
  expect(await ask("change")).toMatchObject({
    allowed: true,
    permissions: told([true, "It is for the objects that match its constraints."]),
  });
  await client.query(`mutation { create_group(data: { name: "G", users: ["ada"] }) { id } }`);
  await permission("D: of a group", { users: [], groups: ["G"] });
  expect((await ask("change", two.id)).permissions.at(-1)).toEqual({
    name: "D: of a group",
    matches: true,
    reason: "It is for all objects of the kind.",
  });
  expect(await ask("delete", one.id, "admin")).toMatchObject({
    allowed: true,
    superuser: true,
    reason: "The user is a superuser, who may do everything.",
  });
  // It tells what holds.
  const change = (id: string) => `mutation { update_tag(id: "${id}", data: { description: "d" }) { id } }`;
  await ada.client.query(change(two.id).replace("{ id }", "{ name }"));
  await client.query(`mutation { update_user(id: "${ada.id}", data: { is_active: false }) { id } }`);
  expect(await ask("change", two.id)).toMatchObject({
    allowed: false,
    reason: "The user is not active, and may do nothing.",
  });
  const refusals = [
    [{ user: "nobody", action: "view", type: "extras.tag" }, "NOT_FOUND"],
    [{ user: "ada", action: "view", type: "extras.tag", id: "018ff000-0000-7000-8000-999999999999" }, "NOT_FOUND"],
    [{ user: "ada", action: "fly", type: "extras.tag" }, "BAD_USER_INPUT"],
    [{ user: "ada", action: "view", type: "dcim.device" }, "BAD_USER_INPUT"],
  ] as const;
  for (const [variables, code] of refusals) expect((await client.refused(ASK, variables)).extensions.code).toBe(code);
});

test("test_permission is for those who may view permissions, and tells only of what they may view", async () => {
  const app = await openTestApp({});
  const { client } = app;
  const eve = await createPerson(app, { username: "eve" }, ["Viewers"]);
  await createPerson(app, { username: "ada" }, []);
  const { create_tag: tag } = await client.query(`mutation { create_tag(data: { name: "One" }) { id } }`);
  const variables = { user: "ada", action: "view", type: "extras.tag", id: tag.id };
  const { extensions, message } = await eve.client.refused(ASK, variables);
  expect([extensions.code, message]).toEqual(["FORBIDDEN", "You need the permission users.view_objectpermission."]);
  const hal = await createPerson(app, { username: "hal" }, []);
  await grant(app, "hal", ["users.objectpermission"], ["view"], { name: "Shown" });
  expect((await hal.client.refused(ASK, variables)).extensions.code).toBe("NOT_FOUND");
  await grant(app, "hal", ["users.user"], ["view"]);
  expect((await hal.client.refused(ASK, variables)).extensions.code).toBe("NOT_FOUND");
  await grant(app, "hal", ["extras.tag"], ["view"]);
  for (const name of ["Shown", "Hidden"])
    await client.query(CREATE, { data: { name, actions: ["view"], object_types: ["extras.tag"], users: ["ada"] } });
  const { test_permission } = await hal.client.query(ASK, variables);
  expect(test_permission).toMatchObject({ allowed: true, permissions: [{ name: "Shown" }] });
});

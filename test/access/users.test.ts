import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../support/app.ts";
import { createClient, post } from "../support/client.ts";
import { grant } from "../support/grants.ts";
import { signIn } from "../support/http.ts";
import { createPerson } from "../support/people.ts";

const CREATE = `mutation ($data: CreateUserInput!) { create_user(data: $data) { id username is_active is_staff is_superuser } }`;
const UPDATE = `mutation ($id: ID!, $data: UpdateUserInput!) { update_user(id: $id, data: $data) { username is_active } }`;
const TOKEN = `mutation ($user: String!, $expires: DateTime) { create_token(user: $user, description: "tests", expires: $expires) { id key } }`;

async function makeUser({ client }: TestApp, data: object) {
  const { create_user } = await client.query(CREATE, { data });
  const { create_token } = await client.query(TOKEN, { user: create_user.username });
  return { ...create_user, token: create_token } as { id: string; username: string; token: { id: string; key: string } };
}

test("a superuser makes users and keys; both are in the change log, and the key in no place", async () => {
  const app = await openTestApp({});
  const ada = await makeUser(app, { username: "ada", email: "ada@example.com" });
  expect(ada).toMatchObject({ username: "ada", is_active: true, is_staff: false, is_superuser: false });
  expect(ada.token.key).toMatch(/^[0-9a-f]{40}$/);
  const client = createClient(app.url, ada.token.key);
  // A user without groups sees nothing.
  expect(await client.query(`{ users { email } }`)).toEqual({ users: [] });
  const { object_changes } = await app.client.query(
    `{ object_changes(user_name: "admin", sort: ["time", "id"]) { action user_name object_repr object_data_v2 changed_object_type { label } } }`,
  );
  expect(object_changes).toMatchObject([
    { action: "CREATE", user_name: "admin", object_repr: "ada", changed_object_type: { label: "users.user" } },
    { action: "CREATE", user_name: "admin", changed_object_type: { label: "users.token" } },
  ]);
  expect(JSON.stringify(object_changes)).not.toContain(ada.token.key);
  expect(JSON.stringify(app.logged)).not.toContain(ada.token.key);
});

test("nobody else may, staff included", async () => {
  const app = await openTestApp({});
  const { tokens } = await app.client.query(`{ tokens { id } }`);
  const keyOfAdmin = tokens[0]!.id;
  for (const data of [{ username: "ada" }, { username: "bob", is_staff: true }]) {
    const { token, id } = await makeUser(app, data);
    const client = createClient(app.url, token.key);
    for (const [document, variables] of [
      [CREATE, { data: { username: "eve" } }],
      [UPDATE, { id, data: { is_superuser: true } }],
      [TOKEN, { user: "admin" }],
      [`mutation { delete_token(id: "${keyOfAdmin}") { id } }`, {}],
    ] as const)
      expect((await client.refused(document, variables)).extensions.code).toBe("FORBIDDEN");
  }
});

test("a disabled user and a deleted key are refused", async () => {
  const app = await openTestApp({});
  const ada = await makeUser(app, { username: "ada" });
  const status = async (key: string) => (await post(app.url, key, { query: "{ __typename }" })).status;
  expect(await status(ada.token.key)).toBe(200);
  const { create_token: other } = await app.client.query(TOKEN, { user: ada.id, expires: new Date(Date.now() + 60_000) });
  expect(await status(other.key)).toBe(200);
  await app.client.query(`mutation ($id: ID!) { delete_token(id: $id) { id } }`, { id: other.id });
  expect(await status(other.key)).toBe(401);
  expect(await app.client.query(UPDATE, { id: ada.id, data: { is_active: false } })).toEqual({
    update_user: { username: "ada", is_active: false },
  });
  expect(await status(ada.token.key)).toBe(401);
});

test.for([
  [CREATE, { data: { username: "admin" } }, "data.username"],
  [CREATE, { data: { username: "a b" } }, "data.username"],
  [CREATE, { data: { username: "" } }, "data.username"],
  [CREATE, { data: { username: "x".repeat(151) } }, "data.username"],
  [TOKEN, { user: "admin", expires: "2020-01-01T00:00:00Z" }, "expires"],
] as const)("%s with %j is refused by its field", async ([document, variables, field]) => {
  const { client } = await openTestApp({});
  const { extensions } = await client.refused(document, variables);
  expect(extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field }] });
});

test("a user that does not exist has no key", async () => {
  const { client } = await openTestApp({});
  expect((await client.refused(TOKEN, { user: "nobody" })).extensions.code).toBe("NOT_FOUND");
});

test("the last superuser stays one", async () => {
  const app = await openTestApp({});
  const { users } = await app.client.query(`{ users { id } }`);
  for (const data of [{ is_active: false }, { is_superuser: false }])
    expect((await app.client.refused(UPDATE, { id: users[0]!.id, data })).extensions).toMatchObject({
      code: "BAD_USER_INPUT",
      details: [{ field: "data.is_superuser" }],
    });
  await makeUser(app, { username: "root", is_superuser: true });
  await app.client.query(UPDATE, { id: users[0]!.id, data: { is_superuser: false } });
});

const PASSWORD = "correct horse battery";
const PASSWORDS: Record<string, [document: string, variables: object]> = {
  "a new user": [CREATE, { data: { username: "eve", password: "short" } }],
  "a user": [UPDATE, { id: "01a20d41-bf32-73c7-86b0-37568f855895", data: { password: "short" } }],
};
test.for(Object.keys(PASSWORDS))("a password of %s that is too short is refused by its field", async (name) => {
  const { client } = await openTestApp({});
  const { extensions, message } = await client.refused(...PASSWORDS[name]!);
  expect(extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field: "data.password" }] });
  expect(message).toBe("A password has at least 12 characters.");
});

test("who may add and change users makes nobody stronger, and is nobody who is stronger", async () => {
  const app = await openTestApp({});
  const ada = await createPerson(app, { username: "ada" }, []);
  const bob = await createPerson(app, { username: "bob" }, []);
  const eve = await createPerson(app, { username: "eve" }, []);
  await grant(app, "ada", ["users.user"], ["view", "add", "change"]);
  await grant(app, "eve", ["extras.job"], ["run"]);
  const { users } = await app.client.query(`{ users(username: "admin") { id } }`);
  const admin = users[0]!.id;
  await ada.client.query(CREATE, { data: { username: "new", password: PASSWORD } });
  await ada.client.query(UPDATE, { id: bob.id, data: { email: "bob@example.com", password: PASSWORD } });
  await ada.client.query(UPDATE, { id: eve.id, data: { email: "eve@example.com" } });
  await signIn(app.url, "bob", PASSWORD);
  for (const [document, variables, sentence] of [
    [CREATE, { data: { username: "boss", is_superuser: true } }, "Only superusers may make superusers"],
    [CREATE, { data: { username: "boss", is_staff: true } }, "Only staff may make staff"],
    [UPDATE, { id: ada.id, data: { is_superuser: true } }, "Only superusers may make superusers"],
    [UPDATE, { id: ada.id, data: { is_staff: true } }, "Only staff may make staff"],
    [UPDATE, { id: admin, data: { password: PASSWORD } }, "Only superusers may set the password of a superuser"],
    [UPDATE, { id: admin, data: { is_active: false } }, "Only superusers may change a superuser"],
    [UPDATE, { id: admin, data: { is_superuser: false } }, "Only superusers may change a superuser"],
    [UPDATE, { id: eve.id, data: { password: PASSWORD } }, "extras.run_job"],
  ] as const) {
    const { message, extensions } = await ada.client.refused(document, variables);
    expect([extensions.code, message]).toEqual(["FORBIDDEN", expect.stringContaining(sentence)]);
  }
  await expect(signIn(app.url, "eve", PASSWORD)).rejects.toThrow("401");
  expect((await app.client.query(`{ users(username: "boss") { id } }`)).users).toEqual([]);
});

test("who may change some users changes no others, and makes none of those into others", async () => {
  const app = await openTestApp({});
  const ada = await createPerson(app, { username: "ada" }, []);
  const bob = await createPerson(app, { username: "bob" }, []);
  await grant(app, "ada", ["users.user"], ["view"]);
  await grant(app, "ada", ["users.user"], ["add", "change"], { email__endswith: "@team.example" });
  await app.client.query(UPDATE, { id: ada.id, data: { email: "ada@team.example" } });
  await ada.client.query(CREATE, { data: { username: "new", email: "new@team.example" } });
  for (const [document, variables, right] of [
    [CREATE, { data: { username: "other", email: "other@other.example" } }, "users.add_user"],
    [UPDATE, { id: bob.id, data: { email: "bob@team.example" } }, "users.change_user"],
    [UPDATE, { id: "00000000-0000-7000-8000-000000000000", data: { email: "x@team.example" } }, "users.change_user"],
    [UPDATE, { id: ada.id, data: { email: "ada@other.example" } }, "users.change_user"],
  ] as const) {
    const { message, extensions } = await ada.client.refused(document, variables);
    expect([extensions.code, message]).toEqual(["FORBIDDEN", expect.stringContaining(right)]);
  }
  const { users } = await app.client.query(`{ users(sort: ["username"]) { username email } }`);
  expect(users.map(({ username, email }) => `${username} ${email}`)).toEqual([
    "ada ada@team.example",
    "admin ",
    "bob ",
    "new new@team.example",
  ]);
});

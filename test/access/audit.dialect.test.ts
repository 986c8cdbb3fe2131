import { expect, test } from "vitest";
import { KEY, openTestApp, type TestApp } from "../support/app.ts";
import { createClient, post } from "../support/client.ts";
import { send, signIn } from "../support/http.ts";
import { grant } from "../support/grants.ts";
import { createPerson } from "../support/people.ts";
import { databaseOf } from "../support/rows.ts";
import { runToEnd } from "../support/runs.ts";
import { answerOver, TRANSPORTS } from "../support/transports.ts";

const PASSWORD = "correct horse battery";
const OTHER = "another horse battery";
const CREATE = `mutation ($data: CreateUserInput!) { create_user(data: $data) { id } }`;
const UPDATE = `mutation ($id: ID!, $data: UpdateUserInput!) { update_user(id: $id, data: $data) { id } }`;
const CHANGE = `mutation ($old: String!, $new: String!) { change_password(old_password: $old, new_password: $new) { id } }`;
const APPROVED = `export const Asks = defineJob({ name: "Asks", enabled: true, approvalRequired: true, run() {} });`;

/** The audit so far, without what differs from run to run. */
const auditOf = ({ logged }: TestApp) =>
  logged
    .filter((line) => line["audit"] === true)
    .map(({ event, user, address, action, object_type, name, by, level }) =>
      Object.fromEntries(
        Object.entries({ event, user, address, action, object_type, name, by, level }).filter(([, value]) => value !== undefined),
      ),
    );

test("the log says who signed in and out, failed to, and changed users, keys, passwords and groups", async () => {
  const app = await openTestApp({});
  const { create_user: ada } = (await app.client.query(CREATE, { data: { username: "ada", password: PASSWORD } })) as any;
  const cookie = await signIn(app.url, "ada", PASSWORD);
  for (const username of ["ada", "nobody"]) await expect(signIn(app.url, username, "wrong")).rejects.toThrow("401");
  await answerOver("plain HTTP", app.url, cookie, CHANGE, { old: PASSWORD, new: OTHER });
  await send(`${app.url}/auth/sign-out`, { method: "POST", headers: cookie, body: {} });
  const { create_token } = (await app.client.query(
    `mutation { create_token(user: "ada", description: "Laptop", allowed_networks: ["10.0.0.0/8"]) { id key } }`,
  )) as any;
  await post(app.url, create_token.key, { query: "{ me { id } }" });
  await app.client.query(`mutation ($id: ID!) { delete_token(id: $id) { id } }`, { id: create_token.id });
  await app.client.query(UPDATE, { id: ada.id, data: { password: PASSWORD } });
  await app.client.query(UPDATE, { id: ada.id, data: { is_active: false } });
  await app.client.query(`mutation { create_group(data: { name: "Auditors", users: [] }) { id } }`);
  const address = "127.0.0.1";
  expect(auditOf(app)).toEqual([
    { event: "object_changed", user: "admin", action: "CREATE", object_type: "users.user", name: "ada", level: 30 },
    { event: "password_changed", user: "admin", address, level: 30 },
    { event: "sign_in", user: "ada", address, by: "password", level: 30 },
    { event: "sign_in_failed", user: "ada", address, level: 40 },
    { event: "sign_in_failed", address, level: 40 },
    { event: "password_changed", user: "ada", address, level: 30 },
    { event: "sign_out", user: "ada", address, level: 30 },
    { event: "object_changed", user: "admin", action: "CREATE", object_type: "users.token", name: expect.any(String), level: 30 },
    { event: "key_refused", user: "ada", address, level: 40 },
    { event: "object_changed", user: "admin", action: "DELETE", object_type: "users.token", name: expect.any(String), level: 30 },
    { event: "password_changed", user: "admin", address, level: 30 },
    { event: "object_changed", user: "admin", action: "UPDATE", object_type: "users.user", name: "ada", level: 30 },
    { event: "object_changed", user: "admin", action: "CREATE", object_type: "auth.group", name: "Auditors", level: 30 },
  ]);
});

test("the log says who approved", async () => {
  const app = await openTestApp({ "jobs.ts": APPROVED });
  const asks = await createPerson(app, { username: "asks" }, []);
  await grant(app, "asks", ["extras.job", "extras.jobresult", "extras.scheduledjob"], ["view", "run"]);
  const { run_job } = (await asks.client.query(
    `mutation { run_job(class_path: "jobs.Asks") { id scheduled_job { id } } }`,
  )) as any;
  const before = auditOf(app).length;
  await app.client.query(`mutation ($id: ID!) { approve_scheduled_job(id: $id) { id } }`, { id: run_job.scheduled_job.id });
  expect(auditOf(app).slice(before)).toEqual([
    { event: "request_decided", user: "admin", object_type: "extras.scheduledjob", name: expect.any(String), level: 30 },
  ]);
  expect(app.logged.find((line) => line["event"] === "request_decided")).toMatchObject({ state: "ACTIVE" });
});

test("no line of the log has a password, a key, a session or their hashes", async () => {
  const app = await openTestApp({
    "jobs.ts": `export const Says = defineJob({ name: "Says", enabled: true, run: ({ logger }) => logger.info("said") });`,
  });
  const secrets = [KEY, PASSWORD, OTHER, "a secret key of the tests"];
  const { create_user: ada } = (await app.client.query(CREATE, {
    data: { username: "ada", password: PASSWORD, is_superuser: true },
  })) as any;
  const cookie = await signIn(app.url, "ada", PASSWORD);
  secrets.push(cookie.cookie.split("=")[1]!);
  // The password in the place of the username, as people do.
  for (const [username, password] of [
    ["ada", OTHER],
    [PASSWORD, ""],
    [PASSWORD, PASSWORD],
  ])
    await send(`${app.url}/auth/sign-in`, { method: "POST", body: { username, password } });
  await send(`${app.url}/auth/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: `{"password":"${PASSWORD}`,
  });
  for (const transport of TRANSPORTS) {
    const { data } = await answerOver(transport, app.url, cookie, `mutation { create_token { id key } }`);
    secrets.push(data.create_token.key);
    await answerOver(transport, app.url, { authorization: `Token ${data.create_token.key}` }, CHANGE, {
      old: OTHER,
      new: PASSWORD,
    });
    await answerOver(transport, app.url, { authorization: `Bearer ${data.create_token.key}x` }, "{ me { id } }");
    await answerOver(transport, app.url, cookie, `mutation { create_user(data: { username: "", password: "${OTHER}" }) { id } }`);
  }
  await runToEnd(createClient(app.url, secrets.at(-1)!), "jobs.Says");
  await app.client.query(UPDATE, { id: ada.id, data: { password: OTHER } });
  await send(`${app.url}/auth/sign-out`, { method: "POST", headers: cookie, body: {} });
  const { rows } = await databaseOf(app);
  for (const { key_hash } of await rows.selectFrom("token").select("key_hash").execute()) secrets.push(key_hash);
  for (const { password_hash } of await rows.selectFrom("user").select("password_hash").execute())
    if (password_hash) secrets.push(password_hash);
  const { object_changes } = (await app.client.query(`{ object_changes { object_data_v2 prechange } }`)) as any;
  const text = JSON.stringify([app.logged, object_changes]);
  expect(app.logged.length).toBeGreaterThan(10);
  expect(secrets.length).toBeGreaterThan(12);
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
});

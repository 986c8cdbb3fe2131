import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { openTestApp, type TestApp } from "../support/app.ts";
import { createTestClock } from "../support/clock.ts";
import { openEventStream } from "../support/event-stream.ts";
import { send, signIn } from "../support/http.ts";
import { databaseOf } from "../support/rows.ts";
import { answerOver, openAcknowledged, TRANSPORTS } from "../support/transports.ts";

const PASSWORD = "correct horse battery";
const ME = { query: "{ me { username } }" };
const ADA = { me: { username: "ada" } };
const CREATE = `mutation ($data: CreateUserInput!) { create_user(data: $data) { id } }`;
const UPDATE = `mutation ($id: ID!, $data: UpdateUserInput!) { update_user(id: $id, data: $data) { id } }`;
const CHANGE = `mutation ($old: String!, $new: String!) { change_password(old_password: $old, new_password: $new) { id } }`;

async function openWithAda(config: Parameters<typeof openTestApp>[1] = {}, clock = createTestClock()) {
  const app = await openTestApp({}, config, clock);
  const { create_user } = (await app.client.query(CREATE, { data: { username: "ada", password: PASSWORD } })) as any;
  return { app, clock, id: create_user.id as string };
}

const sessionOf = async ({ url }: TestApp, headers: Record<string, string>) =>
  (await send(`${url}/auth/session`, { headers })).body.user?.username ?? null;

describe("a user who has signed in", () => {
  test("has a cookie that no script reads, and is told who is signed in", async () => {
    const { app, id } = await openWithAda();
    const answer = await send(`${app.url}/auth/sign-in`, { method: "POST", body: { username: "ada", password: PASSWORD } });
    expect([answer.status, answer.body.user, answer.headers["cache-control"]]).toEqual([
      200,
      { id, username: "ada" },
      "no-store",
    ]);
    expect(answer.headers["set-cookie"]).toHaveLength(1);
    expect(answer.headers["set-cookie"]![0]).toMatch(
      /^jobgraph-session=[\w-]{43}; Path=\/; Max-Age=4(3200|3199); HttpOnly; SameSite=Lax$/,
    );
    const cookie = answer.headers["set-cookie"]![0]!.split(";")[0]!;
    const session = await send(`${app.url}/auth/session`, { headers: { cookie: `theme=dark; ${cookie}` } });
    expect(session.body).toEqual({ user: { id, username: "ada" }, expires: answer.body.expires, oidc: false });
    expect((await send(`${app.url}/auth/session`)).body).toEqual({ user: null, expires: null, oidc: false });
    const { users } = (await app.client.query(`{ users(username: "ada") { last_login } }`)) as any;
    expect(users[0].last_login).not.toBeNull();
    const stored = await (await databaseOf(app)).rows.selectFrom("user_session").select("key_hash").execute();
    expect(cookie).not.toContain(stored[0]!.key_hash);
  });

  test.for(TRANSPORTS)("is let in over %s by the cookie, and by a key in place of it", async (transport) => {
    const { app } = await openWithAda();
    const cookie = await signIn(app.url, "ada", PASSWORD);
    expect((await answerOver(transport, app.url, cookie, ME.query)).data).toEqual(ADA);
    const { create_token } = (await app.client.query(`mutation { create_token { key } }`)) as any;
    const both = { ...cookie, authorization: `Token ${create_token.key}` };
    expect((await answerOver(transport, app.url, both, ME.query)).data).toEqual({ me: { username: "admin" } });
  });

  test("downloads by the cookie", async () => {
    const { app } = await openWithAda();
    const headers = await signIn(app.url, "ada", PASSWORD);
    const path = `${app.url}/api/extras/file-proxies/01a20d41-bf32-73c7-86b0-37568f855895/download/`;
    expect([(await send(path)).status, (await send(path, { headers })).status]).toEqual([401, 404]);
  });

  test("makes keys that outlive the session", async () => {
    const { app } = await openWithAda();
    const cookie = await signIn(app.url, "ada", PASSWORD);
    const { data } = await answerOver("plain HTTP", app.url, cookie, `mutation { create_token { key } }`);
    await send(`${app.url}/auth/sign-out`, { method: "POST", headers: cookie, body: {} });
    const key = { authorization: `Token ${data.create_token.key}` };
    expect((await answerOver("plain HTTP", app.url, key, ME.query)).data).toEqual(ADA);
  });
});

describe("nobody is signed in", () => {
  test("by a wrong name or password, or as a user who is disabled or has no password: with the same words", async () => {
    const { app } = await openWithAda();
    for (const data of [{ username: "bob" }, { username: "eve", password: PASSWORD, is_active: false }])
      await app.client.query(CREATE, { data });
    for (const [username, password] of [
      ["ada", "correct horse batterY"],
      ["ADA", PASSWORD],
      ["nobody", PASSWORD],
      ["bob", ""],
      ["bob", PASSWORD],
      ["eve", PASSWORD],
      ["ada", PASSWORD.repeat(400)],
    ]) {
      const { status, body, headers } = await send(`${app.url}/auth/sign-in`, { method: "POST", body: { username, password } });
      expect([status, body.errors[0].message, headers["set-cookie"]]).toEqual([
        401,
        "The username or the password is wrong.",
        undefined,
      ]);
    }
  });

  test.for([{}, { username: "ada" }, { username: 7, password: PASSWORD }, { username: "ada", password: null }, [], "text", null])(
    "by %j",
    async (body) => {
      const { app } = await openWithAda();
      const answer = await send(`${app.url}/auth/sign-in`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect([answer.status, answer.body.errors[0].extensions.code]).toEqual([400, "BAD_USER_INPUT"]);
    },
  );

  test("by GET, and no path beside the pages is served", async () => {
    const { app } = await openWithAda();
    expect((await send(`${app.url}/auth/sign-in?username=ada&password=x`)).status).toBe(400);
    for (const path of ["/auth/", "/auth/toString", "/auth/sign-in/", "/auth/__proto__"])
      expect((await send(app.url + path)).status).toBe(404);
  });

  test("too often: an address and a name have to wait, whoever has the name", async () => {
    const { app } = await openWithAda({ maxFailedSignInsPerMinute: 3 });
    const codes = [];
    const statusOf = async (username: string, password: string) =>
      (await send(`${app.url}/auth/sign-in`, { method: "POST", body: { username, password } })).status;
    expect(await statusOf("ada", PASSWORD)).toBe(200);
    for (let n = 0; n < 4; n++) codes.push(await statusOf(n % 2 === 0 ? "ada" : "nobody", `wrong ${n}`));
    expect(codes).toEqual([401, 401, 401, 429]);
    const refused = await send(`${app.url}/auth/sign-in`, { method: "POST", body: { username: "ada", password: PASSWORD } });
    expect([refused.status, Number(refused.headers["retry-after"]) > 0]).toEqual([429, true]);
    expect(refused.body.errors[0].extensions.code).toBe("LIMIT_EXCEEDED");
  });
});

describe("a session", () => {
  const password = "another horse battery";
  const ENDS: Record<string, (world: { app: TestApp; id: string; cookie: { cookie: string } }) => Promise<unknown>> = {
    "is signed out": ({ app, cookie }) => send(`${app.url}/auth/sign-out`, { method: "POST", headers: cookie, body: {} }),
    "is one of before a new password": ({ app, id }) => app.client.query(UPDATE, { id, data: { password } }),
    "is one of before a password was taken away": ({ app, id }) => app.client.query(UPDATE, { id, data: { password: null } }),
    "is another than the one that the user changes the password in": async ({ app }) => {
      const other = await signIn(app.url, "ada", PASSWORD);
      await answerOver("plain HTTP", app.url, other, CHANGE, { old: PASSWORD, new: password });
      expect(await sessionOf(app, other)).toBe("ada");
    },
    "is of a user who was disabled": ({ app, id }) => app.client.query(UPDATE, { id, data: { is_active: false } }),
    "has expired": async ({ app }) =>
      (await databaseOf(app)).rows
        .updateTable("user_session")
        .set({ expires: new Date(0).toISOString() })
        .execute(),
    "is of a user who is deleted": async ({ app, id }) =>
      (await databaseOf(app)).rows.deleteFrom("user").where("id", "=", id).execute(),
  };
  test.for(Object.keys(ENDS))("that %s is over at once, and its sockets and streams within 5 s", async (name) => {
    const { app, clock, id } = await openWithAda();
    const cookie = await signIn(app.url, "ada", PASSWORD);
    const { closed } = await openAcknowledged(app.url, cookie);
    const stream = await openEventStream(
      app.url,
      undefined,
      { query: "subscription { job_results { id } }" },
      { headers: cookie },
    );
    expect(stream.status).toBe(200);
    await ENDS[name]!({ app, id, cookie });
    expect(await sessionOf(app, cookie)).toBeNull();
    expect((await answerOver("plain HTTP", app.url, cookie, ME.query)).status).toBe(401);
    clock.advance(5000);
    expect((await closed).code).toBe(4403);
    const events = [];
    for await (const { event, data } of stream) events.push([event, data.includes("UNAUTHENTICATED")]);
    expect(events).toEqual([
      ["next", true],
      ["complete", false],
    ]);
  });

  test("lasts for SESSION_HOURS, and is then deleted at somebody's sign-in", async () => {
    const { app, clock } = await openWithAda({ sessionMs: 3_600_000 });
    const cookie = await signIn(app.url, "ada", PASSWORD);
    clock.pass(3_599_000);
    expect(await sessionOf(app, cookie)).toBe("ada");
    clock.pass(2000);
    expect(await sessionOf(app, cookie)).toBeNull();
    await signIn(app.url, "ada", PASSWORD);
    const { rows } = await databaseOf(app);
    expect(
      await rows
        .selectFrom("user_session")
        .select(sql<number>`count(*)`.as("n"))
        .executeTakeFirst(),
    ).toMatchObject({
      n: expect.toSatisfy((n) => Number(n) === 1),
    });
  });

  test("has a new key at each sign-in: none that the browser brings is adopted, and the one before is over", async () => {
    const { app } = await openWithAda();
    const planted = `jobgraph-session=${"x".repeat(43)}`;
    const first = await signIn(app.url, "ada", PASSWORD, { cookie: planted });
    expect(first.cookie).not.toBe(planted);
    expect(await sessionOf(app, { cookie: planted })).toBeNull();
    const second = await signIn(app.url, "ada", PASSWORD, first);
    expect(second.cookie).not.toBe(first.cookie);
    expect([await sessionOf(app, first), await sessionOf(app, second)]).toEqual([null, "ada"]);
  });

  test("is one of a bounded number: the first ones are over", async () => {
    const { app, id } = await openWithAda();
    const oldest = await signIn(app.url, "ada", PASSWORD);
    const { rows } = await databaseOf(app);
    const at = (n: number) => new Date(Date.now() + n * 1000).toISOString();
    for (let n = 1; n <= 99; n++)
      await rows
        .insertInto("user_session")
        .values({ id: crypto.randomUUID(), user_id: id, key_hash: String(n), created: at(n), expires: at(10_000) })
        .execute();
    const newest = await signIn(app.url, "ada", PASSWORD);
    expect([await sessionOf(app, oldest), await sessionOf(app, newest)]).toEqual([null, "ada"]);
  });

  test("over TLS has a cookie that no neighbouring host can set", async () => {
    const { app } = await openWithAda({ publicUrl: "https://jobs.example.com" });
    const answer = await send(`${app.url}/auth/sign-in`, {
      method: "POST",
      headers: { origin: "https://jobs.example.com" },
      body: { username: "ada", password: PASSWORD },
    });
    const [set] = answer.headers["set-cookie"]!;
    expect(set).toMatch(/^__Host-jobgraph-session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/);
    const cookie = set!.split(";")[0]!;
    expect(await sessionOf(app, { cookie })).toBe("ada");
    expect(await sessionOf(app, { cookie: cookie.replace("__Host-", "") })).toBeNull();
  });
});

describe("change_password", () => {
  const change = async (app: TestApp, cookie: { cookie: string }, old: string, password: string) =>
    (await answerOver("plain HTTP", app.url, cookie, CHANGE, { old, new: password })).errors?.[0]?.extensions;

  test("needs the old one, and a new one that is long enough", async () => {
    const { app } = await openWithAda();
    const cookie = await signIn(app.url, "ada", PASSWORD);
    const long = "another horse battery";
    expect(await change(app, cookie, "wrong", long)).toMatchObject({
      code: "BAD_USER_INPUT",
      details: [{ field: "old_password" }],
    });
    expect(await change(app, cookie, PASSWORD, "short")).toMatchObject({
      code: "BAD_USER_INPUT",
      details: [{ field: "new_password" }],
    });
    expect(await change(app, cookie, PASSWORD, long)).toBeUndefined();
    await expect(signIn(app.url, "ada", PASSWORD)).rejects.toThrow("401");
    await signIn(app.url, "ada", long);
  });

  test("does not help to find a password out", async () => {
    const { app } = await openWithAda();
    const cookie = await signIn(app.url, "ada", PASSWORD);
    const codes = [];
    for (let n = 0; n < 11; n++) codes.push((await change(app, cookie, `wrong ${n}`, "another horse battery"))!.code);
    expect(codes).toEqual([...Array(10).fill("BAD_USER_INPUT"), "LIMIT_EXCEEDED"]);
  });
});

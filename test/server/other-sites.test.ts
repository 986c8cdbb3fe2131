import { describe, expect, test } from "vitest";
import { KEY, openTestApp, type TestApp } from "../support/app.ts";
import { openEventStream } from "../support/event-stream.ts";
import { send, signIn } from "../support/http.ts";
import { answerOver } from "../support/transports.ts";

const PASSWORD = "correct horse battery";
const TRUSTED = "https://ops.example.com";
const MUTATION = `mutation { create_tag(data: { name: "Theirs", content_types: ["extras.job"] }) { name } }`;

async function openSignedIn(config: Parameters<typeof openTestApp>[1] = {}) {
  const app = await openTestApp({}, config);
  await app.client.query(`mutation ($data: CreateUserInput!) { create_user(data: $data) { id } }`, {
    data: { username: "ada", password: PASSWORD, is_superuser: true },
  });
  return { app, cookie: await signIn(app.url, "ada", PASSWORD) };
}

const tagsOf = async ({ client }: TestApp) => ((await client.query("{ tags { name } }")) as any).tags.length;

/** Headers with which a browser, or another program, sends the cookie; `own` stands for the server's origin. */
const SENDERS: Record<string, { headers: (own: string) => Record<string, string>; isOwn: boolean }> = {
  "a page of the server": { headers: (own) => ({ origin: own, "sec-fetch-site": "same-origin" }), isOwn: true },
  "a page of the server, in a browser that sends no metadata": { headers: (own) => ({ origin: own }), isOwn: true },
  "a person, who types the address": { headers: () => ({ "sec-fetch-site": "none" }), isOwn: true },
  "a page that a proxy gives another host": {
    headers: () => ({ origin: "https://public.example.com", "sec-fetch-site": "same-origin" }),
    isOwn: true,
  },
  "a program": { headers: () => ({}), isOwn: true },
  "a page of another site": {
    headers: () => ({ origin: "https://evil.example", "sec-fetch-site": "cross-site" }),
    isOwn: false,
  },
  "a page of another site, in a browser that sends no metadata": {
    headers: () => ({ origin: "https://evil.example" }),
    isOwn: false,
  },
  "a page of a neighbouring host": {
    headers: () => ({ origin: "https://other.example.com", "sec-fetch-site": "same-site" }),
    isOwn: false,
  },
  "a frame without an origin": { headers: () => ({ origin: "null", "sec-fetch-site": "cross-site" }), isOwn: false },
  "a page of another port": { headers: (own) => ({ origin: own.replace(/\d+$/, "1") }), isOwn: false },
  "a page of another site, without an origin": { headers: () => ({ "sec-fetch-site": "cross-site" }), isOwn: false },
};

test.for(Object.keys(SENDERS))("a cookie that %s sends", async (name) => {
  const { app, cookie } = await openSignedIn();
  const { headers, isOwn } = SENDERS[name]!;
  const sent = { ...cookie, ...headers(app.url) };
  const posted = await send(`${app.url}/graphql`, { method: "POST", headers: sent, body: { query: MUTATION } });
  expect([posted.status, await tagsOf(app)]).toEqual(isOwn ? [200, 1] : [403, 0]);
  if (!isOwn) expect(posted.body.errors[0].extensions.code).toBe("FORBIDDEN");
  const subscription = "subscription { job_results { id } }";
  for (const method of ["POST", "GET"]) {
    const path = method === "GET" ? `/graphql?query=${encodeURIComponent(subscription)}` : "/graphql";
    const body = method === "GET" ? undefined : { query: subscription };
    const stream = await openEventStream(app.url, undefined, body, { method, path, headers: sent });
    expect(stream.status).toBe(isOwn ? 200 : 403);
    stream.cut();
  }
  const answer = await answerOver("a socket", app.url, sent, "{ me { username } }");
  if (isOwn) expect(answer.data).toEqual({ me: { username: "ada" } });
  else expect(answer.status).toBe(403);
  // Last, as it ends the session.
  const out = await send(`${app.url}/auth/sign-out`, { method: "POST", headers: sent, body: {} });
  expect(out.status).toBe(isOwn ? 200 : 403);
  const { body } = await send(`${app.url}/auth/session`, { headers: cookie });
  expect(body.user === null).toBe(isOwn);
});

test.for(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", undefined])(
  "a form that sends %s signs nobody in or out, unless it says what it is",
  async (type) => {
    const { app, cookie } = await openSignedIn();
    const body = JSON.stringify({ username: "ada", password: PASSWORD });
    const headers: Record<string, string> = { ...cookie, ...(type !== undefined && { "content-type": type }) };
    for (const path of ["/auth/sign-in", "/auth/sign-out", "/graphql"])
      expect((await send(app.url + path, { method: "POST", headers, body })).status).toBe(403);
    expect((await send(`${app.url}/auth/session`, { headers: cookie })).body.user).not.toBeNull();
    const told = { ...headers, "x-requested-with": "XMLHttpRequest" };
    expect((await send(`${app.url}/auth/sign-in`, { method: "POST", headers: told, body })).status).toBe(200);
  },
);

test("a page of another site signs nobody in as somebody else", async () => {
  const { app } = await openSignedIn();
  const answer = await send(`${app.url}/auth/sign-in`, {
    method: "POST",
    headers: { origin: "https://evil.example" },
    body: { username: "ada", password: PASSWORD },
  });
  expect([answer.status, answer.headers["set-cookie"]]).toEqual([403, undefined]);
});

test("a link of another site opens a download, and no stream", async () => {
  const { app, cookie } = await openSignedIn();
  const link = { ...cookie, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  const path = `${app.url}/api/extras/file-proxies/01a20d41-bf32-73c7-86b0-37568f855895/download/`;
  expect((await send(path, { headers: link })).status).toBe(404);
  expect((await send(path, { headers: { ...link, "sec-fetch-mode": "no-cors" } })).status).toBe(403);
  expect((await send(path, { headers: { ...link, accept: "text/event-stream" } })).status).toBe(403);
});

test("a key in the header comes from a program: no origin is looked at", async () => {
  const { app } = await openSignedIn();
  const headers = { authorization: `Token ${KEY}`, origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  expect((await send(`${app.url}/graphql`, { method: "POST", headers, body: { query: "{ me { username } }" } })).status).toBe(
    200,
  );
});

test("with PUBLIC_URL, its origin is the server's own, and the host of a request counts for nothing", async () => {
  const { app } = await openSignedIn({ publicUrl: "http://jobs.example.com" });
  const statusOf = async (origin: string) =>
    (
      await send(`${app.url}/auth/sign-in`, {
        method: "POST",
        headers: { origin },
        body: { username: "ada", password: PASSWORD },
      })
    ).status;
  expect([
    await statusOf("http://jobs.example.com"),
    await statusOf("https://jobs.example.com"),
    await statusOf(app.url),
  ]).toEqual([200, 403, 403]);
});

describe("pages of other origins", () => {
  const preflight = (app: TestApp, origin: string, path = "/graphql") =>
    send(app.url + path, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });

  test("are let in nowhere by default", async () => {
    const { app } = await openSignedIn();
    const { headers } = await preflight(app, TRUSTED);
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control") || name === "vary")).toEqual([]);
  });

  test("are let in when CORS_ORIGINS names them, with cookies, and others are not", async () => {
    const { app, cookie } = await openSignedIn({ corsOrigins: [TRUSTED] });
    for (const path of ["/graphql", "/auth/sign-in"]) {
      const { status, headers } = await preflight(app, TRUSTED, path);
      expect([status, headers]).toMatchObject([
        204,
        {
          "access-control-allow-origin": TRUSTED,
          "access-control-allow-credentials": "true",
          "access-control-allow-methods": "GET, HEAD, POST",
          "access-control-allow-headers": expect.stringContaining("authorization"),
          vary: "Origin",
        },
      ]);
      const refused = await preflight(app, "https://evil.example", path);
      expect([refused.status, refused.headers["access-control-allow-origin"], refused.headers.vary]).toEqual([
        204,
        undefined,
        "Origin",
      ]);
    }
    const headers = { ...cookie, origin: TRUSTED, "sec-fetch-site": "cross-site" };
    const answer = await send(`${app.url}/graphql`, { method: "POST", headers, body: { query: MUTATION } });
    expect([answer.status, answer.headers["access-control-allow-origin"], await tagsOf(app)]).toEqual([200, TRUSTED, 1]);
    expect((await answerOver("a socket", app.url, headers, "{ me { username } }")).data).toEqual({ me: { username: "ada" } });
    const wrong = await send(`${app.url}/graphql`, { method: "POST", headers: { origin: TRUSTED }, body: { query: MUTATION } });
    expect([wrong.status, wrong.headers["access-control-allow-origin"]]).toEqual([401, TRUSTED]);
    const plain = await send(`${app.url}/auth/session`);
    expect([plain.headers.vary, plain.headers["access-control-allow-origin"]]).toEqual(["Origin", undefined]);
    const stream = await openEventStream(app.url, undefined, { query: "subscription { job_results { id } }" }, { headers });
    expect([stream.status, stream.headers["access-control-allow-origin"]]).toEqual([200, TRUSTED]);
    stream.cut();
  });
});

test("a request with two cookies of one name has the first one's user", async () => {
  const { app, cookie } = await openSignedIn();
  const both = { cookie: `${cookie.cookie}; jobgraph-session=${"x".repeat(43)}` };
  expect((await send(`${app.url}/auth/session`, { headers: both })).body.user.username).toBe("ada");
});

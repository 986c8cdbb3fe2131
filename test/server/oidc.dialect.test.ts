import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { openTestApp, restart } from "../support/app.ts";
import { send } from "../support/http.ts";
import { CLIENT, startProvider, visit } from "../support/provider.ts";

async function openWithProvider(claims: Partial<NonNullable<Config["oidc"]>["claims"]> = {}, config: Partial<Config> = {}) {
  const provider = await startProvider();
  const oidc = {
    issuer: provider.issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    scopes: "openid profile email",
    claims: { username: "preferred_username", groups: undefined, ...claims },
  };
  // The public URL has the port of the server, which the first start tells.
  const first = await openTestApp({}, config);
  const { port } = new URL(first.url);
  const app = await restart(first, { ...config, oidc, publicUrl: first.url, port: Number(port) });
  const sessionOf = async (cookies: Map<string, string>) =>
    (await send(`${app.url}/auth/session`, { headers: { cookie: [...cookies].map((one) => one.join("=")).join("; ") } })).body
      .user?.username ?? null;
  return { provider, app, sessionOf, signIn: () => visit(`${app.url}/auth/oidc`) };
}

test("a browser signs in at the provider, and comes back as its user", async () => {
  const { app, signIn, sessionOf } = await openWithProvider();
  const { url, status, cookies } = await signIn();
  expect([status, url, await sessionOf(cookies)]).toEqual([302, `${app.url}/graphql`, "ada"]);
  const { users } = (await app.client.query(`{ users(username: "ada") { first_name last_name email is_superuser } }`)) as any;
  expect(users).toEqual([{ first_name: "Ada", last_name: "L", email: "ada@example.com", is_superuser: false }]);
  expect(await sessionOf((await signIn()).cookies)).toBe("ada");
  expect(app.logged.filter(({ event }) => event === "sign_in")).toMatchObject([
    { user: "ada", by: "oidc" },
    { user: "ada", by: "oidc" },
  ]);
  expect(JSON.stringify(app.logged)).not.toMatch(
    new RegExp(`${CLIENT.secret}|an-access-token|${cookies.get("jobgraph-session")}`),
  );
});

test("claims that are not in the token are read at the provider", async () => {
  const { app, provider, signIn, sessionOf } = await openWithProvider({ groups: "groups" });
  await app.client.query(`mutation { create_group(data: { name: "Red", users: [] }) { id } }`);
  provider.mood.userInfo = { groups: ["Red"] };
  const { cookies } = await signIn();
  expect(await sessionOf(cookies)).toBe("ada");
  const { users } = (await app.client.query(`{ users(username: "ada") { groups { name } } }`)) as any;
  expect(users[0].groups).toEqual([{ name: "Red" }]);
});

test.for([
  ["/graphql?query=x", "/graphql?query=x"],
  ["//evil.example/", "/graphql"],
  ["/\\evil.example", "/graphql"],
  ["https://evil.example/", "/graphql"],
  ["/\t/evil.example", "/graphql"],
] as const)("a browser that wants to %j comes to %s", async ([wanted, path]) => {
  const { app } = await openWithProvider();
  const { url } = await visit(`${app.url}/auth/oidc?return_to=${encodeURIComponent(wanted)}`);
  expect(url).toBe(app.url + path);
});

describe("nobody is signed in", () => {
  const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;
  test.for([
    ["a token for another client", { wrong: { aud: "another" } }],
    ["a token of another sign-in", { wrong: { nonce: "another" } }],
    ["a token of another issuer", { wrong: { iss: "https://evil.example" } }],
    ["a token that has expired", { wrong: { exp: seconds(-120) } }],
    ["a token that somebody else has signed", { isForged: true }],
    ["a refusal", { refusal: "access_denied" }],
    ["a refusal with a script", { refusal: "<script>alert(1)</script>" }],
  ] as const)("by %s", async ([, mood]) => {
    const { provider, app, signIn, sessionOf } = await openWithProvider();
    Object.assign(provider.mood, mood);
    const { status, body, text, cookies } = await signIn();
    expect([status, body.errors[0].extensions.code, await sessionOf(cookies)]).toEqual([401, "UNAUTHENTICATED", null]);
    expect(text).not.toContain("<script>");
    expect(app.logged.filter(({ event }) => event === "sign_in_failed")).toHaveLength(1);
  });

  test("by a code of another browser's sign-in, or twice by one code", async () => {
    const { app, sessionOf } = await openWithProvider();
    const begun = await send(`${app.url}/auth/oidc`);
    const answered = await send(begun.headers.location!);
    const back = answered.headers.location!;
    const cookie = begun.headers["set-cookie"]![0]!.split(";")[0]!;
    const stranger = await send(back);
    expect([stranger.status, stranger.body.errors[0].message]).toEqual([401, expect.stringContaining("No sign-in is under way")]);
    const other = await send(`${app.url}/auth/oidc`);
    const theirs = other.headers["set-cookie"]![0]!.split(";")[0]!;
    expect((await send(back, { headers: { cookie: theirs } })).status).toBe(401);
    const good = await send(back, { headers: { cookie } });
    expect(good.status).toBe(302);
    expect(await sessionOf(new Map([good.headers["set-cookie"]![0]!.split(";")[0]!.split("=") as [string, string]]))).toBe("ada");
    expect((await send(back, { headers: { cookie } })).status).toBe(401);
  });

  test("as another user with the same name, or while disabled", async () => {
    const { app, provider, signIn } = await openWithProvider();
    await app.client.query(`mutation { create_user(data: { username: "bob" }) { id } }`);
    Object.assign(provider.mood.claims, { sub: "7", preferred_username: "bob" });
    expect((await signIn()).status).toBe(403);
    Object.assign(provider.mood.claims, { sub: "8", preferred_username: "eve" });
    expect((await signIn()).status).toBe(302);
    const { users } = (await app.client.query(`{ users(username: "eve") { id } }`)) as any;
    await app.client.query(`mutation ($id: ID!) { update_user(id: $id, data: { is_active: false }) { id } }`, {
      id: users[0].id,
    });
    expect((await signIn()).status).toBe(401);
  });

  test("while the provider is away; and everybody is, once it is back", async () => {
    const { provider, signIn, sessionOf } = await openWithProvider();
    provider.mood.isAway = true;
    const { status, body, text } = await signIn();
    expect([status, body.errors[0].extensions.code]).toEqual([503, "UNAVAILABLE"]);
    expect(text).not.toContain(provider.issuer);
    provider.mood.isAway = false;
    expect(await sessionOf((await signIn()).cookies)).toBe("ada");
  });

  test("without a provider", async () => {
    const app = await openTestApp({});
    for (const path of ["/auth/oidc", "/auth/oidc/callback?code=x"]) expect((await send(app.url + path)).status).toBe(404);
  });
});

test("the cookie of a sign-in under way is short-lived, and out of reach of pages", async () => {
  const { app } = await openWithProvider();
  const { headers } = await send(`${app.url}/auth/oidc`);
  expect(headers["set-cookie"]).toEqual([
    expect.stringMatching(/^jobgraph-oidc=[\w.-]{100,}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/),
  ]);
  expect(headers["cache-control"]).toBe("no-store");
});

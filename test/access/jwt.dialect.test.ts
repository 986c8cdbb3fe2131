import type { JWTPayload } from "jose";
import { describe, expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import { createTestClock } from "../support/clock.ts";
import { startProvider, type Provider } from "../support/provider.ts";
import { databaseOf } from "../support/rows.ts";
import { answerOver, openAcknowledged, TRANSPORTS } from "../support/transports.ts";

const ME = "{ me { username email groups } }";
const CLAIMS = { sub: "42", aud: "jobgraph-api", preferred_username: "ada", email: "ada@example.com" };
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow;

async function openWithIssuer({
  groups,
  ...identities
}: { groups?: string; linkUsers?: boolean; managedGroups?: string[] } = {}) {
  const provider = await startProvider();
  const clock = createTestClock();
  const app = await openTestApp(
    {},
    {
      jwt: {
        issuer: provider.issuer,
        audience: "jobgraph-api",
        jwksUrl: provider.jwksUrl,
        algorithms: ["ES256"],
        claims: { username: "preferred_username", groups },
      },
      identities: { linkUsers: false, managedGroups: undefined, ...identities },
    },
    clock,
  );
  const ask = (token: string, query = ME) => answerOver("plain HTTP", app.url, { authorization: `Bearer ${token}` }, query);
  const askAs = async (claims: JWTPayload) => ask(await provider.sign({ ...CLAIMS, ...claims }));
  return { provider, clock, app, ask, askAs };
}

test.for(TRANSPORTS)("a token of the issuer lets its user in over %s, from the first time on", async (transport) => {
  const { provider, app } = await openWithIssuer();
  const headers = { authorization: `Bearer ${await provider.sign(CLAIMS)}` };
  for (let n = 0; n < 2; n++)
    expect((await answerOver(transport, app.url, headers, ME)).data).toEqual({
      me: { username: "ada", email: "ada@example.com", groups: [] },
    });
  const { users } = (await app.client.query(`{ users(username: "ada") { is_staff is_superuser } }`)) as any;
  expect(users).toEqual([{ is_staff: false, is_superuser: false }]);
  // The keys were read once.
  expect(provider.asked.filter((path) => path === "/jwks")).toHaveLength(1);
});

const BAD: Record<string, (provider: Provider) => Promise<string>> = {
  "has expired": ({ sign }) => sign({ ...CLAIMS, exp: seconds(-60) }),
  "does not expire": ({ sign }) => sign({ ...CLAIMS, exp: undefined }),
  "is not good yet": ({ sign }) => sign({ ...CLAIMS, nbf: seconds(120) }),
  "is for another audience": ({ sign }) => sign({ ...CLAIMS, aud: "another-api" }),
  "is for no audience": ({ sign }) => sign({ ...CLAIMS, aud: undefined }),
  "is of another issuer": ({ sign }) => sign({ ...CLAIMS, iss: "https://evil.example" }),
  "has no subject": ({ sign }) => sign({ ...CLAIMS, sub: undefined }),
  "is signed by somebody else": ({ sign }) => sign(CLAIMS, { isForged: true }),
  "is signed by a key that the issuer does not have": ({ sign }) => sign(CLAIMS, { isForged: true, kid: "unknown" }),
  "is signed by nobody": ({ sign }) => sign(CLAIMS, { algorithm: "none" }),
  "is signed with the public key as a secret": ({ sign }) => sign(CLAIMS, { algorithm: "HS256" }),
  "has a changed body": async ({ sign }) => {
    const [head, , signature] = (await sign(CLAIMS)).split(".");
    return [head, Buffer.from(JSON.stringify({ ...CLAIMS, sub: "1" })).toString("base64url"), signature].join(".");
  },
  "is none": async () => "a.b.c",
};
test.for(Object.keys(BAD))("a token that %s lets nobody in", async (name) => {
  const { provider, app, ask } = await openWithIssuer();
  const token = await BAD[name]!(provider);
  const { status, errors } = await ask(token);
  expect([status, errors![0]!.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
  expect(await (await databaseOf(app)).rows.selectFrom("user").select("username").execute()).toEqual([{ username: "admin" }]);
  expect(JSON.stringify(app.logged)).not.toContain(token);
});

test("keys of ours go on beside tokens of an issuer", async () => {
  const { app } = await openWithIssuer();
  expect((await app.client.query(`{ me { username } }`)) as any).toEqual({ me: { username: "admin" } });
});

test("an issuer that is away is no wrong token, and new keys are found", async () => {
  const { provider, askAs, app } = await openWithIssuer();
  provider.mood.isAway = true;
  const away = await askAs({});
  expect([away.status, away.errors![0]!.extensions.code]).toEqual([503, "UNAVAILABLE"]);
  provider.mood.isAway = false;
  expect((await askAs({})).status).toBe(200);
  expect(app.logged.some(({ msg }) => msg === "the keys of the issuer could not be read")).toBe(true);
});

test("a token that expires, or whose user is disabled, ends its sockets within 5 s", async () => {
  const { provider, clock, app } = await openWithIssuer();
  const openWith = async (exp: number) =>
    openAcknowledged(app.url, { authorization: `Bearer ${await provider.sign({ ...CLAIMS, exp })}` });
  const [short, long] = [await openWith(seconds(5)), await openWith(seconds(3600))];
  clock.advance(40_000);
  expect((await short.closed).code).toBe(4403);
  expect(long.socket.readyState).toBe(long.socket.OPEN);
  const { users } = (await app.client.query(`{ users(username: "ada") { id } }`)) as any;
  await app.client.query(`mutation ($id: ID!) { update_user(id: $id, data: { is_active: false }) { id } }`, { id: users[0].id });
  await clock.waitedFor(2000);
  clock.advance(5000);
  expect((await long.closed).code).toBe(4403);
});

test("makes no key that outlives it", async () => {
  const { provider, ask } = await openWithIssuer();
  const { errors } = await ask(await provider.sign(CLAIMS), "mutation { create_token { id } }");
  expect(errors![0]!.extensions).toMatchObject({ code: "FORBIDDEN", details: [{ field: "expires" }] });
});

describe("the user of an identity", () => {
  test("is not another user with the same name, unless the operator says so", async () => {
    const create = `mutation { create_user(data: { username: "ada" }) { id } }`;
    const { app, askAs } = await openWithIssuer();
    await app.client.query(create);
    const refused = await askAs({});
    expect([refused.status, refused.errors![0]!.message]).toEqual([403, expect.stringContaining(`There is another user "ada"`)]);

    const linking = await openWithIssuer({ linkUsers: true });
    await linking.app.client.query(create);
    expect((await linking.askAs({})).data).toMatchObject({ me: { username: "ada" } });
    // Another one of the issuer is not that user, and nobody becomes a superuser.
    expect((await linking.askAs({ sub: "43" })).status).toBe(403);
    expect((await linking.askAs({ sub: "44", preferred_username: "admin" })).status).toBe(403);
  });

  test("keeps its name here when it has another one there", async () => {
    const { askAs } = await openWithIssuer();
    await askAs({});
    expect((await askAs({ preferred_username: "countess" })).data).toMatchObject({ me: { username: "ada" } });
  });

  test("has the subject as its name where there is no other, and none that no user can have", async () => {
    const { askAs } = await openWithIssuer();
    expect((await askAs({ preferred_username: undefined, sub: "robot-7" })).data).toMatchObject({ me: { username: "robot-7" } });
    const refused = await askAs({ sub: "8", preferred_username: "a b" });
    expect([refused.status, refused.errors![0]!.extensions.code]).toEqual([403, "FORBIDDEN"]);
    expect((await askAs({ sub: "x".repeat(600), preferred_username: "long" })).status).toBe(403);
  });

  test("that comes for the first time in many requests at once is made once", async () => {
    const { app, askAs } = await openWithIssuer();
    const answers = await Promise.all(Array.from({ length: 8 }, () => askAs({})));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(((await app.client.query(`{ users(username: "ada") { id } }`)) as any).users).toHaveLength(1);
  });

  test("who is disabled is let in no more", async () => {
    const { app, askAs } = await openWithIssuer();
    await askAs({});
    const { users } = (await app.client.query(`{ users(username: "ada") { id } }`)) as any;
    await app.client.query(`mutation ($id: ID!) { update_user(id: $id, data: { is_active: false }) { id } }`, {
      id: users[0].id,
    });
    expect((await askAs({})).status).toBe(401);
  });

  const groupsOf = async (asked: Promise<{ data?: any }>) => (await asked).data.me.groups;
  const make = `mutation ($name: String!) { create_group(data: { name: $name, users: [] }) { id } }`;

  test("is in the groups that the claim names, as far as they exist, and in no others", async () => {
    const { app, askAs } = await openWithIssuer({ groups: "realm_access.roles" });
    for (const name of ["Red", "Green", "Blue"]) await app.client.query(make, { name });
    const roles = (...names: string[]) => ({ realm_access: { roles: names } });
    expect(await groupsOf(askAs(roles("Red", "Green", "Unknown")))).toEqual(["Green", "Red"]);
    expect(await groupsOf(askAs(roles("Green", "Blue")))).toEqual(["Blue", "Green"]);
    expect(await groupsOf(askAs({}))).toEqual([]);
    const { object_changes } = (await app.client.query(
      `{ object_changes(changed_object_type: "auth.group", action: ["UPDATE"]) { change_context_detail } }`,
    )) as any;
    expect(object_changes.length).toBeGreaterThan(3);
    expect(object_changes[0].change_context_detail).toContain("the sign-in through http://127.0.0.1");
  });

  test("keeps groups that the claim does not manage, and all without a claim", async () => {
    const { app, askAs } = await openWithIssuer({ groups: "groups", managedGroups: ["Red"] });
    for (const name of ["Red", "Green"]) await app.client.query(make, { name });
    await askAs({});
    const { users, groups } = (await app.client.query(`{ users(username: "ada") { id } groups(name: "Green") { id } }`)) as any;
    await app.client.query(`mutation ($id: ID!, $users: [String!]) { update_group(id: $id, data: { users: $users }) { id } }`, {
      id: groups[0].id,
      users: [users[0].id],
    });
    expect(await groupsOf(askAs({ groups: ["Red", "Green"] }))).toEqual(["Green", "Red"]);
    expect(await groupsOf(askAs({ groups: "none" }))).toEqual(["Green"]);
  });
});

import { request } from "node:http";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAuthenticator, hashKey } from "../../src/access/authenticate.ts";
import { createLastUsed } from "../../src/access/last-used.ts";
import { openDatabase } from "../../src/entities/database.ts";
import { Token, User } from "../../src/entities/index.ts";
import { createSchema } from "../../src/schema/index.ts";
import { openTestApp, type TestApp } from "../support/app.ts";
import { createPerson } from "../support/people.ts";
import { createClient, post } from "../support/client.ts";
import { createTestClock } from "../support/clock.ts";
import { freshDatabaseUrl } from "../support/database.ts";
import { openEventStream } from "../support/event-stream.ts";
import { grant } from "../support/grants.ts";
import { databaseOf } from "../support/rows.ts";
import { runToEnd } from "../support/runs.ts";
import { answerOver, openAcknowledged, TRANSPORTS } from "../support/transports.ts";

const CREATE = `mutation ($user: String, $expires: DateTime, $write: Boolean! = true, $networks: [String!], $description: String! = "") {
  create_token(user: $user, expires: $expires, write_enabled: $write, allowed_networks: $networks, description: $description) { id key } }`;
const UPDATE = `mutation ($id: ID!, $expires: DateTime, $write: Boolean, $networks: [String!]) {
  update_token(id: $id, expires: $expires, write_enabled: $write, allowed_networks: $networks) {
    id description expires write_enabled allowed_networks last_used is_current } }`;
const DELETE = `mutation ($id: ID!) { delete_token(id: $id) { id } }`;

interface MadeToken {
  id: string;
  key: string;
}

const make = async ({ client }: Pick<TestApp, "client">, variables: object = {}): Promise<MadeToken> =>
  ((await client.query(CREATE, variables)) as { create_token: MadeToken }).create_token;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe("a key that only reads", () => {
  test.for(TRANSPORTS)("changes nothing over %s, and reads", async (transport) => {
    const app = await openTestApp({});
    const { key } = await make(app, { write: false });
    const mutation = `mutation { create_tag(data: { name: "One", content_types: ["extras.job"] }) { name } }`;
    const refused = await answerOver(transport, app.url, bearer(key), mutation);
    expect(refused.errors).toMatchObject([
      { message: expect.stringContaining("Your key only reads"), extensions: { code: "FORBIDDEN" } },
    ]);
    const read = await answerOver(transport, app.url, bearer(key), `{ tags { name } me { write_enabled } }`);
    expect(read).toMatchObject({ data: { tags: [], me: { write_enabled: false } } });
  });

  test("is refused at every mutation there is", async () => {
    const fields = Object.values(createSchema().getMutationType()!.getFields());
    expect(fields.length).toBeGreaterThan(50);
    const readOnly = { viewer: { key: { writeEnabled: false } } };
    for (const { resolve } of fields)
      expect(() => resolve!({}, {}, readOnly, {} as never)).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
  });

  test("may do nothing but view, as `can` tells", async () => {
    const app = await openTestApp({});
    const { key } = await make(app, { write: false });
    const query = `{ me { view: can(action: "view", object_type: "extras.job") run: can(action: "run", object_type: "extras.job") } }`;
    expect((await createClient(app.url, key).query(query)) as object).toEqual({ me: { view: true, run: false } });
  });
});

describe("a key with networks", () => {
  test("is accepted from these alone, over every transport and for downloads", async () => {
    const app = await openTestApp({});
    const [good, bad] = [await make(app, { networks: ["127.0.0.0/8"] }), await make(app, { networks: ["10.0.0.0/8", "::1"] })];
    for (const transport of TRANSPORTS) {
      expect((await answerOver(transport, app.url, bearer(good.key), "{ me { username } }")).data).toEqual({
        me: { username: "admin" },
      });
      const refused = await answerOver(transport, app.url, bearer(bad.key), "{ me { username } }");
      if (refused.closed) expect(refused.closed.code).toBe(4403);
      else expect(refused).toMatchObject({ status: 401, errors: [{ message: "The key is not accepted from your network." }] });
    }
    const path = "/api/extras/file-proxies/01a20d41-bf32-73c7-86b0-37568f855895/download/";
    expect((await fetch(app.url + path, { headers: bearer(bad.key) })).status).toBe(401);
    expect((await fetch(app.url + path, { headers: bearer(good.key) })).status).toBe(404);
  });

  test("is refused elsewhere although it is remembered", async () => {
    const database = await openDatabase(await freshDatabaseUrl());
    onTestFinished(() => database.close());
    const em = database.fork();
    const user = em.create(User, { username: "ada" }, { partial: true });
    em.create(Token, { user, keyHash: hashKey("good"), allowedNetworks: ["192.0.2.0/24"] }, { partial: true });
    await em.flush();
    const authenticate = createAuthenticator(database, 60_000);
    const from = (address?: string) => authenticate({ authorization: "Token good", address });
    expect(await from("192.0.2.1")).toMatchObject({ username: "ada", address: "192.0.2.1" });
    expect(await from("::ffff:192.0.2.9")).toMatchObject({ username: "ada" });
    for (const address of ["198.51.100.1", "2001:db8::1", undefined])
      await expect(from(address)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("a socket and a stream end within 5 s", () => {
  const LIMITS = {
    "when their key is given other networks": { networks: ["10.0.0.0/8"] },
    "when their key may no longer write": { write: false },
    "when their key expires": {
      get expires() {
        return new Date(Date.now() + 4000).toISOString();
      },
    },
  };
  test.for(Object.entries(LIMITS))("%s", async ([, limits]) => {
    const clock = createTestClock();
    const app = await openTestApp({}, {}, clock);
    const { id, key } = await make(app);
    const { closed } = await openAcknowledged(app.url, bearer(key));
    const stream = await openEventStream(app.url, key, { query: "subscription { job_results { id } }" });
    await app.client.query(UPDATE, { id, ...limits });
    clock.advance(5000);
    expect((await closed).code).toBe(4403);
    const events = [];
    for await (const { event } of stream) events.push(event);
    expect(events).toEqual(["next", "complete"]);
  });

  test("when the rights of their user change: the client connects again and goes on", async () => {
    const clock = createTestClock();
    const app = await openTestApp({}, {}, clock);
    const ada = await createPerson(app, { username: "ada" }, []);
    await createPerson(app, { username: "bob" }, []);
    const mine = await openAcknowledged(app.url, bearer(ada.key));
    const admins = await openAcknowledged(app.url, bearer(app.newKey ?? (await make(app)).key));
    const stream = await openEventStream(app.url, ada.key, { query: "subscription { job_results { id } }" });
    const events = (async () => {
      const all = [];
      for await (const { event } of stream) all.push(event);
      return all;
    })().catch((error: Error) => [error.message]);
    // Others' rights are nobody's affair.
    await grant(app, "bob", ["extras.job"], ["view"]);
    await clock.waitedFor(2000);
    clock.advance(2000);
    await clock.waitedFor(2000);
    expect(mine.socket.readyState).toBe(mine.socket.OPEN);
    await grant(app, "ada", ["extras.job"], ["view"]);
    clock.advance(5000);
    expect(await mine.closed).toEqual({ code: 4410, reason: "Your rights or limits have changed: connect again." });
    expect(await events).not.toContain("complete");
    expect(admins.socket.readyState).toBe(admins.socket.OPEN);
    expect((await openAcknowledged(app.url, bearer(ada.key))).socket.readyState).toBe(1);
  });
});

test("the last use is written soon, and not again within a minute", async () => {
  const app = await openTestApp({});
  const { id, key } = await make(app);
  const tokens = async () => (await createClient(app.url, key).query(`{ me { tokens { id last_used is_current } } }`)) as any;
  const lastUsed = async () => (await tokens()).me.tokens.find((token: any) => token.id === id).last_used;
  await expect.poll(lastUsed).not.toBeNull();
  expect((await tokens()).me.tokens.map((token: any) => token.is_current)).toEqual([false, true]);
});

test("uses of a minute are one statement, and a database that is away keeps nobody from anything", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  const em = database.fork();
  const user = em.create(User, { username: "ada" }, { partial: true });
  const tokens = [1, 2, 3].map((n) => em.create(Token, { user, keyHash: String(n) }, { partial: true }));
  await em.flush();
  const ids = tokens.map((token) => token.id);
  let [later, written] = [0, 0];
  const counted = {
    ...database,
    rows: new Proxy(database.rows, {
      get: (rows, name) => {
        if (name === "updateTable") written += 1;
        return Reflect.get(rows, name).bind(rows);
      },
    }),
  };
  const noteAll = async () => {
    const lastUsed = createLastUsed(
      counted,
      () => 0,
      () => later,
    );
    for (const at of [0, 30_000, 59_999]) {
      later = at;
      for (const id of ids) lastUsed.note(id);
    }
    await lastUsed.close();
    return lastUsed;
  };
  const lastUsed = await noteAll();
  expect(written).toBe(1);
  const stored = await database.rows.selectFrom("token").select("last_used").execute();
  expect(stored.map(({ last_used }) => new Date(last_used!).getTime())).toEqual([0, 0, 0]);
  later = 60_000;
  lastUsed.note(ids[0]!);
  await lastUsed.close();
  expect(written).toBe(2);
  const away = () => {
    throw new Error("away");
  };
  const lostDatabase = { ...database, rows: new Proxy(database.rows, { get: () => () => away() }) };
  const lost = createLastUsed(
    lostDatabase,
    () => 0,
    () => 0,
  );
  lost.note(ids[0]!);
  await lost.close();
});

describe("everybody", () => {
  test("makes, sees, changes and deletes keys of their own", async () => {
    const app = await openTestApp({});
    const ada = await createPerson(app, { username: "ada" }, []);
    const { id, key } = await make(ada, { description: "Laptop", networks: ["127.0.0.1"] });
    const changed = (await ada.client.query(UPDATE, { id, networks: ["127.0.0.0/8", "::1"] })) as any;
    expect(changed.update_token).toMatchObject({
      id,
      description: "Laptop",
      expires: null,
      write_enabled: true,
      allowed_networks: ["127.0.0.0/8", "::1/128"],
      is_current: false,
    });
    expect((await ada.client.query(`{ me { tokens { description } } }`)) as any).toEqual({
      me: { tokens: [{ description: "" }, { description: "Laptop" }] },
    });
    expect((await post(app.url, key, { query: "{ me { id } }" })).status).toBe(200);
    await ada.client.query(`mutation ($id: ID!) { revoke_token(id: $id) { id } }`, { id });
    expect((await post(app.url, key, { query: "{ me { id } }" })).status).toBe(401);
  });

  test("may do so with others' only by a permission, and never with a superuser's or a stronger user's", async () => {
    const app = await openTestApp({});
    const [ada, bob, eve] = [
      await createPerson(app, { username: "ada" }, []),
      await createPerson(app, { username: "bob" }, []),
      await createPerson(app, { username: "eve" }, []),
    ];
    const admins = await make(app);
    const bobs = await make(app, { user: "bob" });
    const nobodys = "00000000-0000-7000-8000-000000000000";
    const tries = [
      [CREATE, { user: "bob" }, "users.add_token"],
      [CREATE, { user: "nobody" }, "users.add_token"],
      [UPDATE, { id: bobs.id, write: false }, "users.change_token"],
      [UPDATE, { id: nobodys, write: false }, "users.change_token"],
      [DELETE, { id: bobs.id }, "users.delete_token"],
      [DELETE, { id: "x" }, "users.delete_token"],
    ] as const;
    for (const [document, variables, right] of tries)
      expect(await ada.client.refused(document, variables)).toMatchObject({
        message: expect.stringContaining(right),
        extensions: { code: "FORBIDDEN" },
      });
    await grant(app, "ada", ["users.token"], ["add", "change", "delete"]);
    // A user whom one may not view is not there.
    expect((await ada.client.refused(CREATE, { user: "bob" })).extensions.code).toBe("NOT_FOUND");
    await grant(app, "ada", ["users.token", "users.user"], ["view"]);
    const made = await make(ada, { user: bob.id });
    await ada.client.query(UPDATE, { id: made.id, write: false });
    await ada.client.query(DELETE, { id: made.id });
    for (const [document, variables] of [
      [CREATE, { user: "admin" }],
      [UPDATE, { id: admins.id, write: false }],
      [DELETE, { id: admins.id }],
    ] as const)
      expect((await ada.client.refused(document, variables)).message).toContain("Only superusers may");
    await grant(app, "eve", ["extras.job"], ["run"]);
    expect((await ada.client.refused(CREATE, { user: "eve" })).message).toContain("extras.run_job");
    await grant(app, "ada", ["extras.job"], ["run"], { name: "One" });
    expect((await ada.client.refused(CREATE, { user: "eve" })).message).toContain("extras.run_job");
    await grant(app, "ada", ["extras.job"], ["run"]);
    await make(ada, { user: "eve" });
    expect((await eve.client.query(`{ me { tokens { id } } }`)) as any).toMatchObject({ me: { tokens: [{}, {}] } });
  });

  test("who may make keys for some users only makes none for others", async () => {
    const app = await openTestApp({});
    const ada = await createPerson(app, { username: "ada" }, []);
    await createPerson(app, { username: "bob" }, []);
    await createPerson(app, { username: "eve" }, []);
    await grant(app, "ada", ["users.token", "users.user"], ["view"]);
    await grant(app, "ada", ["users.token"], ["add", "change"], { user__username: "bob" });
    const { id } = await make(ada, { user: "bob" });
    await ada.client.query(UPDATE, { id, write: false });
    const eves = await make(app, { user: "eve" });
    expect((await ada.client.refused(CREATE, { user: "eve" })).message).toContain("users.add_token");
    expect((await ada.client.refused(UPDATE, { id: eves.id, write: false })).message).toContain("users.change_token");
    const { me } = (await createClient(app.url, eves.key).query(`{ me { tokens { write_enabled } } }`)) as any;
    expect(me.tokens).toEqual([{ write_enabled: true }, { write_enabled: true }]);
  });

  test("makes no key that does more than the one in use", async () => {
    const app = await openTestApp({});
    const expires = new Date(Date.now() + 60_000).toISOString();
    const { id, key } = await make(app, { networks: ["127.0.0.0/8"], expires });
    const client = createClient(app.url, key);
    const later = new Date(Date.now() + 120_000).toISOString();
    for (const [document, variables, fields] of [
      [CREATE, {}, ["allowed_networks", "expires"]],
      [CREATE, { networks: ["127.0.0.1", "10.0.0.1"], expires }, ["allowed_networks"]],
      [CREATE, { networks: ["127.0.0.1"], expires: later }, ["expires"]],
      [UPDATE, { id, networks: null }, ["allowed_networks"]],
      [UPDATE, { id, expires: null }, ["expires"]],
    ] as const) {
      const { extensions } = await client.refused(document, variables);
      expect(extensions.code).toBe("FORBIDDEN");
      expect(extensions.details!.map(({ field }) => field)).toEqual(fields);
    }
    await make({ client }, { networks: ["127.0.0.1"], expires });
  });

  test("makes and changes no key through the code of a run, which has no key", async () => {
    const job = `export const Asks = defineJob({ name: "Asks", enabled: true, variables: z.object({ q: z.string() }), run: ({ data, graphql }) => graphql(data.q) });`;
    const app = await openTestApp({ "own.ts": job });
    const { id, key } = await make(app, { expires: new Date(Date.now() + 60_000).toISOString() });
    const client = createClient(app.url, key);
    onTestFinished(() => client.close());
    for (const q of [`mutation { create_token { key } }`, `mutation { update_token(id: "${id}", expires: null) { id } }`]) {
      const { status, error } = await runToEnd(client, "own.Asks", { q });
      expect({ status, message: error?.message }).toEqual({
        status: "FAILURE",
        message: "A job makes and changes no keys: they would outlive its run.",
      });
    }
    expect(((await client.query(`{ me { tokens { id } } }`)) as any).me.tokens).toHaveLength(2);
  });

  test("sets no passwords with a limited key, nor through the code of a run: who signs in has no limits", async () => {
    const job = `export const Asks = defineJob({ name: "Asks", enabled: true, variables: z.object({ q: z.string() }), run: ({ data, graphql }) => graphql(data.q) });`;
    const app = await openTestApp({ "own.ts": job });
    const { id: eve } = await createPerson(app, { username: "eve" }, []);
    const set = `update_user(id: "${eve}", data: { password: "a long password of eve" }) { id }`;
    const added = `create_user(data: { username: "new", password: "a long password of new" }) { id }`;
    for (const limits of [{ networks: ["127.0.0.0/8"] }, { expires: new Date(Date.now() + 60_000).toISOString() }]) {
      const client = createClient(app.url, (await make(app, limits)).key);
      onTestFinished(() => client.close());
      for (const field of [set, added]) expect((await client.refused(`mutation { ${field} }`)).extensions.code).toBe("FORBIDDEN");
      await client.query(`mutation ($id: ID!) { update_user(id: $id, data: { password: null, first_name: "Eve" }) { id } }`, {
        id: eve,
      });
    }
    const { status } = await runToEnd(app.client, "own.Asks", { q: `mutation { ${set} }` });
    expect(status).toBe("FAILURE");
    const client = createClient(app.url, (await make(app, {})).key);
    onTestFinished(() => client.close());
    for (const field of [set, added]) await client.query<string>(`mutation { ${field} }`);
  });

  test("has a bounded number of keys", async () => {
    const app = await openTestApp({});
    const ada = await createPerson(app, { username: "ada" }, []);
    const em = (await databaseOf(app)).fork();
    const user = await em.findOneOrFail(User, { username: "ada" });
    for (let n = 1; n < 200; n++) em.create(Token, { user, keyHash: String(n) }, { partial: true });
    await em.flush();
    expect((await ada.client.refused(CREATE)).extensions.code).toBe("LIMIT_EXCEEDED");
    expect(((await ada.client.query(`{ me { tokens { id } } }`)) as any).me.tokens).toHaveLength(200);
  });
});

test.for([
  [{ networks: [] }, "allowed_networks"],
  [{ networks: ["10.0.0.0/8", "nowhere"] }, "allowed_networks"],
  [{ networks: Array.from({ length: 101 }, (_, n) => `10.0.0.${n}`) }, "allowed_networks"],
  [{ description: "x".repeat(201) }, "description"],
  [{ expires: "2020-01-01T00:00:00Z" }, "expires"],
] as const)("%j is refused by its field", async ([variables, field]) => {
  const { client } = await openTestApp({});
  expect((await client.refused(CREATE, variables)).extensions).toMatchObject({
    code: "BAD_USER_INPUT",
    details: [{ field }],
  });
});

test("a download ends within 5 s of the end of its key", async () => {
  const clock = createTestClock();
  const app = await openTestApp(
    {
      "files.ts": `export const Leaves = defineJob({ name: "Leaves", enabled: true, run: ({ createFile }) => createFile("large", Buffer.alloc(9_000_000)) });`,
    },
    {},
    clock,
  );
  const { result } = await runToEnd(app.client, "files.Leaves");
  const { file_proxy: file } = (await app.client.query(`query ($id: ID!) { file_proxy(id: $id) { download_url } }`, {
    id: result.id,
  })) as any;
  const { id, key } = await make(app);
  const sent = request(app.url + file.download_url, { headers: bearer(key) });
  sent.end();
  const [response] = await once(sent, "response");
  response.pause();
  await clock.waitedFor(2000);
  await app.client.query(DELETE, { id });
  clock.advance(5000);
  response.resume();
  expect((await once(response, "error"))[0]).toMatchObject({ code: "ECONNRESET" });
});

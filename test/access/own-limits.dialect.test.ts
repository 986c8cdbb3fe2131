import { describe, expect, onTestFinished, test } from "vitest";
import { createAuthenticator, hashKey } from "../../src/access/authenticate.ts";
import { openDatabase } from "../../src/entities/database.ts";
import { Group, Token, User } from "../../src/entities/index.ts";
import { KEY, openTestApp, type TestApp } from "../support/app.ts";
import { ASKING_JOB, waysOf } from "../support/approvals/ways.ts";
import { createClient, post } from "../support/client.ts";
import { createTestClock } from "../support/clock.ts";
import { freshDatabaseUrl } from "../support/database.ts";
import { openEventStream } from "../support/event-stream.ts";
import { createPerson } from "../support/people.ts";
import { databaseOf } from "../support/rows.ts";
import { answerOver, openAcknowledged, TRANSPORTS } from "../support/transports.ts";

const CREATE = `mutation ($data: CreateGroupInput!) { create_group(data: $data) { id } }`;
const UPDATE = `mutation ($id: ID!, $data: UpdateGroupInput!) { update_group(id: $id, data: $data) { id max_query_cost } }`;

const createGroup = async ({ client }: TestApp, name: string, users: string[], limits: object): Promise<string> =>
  (await client.query(CREATE, { data: { name, users, ...limits } })).create_group.id;

const nest = (levels: number, at = 1): string =>
  at === levels ? "id" : `${at % 2 === 1 ? "jobs(limit: 1)" : "job_queues(limit: 1)"} { ${nest(levels, at + 1)} }`;

const DEEP = `{ ${nest(7)} }`;
const DEAR = `{ job_results(limit: 20) { id job_model { ${Array.from({ length: 150 }, (_, n) => `a${n}: name`).join(" ")} } } }`;
const LONG = `{ jobs { description } }`;
const SMALL = `{ jobs(limit: 1) { name } }`;

/** Documents that are refused for these limits, and for no others. */
const LIMITS = { max_query_depth: 6, max_query_cost: 3000, max_answer_bytes: 20_000 };
const refusals = (whose: string) =>
  [
    [DEEP, `The document has 7 levels; max_query_depth of ${whose} allows 6.`],
    [DEAR, expect.stringMatching(`^The answer may have \\d+ values; max_query_cost of ${whose} allows 3000\\.`)],
    [LONG, expect.stringContaining(`The answer is longer than 20000 bytes; max_answer_bytes of ${whose} allows no more.`)],
  ] as const;
const refused = (message: unknown) => ({ errors: [{ message, extensions: { code: "LIMIT_EXCEEDED" } }] });

async function openWithLongJob(): Promise<TestApp> {
  const app = await openTestApp(ASKING_JOB);
  const database = await databaseOf(app);
  await database.rows
    .updateTable("job")
    .set({ description: "x".repeat(30_000) })
    .execute();
  return app;
}

const TOKEN_LIMITS = Object.entries({
  max_query_depth: "$depth",
  max_query_cost: "$cost",
  max_answer_bytes: "$bytes",
  operation_timeout_ms: "$ms",
});
const TOKEN_ARGS = TOKEN_LIMITS.map(([column, variable]) => `${column}: ${variable}`).join(" ");
const VARIABLES = "$depth: Int, $cost: Int, $bytes: Int, $ms: Int";
const COLUMNS = TOKEN_LIMITS.map(([column]) => column).join(" ");
const CREATE_TOKEN = `mutation ($user: String, ${VARIABLES}) { create_token(user: $user ${TOKEN_ARGS}) { id key } }`;
const UPDATE_TOKEN = `mutation ($id: ID!, ${VARIABLES}) { update_token(id: $id ${TOKEN_ARGS}) { ${COLUMNS} } }`;

/** Makes a key with limits. */
const createKey = async ({ client }: Pick<TestApp, "client">, variables: object): Promise<{ id: string; key: string }> =>
  ((await client.query(CREATE_TOKEN, variables)) as any).create_token;

describe("limits of a group", () => {
  test("hold for its users by every way, and for nobody else, although documents are kept parsed", async () => {
    const app = await openWithLongJob();
    const bob = await createPerson(app, { username: "bob", is_superuser: true }, []);
    for (const [document] of refusals("")) await bob.client.query(document as string);
    await createGroup(app, "Small", ["admin"], LIMITS);
    for (const [way, ask] of Object.entries(waysOf(app))) {
      for (const [query, message] of refusals('your group "Small"'))
        expect([way, await ask({ query })]).toMatchObject([way, refused(message)]);
      expect([way, await ask({ query: SMALL })]).toMatchObject([way, { data: { jobs: [{ name: "Ask" }] } }]);
    }
    for (const [document] of refusals("")) await bob.client.query(document as string);
  });

  test("hold for documents that others have registered by their hash", async () => {
    const app = await openWithLongJob();
    const bob = await createPerson(app, { username: "bob", is_superuser: true }, []);
    await createGroup(app, "Small", ["admin"], LIMITS);
    const extensions = { persistedQuery: { version: 1, sha256Hash: hashKey(DEEP) } };
    expect((await post(app.url, bob.key, { query: DEEP, extensions })).body.data).toBeDefined();
    expect((await post(app.url, bob.key, { extensions })).body.data).toBeDefined();
    const search = new URLSearchParams({ extensions: JSON.stringify(extensions) });
    const get = async (key: string) =>
      (await fetch(`${app.url}/graphql?${search}`, {
        headers: { authorization: `Token ${key}`, "content-type": "application/json" },
      }).then((response) => response.json())) as object;
    expect(await get(bob.key)).toHaveProperty("data");
    const [[, message]] = refusals('your group "Small"');
    expect(await get(KEY)).toMatchObject(refused(message));
    expect((await post(app.url, KEY, { extensions })).body).toMatchObject(refused(message));
  });

  test("may be more than the server's; of several groups the most generous counts, each limit for itself", async () => {
    const app = await openTestApp({}, { maxQueryDepth: 6, maxQueryCost: 1000 });
    const [, dear] = [DEEP, `{ ${Array.from({ length: 25 }, (_, n) => `a${n}: jobs { id }`).join(" ")} }`];
    expect(await app.client.refused(DEEP)).toMatchObject({ message: "The document has 7 levels; MAX_QUERY_DEPTH allows 6." });
    const id = await createGroup(app, "Deep", ["admin"], { max_query_depth: 7, max_query_cost: 500 });
    await app.client.query(DEEP);
    expect((await app.client.refused(dear)).message).toContain('max_query_cost of your group "Deep" allows 500.');
    await createGroup(app, "Dear", ["admin"], { max_query_depth: 5, max_query_cost: 100_000 });
    await createGroup(app, "Others", [], { max_query_cost: 2_000_000 });
    await app.client.query(DEEP);
    await app.client.query(dear);
    const { body } = await post(app.url, KEY, { query: SMALL, extensions: { cost: true } });
    expect(body.extensions.cost).toEqual({ value: expect.any(Number), limit: 100_000 });
    await app.client.query(UPDATE, { id, data: { max_query_depth: null } });
    expect((await app.client.refused(DEEP)).message).toContain('max_query_depth of your group "Dear" allows 5.');
  });

  test("count introspection as far as the more generous of two users may go", async () => {
    const app = await openTestApp({}, { maxQueryCost: 1000 });
    const query = `{ __schema { types { name fields { name args { name } } } } }`;
    const bob = await createPerson(app, { username: "bob", is_superuser: true }, []);
    expect((await bob.client.refused(query)).message).toContain("MAX_QUERY_COST allows 1000.");
    await createGroup(app, "Dear", ["admin"], { max_query_cost: 200_000 });
    const { body } = await post(app.url, KEY, { query, extensions: { cost: true } });
    const { value } = body.extensions.cost;
    expect(value).toBeGreaterThan(2000);
    await createGroup(app, "Nearly", ["bob"], { max_query_cost: value - 1 });
    expect((await bob.client.refused(query)).message).toContain(`The answer may have ${value} values;`);
  });

  test.for([
    ["max_query_depth", [0, -1, 4, 1001], "5 to 1000"],
    ["max_query_cost", [0, -1, 99], "100 to 2147483647"],
    ["max_answer_bytes", [0, -200, 999], "1000 to 2147483647"],
    ["operation_timeout_ms", [0, -1, 99, 3_600_001], "100 to 3600000"],
  ] as const)("%s is refused out of its range", async ([column, values, range]) => {
    const app = await openTestApp({});
    const [low, high] = range.split(" to ").map(Number);
    const id = await createGroup(app, "Least", [], { [column]: low });
    const message = `${column} is a whole number from ${range}, or null for none.`;
    for (const value of values) {
      const details = [{ field: `data.${column}`, message }];
      const wrong = { extensions: { code: "BAD_USER_INPUT", details } };
      expect(await app.client.refused(UPDATE, { id, data: { [column]: value } })).toMatchObject(wrong);
      expect(await app.client.refused(CREATE, { data: { name: "New", [column]: value } })).toMatchObject(wrong);
    }
    expect((await app.client.refused(UPDATE, { id, data: { [column]: 2 ** 31 } })).message).toContain("Int");
    await app.client.query(UPDATE, { id, data: { [column]: high } });
    const read = `query ($id: ID!) { group(id: $id) { ${column} } }`;
    expect((await app.client.query(read, { id })) as object).toEqual({ group: { [column]: high } });
  });

  test("can be taken back by an administrator for whom the smallest hold", async () => {
    const app = await openTestApp({});
    const smallest = { max_query_depth: 5, max_query_cost: 100, max_answer_bytes: 1000, operation_timeout_ms: 100 };
    const id = await createGroup(app, "Least", ["admin"], smallest);
    expect((await app.client.refused(DEAR)).message).toContain("max_query_cost of your group");
    const none = Object.fromEntries(Object.keys(smallest).map((column) => [column, null]));
    expect(await app.client.query(UPDATE, { id, data: none })).toEqual({ update_group: { id, max_query_cost: null } });
    await app.client.query(DEAR);
  });
});

describe("limits of a key", () => {
  test.for(TRANSPORTS)("come before those of groups, for this key alone, over %s", async (transport) => {
    const app = await openWithLongJob();
    await createGroup(app, "Least", ["admin"], { max_query_depth: 5 });
    const [depth, cost, bytes] = Object.values(LIMITS);
    const { key } = await createKey(app, { depth, cost, bytes });
    const headers = { authorization: `Bearer ${key}` };
    for (const [query, message] of refusals("your key"))
      expect(await answerOver(transport, app.url, headers, query)).toMatchObject(refused(message));
    // The key may do more here than the group.
    expect(await answerOver(transport, app.url, headers, `{ ${nest(6)} }`)).toHaveProperty("data.jobs");
    const other = { authorization: `Token ${KEY}` };
    expect((await answerOver(transport, app.url, other, DEAR)).errors).toBeUndefined();
    expect((await answerOver(transport, app.url, other, DEEP)).errors![0]!.message).toContain('your group "Least" allows 5.');
  });

  test("leave limits that it has not to groups and the server", async () => {
    const app = await openTestApp({});
    await createGroup(app, "Dear", ["admin"], { max_query_cost: 900 });
    const { key } = await createKey(app, { depth: 5 });
    const client = createClient(app.url, key);
    expect((await client.refused(DEEP)).message).toContain("max_query_depth of your key allows 5.");
    expect((await client.refused(DEAR)).message).toContain('max_query_cost of your group "Dear" allows 900.');
  });

  test.for([
    ["max_query_depth", "depth", [0, 4, 1001], "5 to 1000"],
    ["max_query_cost", "cost", [0, 99], "100 to 2147483647"],
    ["max_answer_bytes", "bytes", [0, 999], "1000 to 2147483647"],
    ["operation_timeout_ms", "ms", [0, 99, 3_600_001], "100 to 3600000"],
  ] as const)("%s is refused out of its range, and read as it was given", async ([column, name, values, range]) => {
    const app = await openTestApp({});
    const [low, high] = range.split(" to ").map(Number);
    const { id } = await createKey(app, { [name]: low });
    for (const value of values) {
      const details = [{ field: column, message: `${column} is a whole number from ${range}, or null for none.` }];
      const wrong = { extensions: { code: "BAD_USER_INPUT", details } };
      expect(await app.client.refused(CREATE_TOKEN, { [name]: value })).toMatchObject(wrong);
      expect(await app.client.refused(UPDATE_TOKEN, { id, [name]: value })).toMatchObject(wrong);
    }
    const none = Object.fromEntries(TOKEN_LIMITS.map(([of]) => [of, null]));
    const set = async (variables: object) => (await app.client.query(UPDATE_TOKEN, { id, ...variables })) as object;
    expect(await set({})).toEqual({ update_token: { ...none, [column]: low } });
    expect(await set({ [name]: high })).toEqual({ update_token: { ...none, [column]: high } });
    const read = `query ($id: ID!) { token(id: $id) { ${COLUMNS} } me { tokens { id ${COLUMNS} } } }`;
    const { token, me } = (await app.client.query(read, { id })) as any;
    expect(token).toEqual({ ...none, [column]: high });
    expect(me.tokens).toContainEqual({ id, ...none, [column]: high });
    expect(await set({ [name]: null })).toEqual({ update_token: none });
  });

  const forbidden = (field: string, message: string) => ({
    message,
    extensions: { code: "FORBIDDEN", details: [{ field, message }] },
  });

  test("are lowered by their user, and raised by a superuser alone", async () => {
    const app = await openTestApp({}, { maxQueryCost: 5000 });
    const ada = await createPerson(app, { username: "ada" }, ["Administrators"]);
    await createGroup(app, "Small", ["ada"], { max_query_depth: 10 });
    const over = "allows you 5000: only a superuser gives a key a higher max_query_cost.";
    const dear = forbidden("max_query_cost", `MAX_QUERY_COST ${over}`);
    const deep = forbidden(
      "max_query_depth",
      'max_query_depth of your group "Small" allows you 10: only a superuser gives a key a higher max_query_depth.',
    );
    const { id } = await createKey(ada, { cost: 5000, depth: 10 });
    await createPerson(app, { username: "bob" }, []);
    for (const [variables, refusal] of [
      [{ cost: 5001 }, dear],
      [{ depth: 11 }, deep],
    ] as const) {
      expect(await ada.client.refused(CREATE_TOKEN, variables)).toMatchObject(refusal);
      expect(await ada.client.refused(CREATE_TOKEN, { user: "bob", ...variables })).toMatchObject(refusal);
      expect(await ada.client.refused(UPDATE_TOKEN, { id, ...variables })).toMatchObject(refusal);
    }
    const both = (await ada.client.refused(UPDATE_TOKEN, { id, cost: 9999, depth: 25 })).extensions.details;
    expect(both!.map(({ field }) => field)).toEqual(["max_query_depth", "max_query_cost"]);
    await app.client.query(UPDATE_TOKEN, { id, cost: 100_000 });
    // A key that a superuser has raised is changed by its user, and lowered, but not raised further.
    await ada.client.query(UPDATE_TOKEN, { id, cost: 100_000 });
    expect(await ada.client.refused(UPDATE_TOKEN, { id, cost: 100_001 })).toMatchObject(dear);
    await ada.client.query(UPDATE_TOKEN, { id, cost: 90_000 });
    expect(await ada.client.refused(UPDATE_TOKEN, { id, cost: 100_000 })).toMatchObject(dear);
    await ada.client.query(UPDATE_TOKEN, { id, cost: null, depth: 5 });
    await ada.client.query(UPDATE_TOKEN, { id, cost: 5000, depth: 10 });
  });

  test("are those of all keys that the key makes, also of a superuser's", async () => {
    const app = await openTestApp({});
    const { id, key } = await createKey(app, { cost: 1000, ms: 300_000 });
    const client = createClient(app.url, key);
    const cost = "max_query_cost of your own key allows 1000: give that, or less.";
    for (const [variables, refusal] of [
      [{ ms: 1000 }, forbidden("max_query_cost", cost)],
      [{ cost: 1001, ms: 1000 }, forbidden("max_query_cost", cost)],
      [{ cost: 900 }, forbidden("operation_timeout_ms", expect.stringContaining("allows 300000: give that, or less.") as never)],
    ] as const)
      expect(await client.refused(CREATE_TOKEN, variables)).toMatchObject(refusal);
    for (const variables of [{ cost: null }, { cost: 1001 }])
      expect(await client.refused(UPDATE_TOKEN, { id, ...variables })).toMatchObject(forbidden("max_query_cost", cost));
    const weaker = await createKey({ client }, { cost: 900, ms: 300_000, bytes: 2_000_000_000 });
    await client.query(UPDATE_TOKEN, { id: weaker.id, cost: 1000 });
    expect(await client.refused(UPDATE_TOKEN, { id: weaker.id, cost: 1001 })).toMatchObject(forbidden("max_query_cost", cost));
    // A key that may do more than the one in use is not this one's to change.
    const stronger = await createKey(app, {});
    expect((await client.refused(UPDATE_TOKEN, { id: stronger.id, bytes: 5000 })).extensions.code).toBe("FORBIDDEN");
  });

  test("end the sockets of the key within 5 s when they change", async () => {
    const clock = createTestClock();
    const app = await openTestApp({}, {}, clock);
    const { id, key } = await createKey(app, { cost: 1000 });
    const limited = await openAcknowledged(app.url, { authorization: `Bearer ${key}` });
    const other = await openAcknowledged(app.url, { authorization: `Bearer ${KEY}` });
    await app.client.query(UPDATE_TOKEN, { id, cost: 900 });
    clock.advance(5000);
    expect((await limited.closed).code).toBe(4410);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });
});

describe("a subscription", () => {
  test("whose event is too long for one user is answered to another who has the same rights", async () => {
    const app = await openWithLongJob();
    const keys = [KEY, (await createKey(app, { bytes: 5000, cost: 190_000 })).key];
    const query = "subscription { jobs { name description } }";
    const streams: AsyncIterator<{ data: string }>[] = [];
    for (const key of keys) {
      const stream = await openEventStream(app.url, key, { query, extensions: { cost: true } });
      onTestFinished(() => stream.cut());
      streams.push(stream[Symbol.asyncIterator]());
    }
    const { jobs } = await app.client.query("{ jobs { id } }");
    const update = `mutation ($id: ID!, $description: String!) { update_job(id: $id, data: { description: $description }) { id } }`;
    const say = async (description: string) => {
      await app.client.query(update, { id: jobs[0]!.id, description });
      return Promise.all(streams.map(async (stream) => JSON.parse((await stream.next()).value!.data)));
    };
    const told = (description: string, limit: number) => ({
      data: { jobs: [{ name: "Ask", description }] },
      extensions: { cost: { limit } },
    });
    expect(await say("short")).toMatchObject([told("short", 200_000), told("short", 190_000)]);
    const long = "y".repeat(15_000);
    expect(await say(long)).toMatchObject([
      told(long, 200_000),
      refused(
        "The answer is longer than 5000 bytes; max_answer_bytes of your key allows no more. Ask for less at a time, or without long texts.",
      ),
    ]);
  });

  test("ends within 5 s when the limits of its user change, and so does a socket", async () => {
    const clock = createTestClock();
    const app = await openTestApp({}, {}, clock);
    const ada = await createPerson(app, { username: "ada" }, []);
    const id = await createGroup(app, "Small", ["ada"], {});
    const theirs = await openAcknowledged(app.url, { authorization: `Bearer ${ada.key}` });
    const admins = await openAcknowledged(app.url, { authorization: `Bearer ${KEY}` });
    const stream = await openEventStream(app.url, ada.key, { query: "subscription { job_results { id } }" });
    const events = (async () => {
      const all = [];
      for await (const { event } of stream) all.push(event);
      return all;
    })().catch((error: Error) => [error.message]);
    await app.client.query(UPDATE, { id, data: { max_query_depth: 6 } });
    clock.advance(5000);
    expect(await theirs.closed).toEqual({ code: 4410, reason: "Your rights or limits have changed: connect again." });
    expect(await events).not.toContain("complete");
    expect(admins.socket.readyState).toBe(admins.socket.OPEN);
    const again = await openAcknowledged(app.url, { authorization: `Bearer ${ada.key}` });
    await clock.waitedFor(2000);
    clock.advance(2000);
    await clock.waitedFor(2000);
    expect(again.socket.readyState).toBe(again.socket.OPEN);
  });
});

test("users without limits are found with no statement more", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  const em = database.fork();
  const users = ["plain", "limited", "super", "both"].map((username) =>
    em.create(User, { username, isSuperuser: username === "super" || username === "both" }, { partial: true }),
  );
  for (const user of users) em.create(Token, { user, keyHash: hashKey(user.username) }, { partial: true });
  em.create(Group, { name: "None", users: users.slice(0, 2) } as never, { partial: true });
  em.create(Group, { name: "Some", maxQueryCost: 1000, users: [users[1]!, users[3]!] } as never, { partial: true });
  await em.flush();
  let reads = 0;
  const counting = { ...database, read: ((...given) => ((reads += 1), database.read(...given))) as typeof database.read };
  const authenticate = createAuthenticator(counting, 0);
  const readsFor = async (key: string) => {
    reads = 0;
    const { limits } = await authenticate({ authorization: `Token ${key}` });
    return [reads, limits?.maxQueryCost?.value];
  };
  expect(await readsFor("plain")).toEqual([2, undefined]);
  expect(await readsFor("limited")).toEqual([3, 1000]);
  expect(await readsFor("super")).toEqual([1, undefined]);
  expect(await readsFor("both")).toEqual([2, 1000]);
});

import { once } from "node:events";
import { type IncomingMessage, request as sendRequest } from "node:http";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { KEY, openTestApp, type TestApp } from "../support/app.ts";
import { post } from "../support/client.ts";
import { answersOf, openEventStream } from "../support/event-stream.ts";
import { createTestClock } from "../support/clock.ts";
import { createPerson } from "../support/people.ts";
import { databaseOf, storeRun } from "../support/rows.ts";

const JOBS = {
  "jobs.ts": `
export const Waits = defineJob({ name: "Waits", enabled: true, async run({ logger, signal }) {
  logger.info("begun");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
} });
export const Quick = defineJob({ name: "Quick", enabled: true, run({ logger }) { for (let n = 1; n <= 3; n++) logger.info("Grüße " + n);} });
`,
};
const FOLLOW = `subscription ($id: ID!) { job_log_entries(job_result_id: $id) { sequence message } }`;

/** An answer of some megabytes. */
const LARGE = `{ __schema { types { name description fields { name description args { name description } } inputFields { name description } } } }`;

async function start(app: TestApp, job: string): Promise<string> {
  return (await app.client.query(`mutation { run_job(class_path: "jobs.${job}") { id } }`)).run_job.id;
}

/** A socket without a library, that keeps what it is sent. */
async function open(app: TestApp, { key = KEY, init = true, path = "/graphql", headers = {} } = {}) {
  const socket = new WebSocket(`${app.url.replace("http", "ws")}${path}`, "graphql-transport-ws", { headers });
  onTestFinished(() => socket.terminate());
  const messages: any[] = [];
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  const arrivals = new EventTarget();
  socket.on("message", (data) => {
    messages.push(JSON.parse(String(data)));
    arrivals.dispatchEvent(new Event("message"));
  });
  socket.on("close", (code, reason) => closed.resolve({ code, reason: String(reason) }));
  socket.on("error", () => undefined);
  await once(socket, "open");
  const send = (message: object) => socket.send(JSON.stringify(message));
  const until = async (isIt: (message: any) => boolean) => {
    while (!messages.some(isIt)) await once(arrivals, "message");
    return messages.find(isIt);
  };
  if (init) {
    send({ type: "connection_init", payload: { Authorization: `Token ${key}` } });
    await until(({ type }) => type === "connection_ack");
  }
  const subscribe = (id: string, query: string, variables = {}) => send({ id, type: "subscribe", payload: { query, variables } });
  return { socket, messages, closed: closed.promise, send, until, subscribe };
}

describe("a stream whose key is no longer good", () => {
  const STOPS = {
    "is deleted": (app: TestApp) => databaseOf(app).then((database) => database.rows.deleteFrom("token").execute()),
    "has expired": (app: TestApp) =>
      databaseOf(app).then((database) =>
        database.rows
          .updateTable("token")
          .set({ expires: new Date(Date.now() - 1000).toISOString() })
          .execute(),
      ),
    "is of a user who was disabled": (app: TestApp) =>
      databaseOf(app).then((database) =>
        database.rows
          .updateTable("user")
          .set({ is_active: sql.lit(false) })
          .execute(),
      ),
  };
  test.for(Object.keys(STOPS) as (keyof typeof STOPS)[])("because it %s ends within 5 s, with 4403 or an error", async (name) => {
    const clock = createTestClock();
    const app = await openTestApp(JOBS, {}, clock);
    const id = await start(app, "Waits");
    const { subscribe, until, closed, messages } = await open(app);
    subscribe("1", FOLLOW, { id });
    await until(({ type }) => type === "next");
    const events = (await openEventStream(app.url, KEY, { query: FOLLOW, variables: { id } }))[Symbol.asyncIterator]();
    expect((await events.next()).value.event).toBe("next");
    await STOPS[name](app);
    clock.advance(5000);
    const last = (await events.next()).value;
    expect(JSON.parse(last.data)).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
    expect((await events.next()).value).toEqual({ event: "complete", data: "" });
    expect((await events.next()).done).toBe(true);
    expect(await closed).toEqual({ code: 4403, reason: "The key is no longer valid: connect again with another key." });
    expect(messages.filter(({ type }) => type === "next")).toHaveLength(1);
  });

  test("is another's affair: streams of other keys go on", async () => {
    const clock = createTestClock();
    const app = await openTestApp(JOBS, {}, clock);
    const other = "another-key-0123456789";
    const database = await databaseOf(app);
    const { hashKey } = await import("../../src/access/authenticate.ts");
    const { user_id } = await database.rows.selectFrom("token").select("user_id").executeTakeFirstOrThrow();
    await database.rows
      .insertInto("token")
      .values({ id: crypto.randomUUID(), user_id, key_hash: hashKey(other), description: "" })
      .execute();
    const id = await start(app, "Waits");
    const ours = await open(app);
    const theirs = await open(app, { key: other });
    for (const { subscribe, until } of [ours, theirs]) {
      subscribe("1", FOLLOW, { id });
      await until(({ type }) => type === "next");
    }
    await database.rows.deleteFrom("token").where("key_hash", "=", hashKey(other)).execute();
    clock.advance(5000);
    expect((await theirs.closed).code).toBe(4403);
    await app.client.query(`mutation ($id: ID!) { cancel_job_result(id: $id) { id } }`, { id });
    await ours.until(({ type }) => type === "complete");
    expect(ours.socket.readyState).toBe(WebSocket.OPEN);
  });

  test("is no end for a client that fetches another: the library's comes back with it, and goes on", async () => {
    const clock = createTestClock();
    const app = await openTestApp(JOBS, {}, clock);
    const person = await createPerson(app, { username: "comes-back" });
    const keys = [person.key];
    const client = createClient({
      url: `${app.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: () => ({ Authorization: `Token ${keys.at(-1)}` }),
      retryWait: async () => undefined,
    });
    onTestFinished(() => void client.dispose());
    const id = await start(app, "Waits");
    const events = client.iterate({ query: FOLLOW, variables: { id } });
    expect((await events.next()).value).toHaveProperty("data");
    const { create_token } = await app.client.query(`mutation ($user: String!) { create_token(user: $user) { key } }`, {
      user: person.id,
    });
    keys.push(create_token.key);
    const database = await databaseOf(app);
    const { hashKey } = await import("../../src/access/authenticate.ts");
    await database.rows
      .updateTable("token")
      .set({ expires: new Date(clock.now() - 1000).toISOString() })
      .where("key_hash", "=", hashKey(person.key))
      .execute();
    clock.advance(5000);
    // The log from its start: its lines came after the key had expired.
    expect((await events.next()).value).toMatchObject({ data: { job_log_entries: [{ sequence: 1, message: "begun" }] } });
    await events.return!();
  });
});

describe("an operation", () => {
  /** Operations that are wrong, or ask for nothing: code of the error, if any. */
  const ODD: [string, string, object, string | undefined][] = [
    ["@skip leaves its one field out", "subscription { job_results @skip(if: true) { name } }", {}, "BAD_USER_INPUT"],
    ["@include leaves its one field out", "subscription { job_results @include(if: false) { name } }", {}, "BAD_USER_INPUT"],
    [
      "a variable leaves it out",
      "subscription ($on: Boolean!) { job_results @include(if: $on) { name } }",
      { on: false },
      "BAD_USER_INPUT",
    ],
    [
      "a default leaves it out",
      "subscription ($off: Boolean = true) { job_results @skip(if: $off) { name } }",
      {},
      "BAD_USER_INPUT",
    ],
    [
      "a fragment is left out",
      "subscription ($on: Boolean!) { ...A @include(if: $on) } fragment A on Subscription { jobs { name } }",
      { on: false },
      "BAD_USER_INPUT",
    ],
    [
      "a variable is missing",
      "subscription ($on: Boolean!) { job_results @include(if: $on) { name } }",
      {},
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "two fields are asked for",
      "subscription ($on: Boolean!) { jobs @include(if: $on) { name } job_results @skip(if: $on) { name } }",
      { on: true },
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "an introspection field is asked for",
      "subscription { ...A } fragment A on Subscription { __typename }",
      {},
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["a run that is not there", FOLLOW, { id: "01a20d41-bf32-73c7-86b0-37568f855895" }, "NOT_FOUND"],
    ["a query without any field", "{ jobs @skip(if: true) { name } }", {}, undefined],
    ["a query of unknown fields", "{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"],
    ["a mutation that is refused", `mutation { run_job(name: "None") { id } }`, {}, "NOT_FOUND"],
  ];

  test.for(ODD)("in which %s has an answer of its own, and others on its socket go on", async ([, query, variables, code]) => {
    const app = await openTestApp(JOBS);
    const { subscribe, until, socket } = await open(app);
    subscribe("feed", "subscription { jobs { name description } }");
    subscribe("odd", query, variables);
    const { type, payload } = await until(({ id }) => id === "odd");
    const { errors } = type === "error" ? { errors: payload } : payload;
    expect(errors?.[0].extensions.code).toBe(code);
    const streamed = await openEventStream(app.url, KEY, { query, variables });
    const first = streamed.status === 200 ? JSON.parse((await streamed[Symbol.asyncIterator]().next()).value.data) : undefined;
    if (first) expect(first.errors?.[0].extensions.code).toBe(code);
    else expect([400, code]).toEqual([streamed.status, "GRAPHQL_VALIDATION_FAILED"]);
    await app.client.query(`mutation { update_job(name: "Quick", data: { description: "new" }) { id } }`);
    const event = await until(({ id, type: kind }) => id === "feed" && kind === "next");
    expect(event.payload.data.jobs).toEqual([{ name: "Quick", description: "new" }]);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  test.for([
    ["subscription ($on: Boolean!) { jobs @include(if: $on) { name } }", { on: true }],
    ["subscription ($off: Boolean = false) { jobs @skip(if: $off) { name } }", {}],
    [
      "subscription ($on: Boolean!) { ...A @include(if: $on) ...A } fragment A on Subscription { ... @include(if: $on) { jobs { name } } }",
      { on: true },
    ],
  ] as const)("whose field a variable decides on is followed: %s", async ([query, variables]) => {
    const app = await openTestApp(JOBS);
    const { subscribe, until, send } = await open(app);
    subscribe("feed", query, variables);
    // Answered in the order of messages: the feed is there when the pong comes.
    send({ id: "sync", type: "subscribe", payload: { query: "{ __typename }" } });
    await until(({ id }) => id === "sync");
    await app.client.query(`mutation { update_job(name: "Quick", data: { description: "new" }) { id } }`);
    expect((await until(({ id }) => id === "feed")).payload).toEqual({ data: { jobs: [{ name: "Quick" }] } });
  });
});

describe("limits", () => {
  test("of sockets and streams of one user are told with 4429 and LIMIT_EXCEEDED, and free again with each that ends", async () => {
    const app = await openTestApp(JOBS, { maxStreamsPerUser: 2 });
    const id = await start(app, "Waits");
    const body = { query: FOLLOW, variables: { id } };
    const first = await open(app);
    const stream = await openEventStream(app.url, KEY, body);
    const third = await open(app, { init: false });
    third.send({ type: "connection_init", payload: { Authorization: `Token ${KEY}` } });
    expect(await third.closed).toEqual({ code: 4429, reason: expect.stringContaining("2 sockets and streams") });
    const refused = await openEventStream(app.url, KEY, body);
    for await (const _ of refused);
    expect([refused.status, JSON.parse(refused.text())]).toEqual([
      413,
      { errors: [expect.objectContaining({ extensions: { code: "LIMIT_EXCEEDED" } })] },
    ]);
    stream.cut();
    await expect
      .poll(async () => {
        const next = await openEventStream(app.url, KEY, body);
        next.cut();
        return next.status;
      })
      .toBe(200);
    first.subscribe("1", FOLLOW, { id });
    await first.until(({ type }) => type === "next");
  });

  test("of operations on one socket close it with 4429, and no other", async () => {
    const app = await openTestApp(JOBS, { maxSubscriptionsPerSocket: 2 });
    const id = await start(app, "Waits");
    const [greedy, other] = [await open(app), await open(app)];
    other.subscribe("1", FOLLOW, { id });
    for (const number of ["1", "2", "3"]) greedy.subscribe(number, FOLLOW, { id });
    expect(await greedy.closed).toEqual({ code: 4429, reason: expect.stringContaining("More than 2 operations at a time") });
    await other.until(({ type }) => type === "next");
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
  });

  test("of the rate of operations close a socket with 4429", async () => {
    const app = await openTestApp({});
    // No second passes in which there could be more of them.
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { subscribe, closed } = await open(app);
    for (let n = 0; n < 1200; n++) subscribe(String(n), "{ __typename }");
    expect(await closed).toEqual({ code: 4429, reason: expect.stringContaining("operations a second") });
    expect(await app.client.query("{ __typename }")).toEqual({ __typename: "Query" });
  });

  test("of operations of one user hold over all sockets and event streams, and are free again with each that ends", async () => {
    const app = await openTestApp(JOBS, { maxSubscriptionsPerUser: 3 });
    const person = await createPerson(app, { username: "other" });
    const id = await start(app, "Waits");
    const body = { query: FOLLOW, variables: { id } };
    const [first, second] = [await open(app), await open(app)];
    for (const number of ["1", "2"]) first.subscribe(number, FOLLOW, { id });
    await first.until((message) => message.id === "2" && message.type === "next");
    const stream = await openEventStream(app.url, KEY, body);
    await stream[Symbol.asyncIterator]().next();
    const refused = await openEventStream(app.url, KEY, body);
    for await (const _ of refused);
    expect([refused.status, JSON.parse(refused.text()).errors[0].extensions.code]).toEqual([413, "LIMIT_EXCEEDED"]);
    second.subscribe("1", FOLLOW, { id });
    expect(await second.closed).toEqual({ code: 4429, reason: expect.stringContaining("3 operations under way") });
    const other = await open(app, { key: person.key });
    other.subscribe("1", FOLLOW, { id });
    await other.until(({ type }) => type === "next");
    first.send({ id: "1", type: "complete" });
    const freed = async () => {
      const next = await openEventStream(app.url, KEY, body);
      next.cut();
      return next.status;
    };
    await expect.poll(freed).toBe(200);
  });

  test("a client that reads no answers is not answered further, and is when it reads; others go on", async () => {
    const app = await openTestApp(JOBS);
    const [slow, other] = [await open(app), await open(app)];
    slow.socket.pause();
    for (let n = 0; n < 40; n++) slow.subscribe(String(n), LARGE);
    slow.subscribe("last", `mutation { create_tag(data: { name: "begun" }) { id } }`);
    for (let n = 0; n < 10; n++) {
      other.subscribe(String(n), "{ tags { name } }");
      expect(await other.until((message) => message.id === String(n))).toMatchObject({ payload: { data: { tags: [] } } });
    }
    slow.socket.resume();
    await slow.until(({ id, type }) => id === "last" && type === "complete");
    expect(slow.messages.filter(({ type }) => type === "next")).toHaveLength(41);
    expect(slow.messages.filter(({ type }) => type === "complete")).toHaveLength(41);
    expect((await app.client.query("{ tags { name } }")).tags).toEqual([{ name: "begun" }]);
  });

  test("of bytes that wait to be read by one user close the socket that asks for more, and leave others alone", async () => {
    const app = await openTestApp(JOBS, { maxUnreadBytesPerUser: 1_000_000 });
    const person = await createPerson(app, { username: "other" });
    const [slow, next, other] = [await open(app), await open(app), await open(app, { key: person.key })];
    slow.socket.pause();
    for (let n = 0; n < 40; n++) slow.subscribe(String(n), LARGE);
    const ask = async () => {
      if (next.socket.readyState === WebSocket.OPEN) next.subscribe(crypto.randomUUID(), "{ __typename }");
      return next.socket.readyState;
    };
    await expect.poll(ask).not.toBe(WebSocket.OPEN);
    expect(await next.closed).toEqual({ code: 4429, reason: expect.stringContaining("unread bytes") });
    other.subscribe("1", "{ __typename }");
    await other.until(({ type }) => type === "complete");
    slow.socket.terminate();
    const again = async () => {
      const { status, body } = await post(app.url, KEY, { query: "{ __typename }" });
      const stream = await openEventStream(app.url, KEY, { query: "{ __typename }" });
      for await (const _ of stream);
      return [status, body.data, stream.status];
    };
    await expect.poll(again).toEqual([200, { __typename: "Query" }, 200]);
  });

  test("of bytes that wait to be read hold for answers over HTTP too, and for the reads of further ones", async () => {
    const app = await openTestApp({}, { maxUnreadBytesPerUser: 20_000_000 });
    const person = await createPerson(app, { username: "other" });
    const id = await storeRun(await databaseOf(app), { result: "x".repeat(8_000_000) });
    const query = "query ($id: ID!) { job_result(id: $id) { result } }";
    const opened = await Promise.all(
      Array.from({ length: 6 }, async (_, n) => {
        const accept = n % 2 ? "text/event-stream" : "application/json";
        const headers = { accept, "content-type": "application/json", authorization: `Token ${KEY}` };
        const asked = sendRequest(`${app.url}/graphql`, { method: "POST", headers });
        asked.on("error", () => undefined).end(JSON.stringify({ query, variables: { id } }));
        const [response] = (await once(asked, "response")) as [IncomingMessage];
        return { response: response.pause(), leave: () => asked.destroy() };
      }),
    );
    const told = async (key: string) => {
      const { status, body } = await post(app.url, key, { query, variables: { id } });
      return [status, body.errors?.[0].message ?? "answered"];
    };
    expect((await told(KEY))[1]).toMatch(/unread bytes of answers; MAX_UNREAD_BYTES_PER_USER/);
    expect(await told(person.key)).toEqual([200, "answered"]);
    for (const { leave } of opened) leave();
    await expect.poll(() => told(KEY)).toEqual([200, "answered"]);
  });

  test("of a message's size close its socket alone, with 1009", async () => {
    const app = await openTestApp({});
    const [big, other] = [await open(app), await open(app)];
    big.subscribe("1", "{ __typename }", { padding: "x".repeat(2_000_000) });
    expect((await big.closed).code).toBe(1009);
    other.subscribe("1", "{ __typename }");
    expect(await other.until(({ type }) => type === "next")).toEqual({
      id: "1",
      type: "next",
      payload: { data: { __typename: "Query" } },
    });
  });

  test("of the time to authenticate close a socket with 4408", async () => {
    const app = await openTestApp({});
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { closed } = await open(app, { init: false });
    vi.advanceTimersByTime(3000);
    expect((await closed).code).toBe(4408);
  });
});

describe("a page of another site", () => {
  const upgrade = (app: TestApp, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const socket = new WebSocket(`${app.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers });
      socket.once("open", () => (resolve(101), socket.terminate()));
      socket.once("unexpected-response", (request, { statusCode }) => (resolve(statusCode!), request.destroy()));
      socket.once("error", reject);
    });
  test("is refused with the headers that a browser adds by itself, and only then", async () => {
    const app = await openTestApp({});
    const { host } = new URL(app.url);
    expect(await upgrade(app, { origin: "https://evil.example", cookie: "a=b" })).toBe(403);
    expect(await upgrade(app, { origin: "https://evil.example", authorization: "Basic YTpi" })).toBe(403);
    expect(await upgrade(app, { origin: "null", cookie: "a=b" })).toBe(403);
    expect(await upgrade(app, { origin: `http://${host}`, cookie: "a=b" })).toBe(101);
    expect(await upgrade(app, { origin: "https://dashboard.example" })).toBe(101);
    expect(await upgrade(app, { cookie: "a=b" })).toBe(101);
  });
});

describe("an event stream", () => {
  test("follows the distinct connections of graphql-sse: next for each answer, then complete", async () => {
    const app = await openTestApp(JOBS);
    const id = await start(app, "Quick");
    const stream = await openEventStream(app.url, KEY, { query: FOLLOW, variables: { id } }, { path: "/api/graphql/" });
    expect([stream.status, stream.headers["content-type"], stream.headers["cache-control"]]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
      "no-store",
    ]);
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.at(-1)).toEqual({ event: "complete", data: "" });
    const lines = events.slice(0, -1).flatMap(({ data }) => JSON.parse(data).data.job_log_entries);
    expect(lines).toEqual([1, 2, 3].map((n) => ({ sequence: n, message: `Grüße ${n}` })));
  });

  test("carries queries and mutations too; GET carries no mutation", async () => {
    const app = await openTestApp(JOBS);
    expect(await answersOf(app.url, KEY, { query: '{ jobs(sort: "name") { name } }' })).toEqual([
      { data: { jobs: [{ name: "Quick" }, { name: "Waits" }] } },
    ]);
    const [{ data }] = await answersOf(app.url, KEY, { query: `mutation { run_job(class_path: "jobs.Quick") { status } }` });
    expect(data.run_job.status).toMatch(/^(PENDING|STARTED|SUCCESS)$/);
    const get = async (query: string, more = "") => {
      const path = `/graphql?query=${encodeURIComponent(query)}${more}`;
      const stream = await openEventStream(app.url, KEY, undefined, { method: "GET", path });
      for await (const _ of stream);
      return [stream.status, stream.text()];
    };
    expect(await get("query A { __typename } query B { jobs { id } }", "&operationName=A")).toEqual([
      200,
      `event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata: \n\n`,
    ]);
    expect(
      (await get(`query ($n: Int) { jobs(limit: $n) { name } }`, `&variables=${encodeURIComponent('{"n":0}')}`))[1],
    ).toContain('{"jobs":[]}');
    expect(await get(`mutation { refresh_jobs { name } }`)).toEqual([400, expect.stringContaining("Send a mutation with POST.")]);
    expect(await get("{ __typename }", "&variables=x")).toEqual([400, expect.stringContaining("`variables` must be JSON")]);
  });

  test.for([
    [{ query: "{ nothing }" }, 400, "GRAPHQL_VALIDATION_FAILED"],
    [{ query: "{ nothing" }, 400, "GRAPHQL_VALIDATION_FAILED"],
    [{}, 400, "BAD_USER_INPUT"],
    [{ query: 7 }, 400, "BAD_USER_INPUT"],
    [{ query: "{ __typename }", variables: [] }, 400, "BAD_USER_INPUT"],
    [{ query: "{ __typename }", operationName: 7 }, 400, "BAD_USER_INPUT"],
    [{ query: "query A { __typename } query B { __typename }" }, 400, "BAD_USER_INPUT"],
  ] as const)("does not begin for %j: %s %s", async ([body, status, code]) => {
    const app = await openTestApp({});
    const stream = await openEventStream(app.url, KEY, body);
    for await (const _ of stream);
    expect([stream.status, JSON.parse(stream.text()).errors[0].extensions.code]).toEqual([status, code]);
  });

  test("needs a key", async () => {
    const app = await openTestApp({});
    const stream = await openEventStream(app.url, undefined, { query: "{ __typename }" });
    for await (const _ of stream);
    expect(stream.status).toBe(401);
  });

  test("that is cut frees its place", async () => {
    const app = await openTestApp(JOBS, { maxStreamsPerUser: 1 });
    const id = await start(app, "Waits");
    // Any first event will do: a refused stream has none.
    const firstEvent = async () => {
      const stream = await openEventStream(app.url, KEY, { query: FOLLOW, variables: { id } });
      onTestFinished(stream.cut);
      for await (const { event } of stream) return event;
    };
    for (let n = 0; n < 20; n++) await expect.poll(firstEvent).toBe("next");
  });
});

test("a server that stops closes sockets with 1001, and cuts event streams without an end", async () => {
  const app = await openTestApp(JOBS);
  const id = await start(app, "Waits");
  const { subscribe, until, closed } = await open(app);
  subscribe("1", FOLLOW, { id });
  await until(({ type }) => type === "next");
  const stream = await openEventStream(app.url, KEY, { query: FOLLOW, variables: { id } });
  const events = stream[Symbol.asyncIterator]();
  await events.next();
  await app.close();
  expect(await closed).toEqual({ code: 1001, reason: "The server is stopping." });
  await expect(events.next()).rejects.toThrow("aborted");
  expect(stream.text()).not.toContain("complete");
});

test("a client that reads nothing does not keep the server from stopping", async () => {
  const app = await openTestApp(JOBS);
  const { socket } = await open(app);
  socket.pause();
  const started = performance.now();
  await app.close();
  // A socket that is not answered would be given up after half a minute.
  expect(performance.now() - started).toBeLessThan(25_000);
});

test("one operation of many fails, and says so to its own subscriber only", async () => {
  const app = await openTestApp(JOBS);
  const { subscribe, until, messages } = await open(app);
  subscribe("bad", FOLLOW, { id: "nobody" });
  subscribe("good", "{ __typename }");
  await until(({ id, type }) => id === "good" && type === "complete");
  const answer = await until(({ id, type }) => id === "bad" && (type === "error" || type === "next"));
  expect(JSON.stringify(answer)).toContain("NOT_FOUND");
  expect(messages.filter(({ id }) => id === "good")).toHaveLength(2);
  expect((await post(app.url, KEY, { query: "{ __typename }" })).status).toBe(200);
});

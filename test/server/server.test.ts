import { once } from "node:events";
import { connect } from "node:net";
import { createClient as createWsClient } from "graphql-ws";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import WebSocket from "ws";
import { KEY, openTestApp } from "../support/app.ts";
import { post } from "../support/client.ts";

const JOBS = { "a.ts": `export const A = defineJob({ name: "A", enabled: true, run() {} });` };
const query = "{ jobs { name } }";

describe("a key", () => {
  test("is needed for every operation, in either spelling, at either path", async () => {
    const { url } = await openTestApp(JOBS);
    for (const path of ["/graphql", "/api/graphql/"]) {
      for (const scheme of ["Token", "Bearer", "token"]) {
        const response = await fetch(url + path, {
          method: "POST",
          headers: { authorization: `${scheme} ${KEY}`, "content-type": "application/json" },
          body: JSON.stringify({ query }),
        });
        expect(await response.json()).toEqual({ data: { jobs: [{ name: "A" }] } });
      }
    }
  });

  test.for([undefined, "wrong-key", ""])("that is %s is refused with 401", async (key) => {
    const { url } = await openTestApp(JOBS);
    const { status, body } = await post(url, key, { query });
    expect([status, body.errors[0].extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
  });

  test("that expired, or whose user is not active, is refused", async () => {
    const app = await openTestApp(JOBS);
    const { openDatabase } = await import("../../src/entities/database.ts");
    const database = await openDatabase(app.config.databaseUrl);
    await database.rows
      .updateTable("token")
      .set({ expires: new Date(Date.now() - 1).toISOString() })
      .execute();
    expect((await post(app.url, KEY, { query })).status).toBe(401);
    await database.rows
      .updateTable("token")
      .set({ expires: new Date(Date.now() + 60_000).toISOString() })
      .execute();
    expect((await post(app.url, KEY, { query })).status).toBe(200);
    await database.rows
      .updateTable("user")
      .set({ is_active: sql.lit(false) })
      .execute();
    expect((await post(app.url, KEY, { query })).status).toBe(401);
    await database.close();
  });

  test("is stored hashed only", async () => {
    const app = await openTestApp(JOBS);
    const { openDatabase } = await import("../../src/entities/database.ts");
    const database = await openDatabase(app.config.databaseUrl);
    expect(JSON.stringify(await database.rows.selectFrom("token").selectAll().execute())).not.toContain(KEY);
    await database.close();
  });

  test("that is missing or wrong closes a socket with 4403", async () => {
    const { url } = await openTestApp(JOBS);
    for (const connectionParams of [undefined, { Authorization: "Token wrong" }]) {
      const closed = Promise.withResolvers<{ code: number }>();
      const ws = createWsClient({
        url: `${url.replace("http", "ws")}/graphql`,
        webSocketImpl: WebSocket,
        lazy: false,
        retryAttempts: 0,
        ...(connectionParams && { connectionParams }),
        onNonLazyError: () => undefined,
        on: { closed: (event) => closed.resolve(event as { code: number }) },
      });
      expect((await closed.promise).code).toBe(4403);
      await ws.dispose();
    }
  });
});

describe("errors of a request", () => {
  test("is told by code: syntax, unknown fields, wrong variables, no JSON, too much, nowhere", async () => {
    const { url } = await openTestApp(JOBS);
    const code = async (body: object) => {
      const answer = await post(url, KEY, body);
      return [answer.status, answer.body.errors[0].extensions.code];
    };
    expect(await code({ query: "{ jobs {" })).toEqual([400, "GRAPHQL_PARSE_FAILED"]);
    expect(await code({ query: "{ nothing }" })).toEqual([400, "GRAPHQL_VALIDATION_FAILED"]);
    expect(await code({ query: "query ($id: ID!) { job(id: $id) { id } }" })).toEqual([400, "BAD_USER_INPUT"]);
    const raw = (body: string, path = "/graphql") =>
      fetch(url + path, { method: "POST", headers: { authorization: `Token ${KEY}`, "content-type": "application/json" }, body });
    expect((await raw("{no json")).status).toBe(400);
    expect((await raw(JSON.stringify({ query, padding: "x".repeat(3_000_000) }))).status).toBe(413);
    expect((await raw("{}", "/nowhere")).status).toBe(404);
    const deep = `${"{a".repeat(6000)}${"}".repeat(6000)}`;
    const stream = await post(url, KEY, { query: deep }, "/graphql", { accept: "text/event-stream" });
    expect([stream.status, stream.body.errors[0].extensions.code]).toEqual([413, "LIMIT_EXCEEDED"]);
  });

  test("is our fault when it is, and then says nothing but an id that the log knows", async () => {
    const app = await openTestApp(JOBS);
    const { openDatabase } = await import("../../src/entities/database.ts");
    const database = await openDatabase(app.config.databaseUrl);
    await database.rows.schema.dropTable("job_log_entry").execute();
    await database.close();
    const answer = await post(app.url, KEY, { query: "{ job_log_entries { id } }" });
    expect(JSON.stringify(answer.body)).not.toMatch(/job_log_entry"|select/);
    const [{ extensions }] = answer.body.errors;
    expect(extensions.code).toBe("INTERNAL_SERVER_ERROR");
    expect(app.logged.find((entry) => entry["id"] === extensions.id)).toMatchObject({
      err: { message: expect.stringContaining("job_log_entry") },
    });
    const overSocket = app.client.ws.iterate({ query: "{ job_log_entries { id } }" });
    expect((await overSocket.next()).value.errors[0]).toMatchObject({
      extensions: { code: "INTERNAL_SERVER_ERROR", id: expect.any(String) },
    });
  });
});

test("a request that is no URL, or breaks off, harms nobody", async () => {
  const { url, client } = await openTestApp(JOBS);
  const { port } = new URL(url);
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  for (const [path, headers] of [
    ["//", upgrade],
    ["/nowhere", upgrade],
    ["//", ""],
    ["/graphiql/%zz", ""],
  ] as const) {
    const socket = connect(Number(port), "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
    await once(socket, "close");
    expect([path, answer.split("\r\n")[0]]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 40[04]/)]);
  }
  const broken = connect(Number(port), "127.0.0.1");
  broken.write(`GET /nowhere HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
  broken.resetAndDestroy();
  expect(await client.query(query)).toEqual({ jobs: [{ name: "A" }] });
});

test("a stream that we cannot go on with ends with a masked error, not with the real one", async () => {
  const app = await openTestApp({
    "a.ts": `export const Talks = defineJob({ name: "Talks", enabled: true, async run({ logger, signal }) {
      for (; !signal.aborted; await new Promise((r) => setTimeout(r, 20))) logger.info("on");
    } });`,
  });
  const { run_job } = await app.client.query(`mutation { run_job(name: "Talks") { id } }`);
  const events = app.client.ws.iterate({ query: `subscription { job_log_entries(job_result_id: "${run_job.id}") { message } }` });
  expect((await events.next()).value.data.job_log_entries[0]).toEqual({ message: "on" });
  const { openDatabase } = await import("../../src/entities/database.ts");
  const database = await openDatabase(app.config.databaseUrl);
  await database.rows.schema.alterTable("job_log_entry").renameTo("gone").execute();
  await database.close();
  // The next line cannot be stored, which ends the run and notifies its followers: the look that follows is the one that fails.
  let { value } = await events.next();
  while (!value.errors) ({ value } = await events.next());
  expect(value.errors[0]).toMatchObject({ extensions: { code: "INTERNAL_SERVER_ERROR", id: expect.any(String) } });
  expect(JSON.stringify(value)).not.toContain("job_log_entry");
  expect((await events.next()).done).toBe(true);
});

test("queries and mutations work over a socket too", async () => {
  const { client } = await openTestApp(JOBS);
  const { value } = await client.ws
    .iterate<{ run_job: { name: string } }>({ query: `mutation { run_job(name: "A") { name } }` })
    .next();
  expect(value.data).toEqual({ run_job: { name: "A" } });
});

test("a browser gets GraphiQL, whole and from here", async () => {
  const { url } = await openTestApp(JOBS);
  const page = await fetch(`${url}/graphql`, { headers: { accept: "text/html" } });
  const html = await page.text();
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(html).toContain("<title>Jobgraph</title>");
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)]
    .map((match) => match[1]!)
    .filter((link) => !link.startsWith("data:"));
  expect(assets.length).toBeGreaterThan(0);
  for (const asset of assets) {
    expect(asset).toMatch(/^\/graphiql\//);
    expect((await fetch(url + asset)).status).toBe(200);
  }
  expect((await fetch(`${url}/graphiql/../package.json`)).status).toBe(404);
  expect((await fetch(`${url}/graphiql/%2e%2e/%2e%2e/package.json`)).status).toBe(404);
});

test("every answer forbids guessing its type, and the page takes nothing from elsewhere and stands in no frame", async () => {
  const { url } = await openTestApp({});
  const page = await fetch(`${url}/graphql`, { headers: { accept: "text/html" } });
  expect(Object.fromEntries(page.headers)).toMatchObject({
    "content-security-policy": expect.stringMatching(/default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/),
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
  });
  const [asset] = /\/graphiql\/assets\/[^"]+\.js/.exec(await page.text())!;
  const asked = { method: "POST", headers: { "content-type": "application/json", authorization: `Token ${KEY}` } };
  const answers = [
    page,
    await fetch(`${url}${asset}`),
    await fetch(`${url}/graphql`, { ...asked, body: `{"query":"{ jobs { id } }"}` }),
    await fetch(`${url}/graphql`, { ...asked, body: `{"query":"{ nope }"}` }),
    await fetch(`${url}/graphql`, {
      ...asked,
      headers: { ...asked.headers, accept: "text/event-stream" },
      body: `{"query":"{ jobs { id } }"}`,
    }),
    await fetch(`${url}/graphql`, { method: "POST" }),
    await fetch(`${url}/nothing`),
    await fetch(`${url}/api/extras/file-proxies/x/download/`, { headers: asked.headers }),
  ];
  expect(answers.map(({ headers }) => headers.get("x-content-type-options"))).toEqual(answers.map(() => "nosniff"));
});

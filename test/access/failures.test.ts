import { once } from "node:events";
import WebSocket from "ws";
import { expect, onTestFinished, test } from "vitest";
import { createAuthenticator, hashKey } from "../../src/access/authenticate.ts";
import { type Database, openDatabase } from "../../src/entities/database.ts";
import { Token, User } from "../../src/entities/index.ts";
import { KEY, openTestApp } from "../support/app.ts";
import { freshDatabaseUrl } from "../support/database.ts";

const [ONE, OTHER] = ["192.0.2.1", "192.0.2.2"];

async function open(maxFailuresPerMinute: number) {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  const em = database.fork();
  const user = em.create(User, { username: "ada", isSuperuser: true }, { partial: true });
  for (const key of ["good", "new"]) em.create(Token, { user, keyHash: hashKey(key) }, { partial: true });
  await em.flush();
  const state = { reads: 0, later: 0, isAway: false };
  const counted: Database = {
    ...database,
    read(statement) {
      if (state.isAway) return Promise.reject(new Error("away"));
      state.reads += 1;
      return database.read(statement);
    },
  };
  const authenticate = createAuthenticator(counted, 0, { elapsed: () => state.later, maxFailuresPerMinute });
  const codeOf = (key: string, address?: string) =>
    authenticate({ authorization: `Token ${key}`, address }).then(
      () => "good",
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
  return { state, database, codeOf };
}

test("after so many failures an address is not looked up for, until a minute has passed; keys that were good go on", async () => {
  const { state, database, codeOf } = await open(3);
  expect(await codeOf("good", ONE)).toBe("good");
  const tries = await Promise.all(Array.from({ length: 20 }, (_, n) => codeOf(`bad ${n}`.replace(" ", ""), ONE)));
  expect(tries.filter((code) => code === "UNAUTHENTICATED")).toHaveLength(3);
  expect(tries.filter((code) => code === "LIMIT_EXCEEDED")).toHaveLength(17);
  expect(state.reads).toBe(4);
  // Known or not: a key that was not good before is not told from a wrong one.
  expect([await codeOf("new", ONE), await codeOf("good", ONE), await codeOf("new", OTHER)]).toEqual([
    "LIMIT_EXCEEDED",
    "good",
    "good",
  ]);
  state.later = 59_999;
  expect(await codeOf("bad", ONE)).toBe("LIMIT_EXCEEDED");
  state.later = 60_000;
  expect(await codeOf("bad", ONE)).toBe("UNAUTHENTICATED");
  // A good one that is deleted is as wrong as others from then on.
  await database.rows.deleteFrom("token").execute();
  const ends = [];
  for (let n = 0; n < 4; n++) ends.push(await codeOf("good", ONE));
  expect(ends).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED", "UNAUTHENTICATED", "LIMIT_EXCEEDED"]);
});

test("good keys and a database that is away count for nothing, and an address of IPv6 for its network", async () => {
  const { state, codeOf } = await open(2);
  for (let n = 0; n < 5; n++) expect(await codeOf("new", OTHER)).toBe("good");
  state.isAway = true;
  for (let n = 0; n < 5; n++) expect(await codeOf("bad", ONE)).toBe("away");
  state.isAway = false;
  expect(await codeOf("bad", ONE)).toBe("UNAUTHENTICATED");
  expect(await codeOf("bad", `::ffff:${ONE}`)).toBe("UNAUTHENTICATED");
  expect(await codeOf("bad", `::ffff:${ONE}`)).toBe("LIMIT_EXCEEDED");
  const network = ["2001:db8:0:7::1", "2001:db8:0:7:ffff::2", "2001:DB8::7:1:2:3:4"];
  const codes = [];
  for (const address of network) codes.push(await codeOf("bad", address));
  expect(codes).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED", "LIMIT_EXCEEDED"]);
  expect(await codeOf("bad", "2001:db8:0:8::1")).toBe("UNAUTHENTICATED");
  for (let n = 0; n < 5; n++) expect(await codeOf("bad")).toBe("UNAUTHENTICATED");
});

test("HTTP and event streams are answered 429 with Retry-After, sockets are closed with 4429, downloads too", async () => {
  const { url, client } = await openTestApp({}, { maxFailedKeysPerMinute: 2 });
  await client.query("{ jobs { id } }");
  const ask = (path: string, key: string, headers = {}) =>
    fetch(url + path, {
      method: path === "/graphql" ? "POST" : "GET",
      headers: { authorization: `Token ${key}`, "content-type": "application/json", ...headers },
      ...(path === "/graphql" && { body: `{"query":"{ jobs { id } }"}` }),
    });
  for (let n = 0; n < 2; n++) expect((await ask("/graphql", "bad")).status).toBe(401);
  const refused = [
    await ask("/graphql", "bad"),
    await ask("/graphql", "bad", { accept: "text/event-stream" }),
    await ask("/api/extras/file-proxies/01a20d41-bf32-73c7-86b0-37568f855895/download/", "bad"),
  ];
  for (const response of refused) {
    expect([response.status, Number(response.headers.get("retry-after")) > 0]).toEqual([429, true]);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "LIMIT_EXCEEDED" } }] });
  }
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", payload: { Authorization: "Token bad" } }));
  expect((await once(socket, "close"))[0]).toBe(4429);
  expect((await ask("/graphql", KEY)).status).toBe(200);
});

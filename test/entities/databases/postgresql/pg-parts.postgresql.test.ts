import { EventEmitter } from "node:events";
import { Client, type PoolClient, Query } from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { cancelStatement } from "../../../../src/entities/databases/postgresql/cancel.ts";

/*
 * Parts of `pg` 8.23 that are not its public interface. `src/entities/databases/postgresql/reading.ts` and `cancel.ts` use them. When a version of
 * `pg` fails here, read those files beside its sources: they have to use the parts that took the place of these.
 */

type Method = (...given: unknown[]) => unknown;
type Parts = Record<string, Method>;

const ASKED = { name: "parts", text: "select n / $1 as n from generate_series(-1, 0) as n", values: [1] };

/** Connects, as `ReadingClient` does: `pg` hears the server by an emitter that stands before its socket. */
async function connect(): Promise<{ client: Client; heard: EventEmitter[] }> {
  const client = new Client(inject("databaseUrl"));
  const heard: EventEmitter[] = [];
  const connection = client.connection as unknown as Parts;
  const attach = connection["attachListeners"]!.bind(connection);
  connection["attachListeners"] = (stream) => {
    const before = new EventEmitter();
    (stream as EventEmitter).on("data", (chunk) => before.emit("data", chunk));
    heard.push(before);
    return attach(before);
  };
  await client.connect();
  onTestFinished(() => client.end());
  return { client, heard };
}

/** Runs a query, and returns the names of its methods that `pg` called, with what they were given. */
async function run(client: Client, values: unknown[]): Promise<[name: string, ...given: unknown[]][]> {
  const query = new Query({ ...ASKED, values }) as unknown as Parts;
  const calls: [string, ...unknown[]][] = [];
  for (const name of ["submit", "handleRowDescription", "handleDataRow", "handleReadyForQuery", "handleError"]) {
    const method = query[name]!;
    query[name] = (...given) => {
      calls.push([name, ...given]);
      return method.apply(query, given);
    };
  }
  await new Promise<void>((resolve) => {
    (client.query as Method)(query, undefined, () => resolve());
  });
  return calls;
}

test("pg hears a server by data and end of what it attaches itself to, once", async () => {
  const { heard } = await connect();
  expect(heard.map((emitter) => emitter.eventNames())).toEqual([["data", "end"]]);
});

test("pg tells a query its connection, its columns, its rows, and its end", async () => {
  const { client } = await connect();
  const { connection } = client;
  expect(await run(client, [1])).toEqual([
    ["submit", connection],
    ["handleRowDescription", expect.objectContaining({ fields: [expect.objectContaining({ name: "n", dataTypeID: 23 })] })],
    ["handleDataRow", expect.anything()],
    ["handleDataRow", expect.anything()],
    ["handleReadyForQuery", connection],
  ]);
  expect(await run(client, [0])).toEqual([
    ["submit", connection],
    ["handleRowDescription", expect.anything()],
    ["handleError", expect.objectContaining({ code: "22012", severity: "ERROR" }), connection],
  ]);
});

test("pg has what a request to cancel is made of", async () => {
  const { client } = await connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  expect(client).toMatchObject({
    host: expect.any(String),
    port: expect.any(Number),
    ssl: false,
    sslNegotiation: "postgres",
    processID: rows[0]!.pid,
    secretKey: expect.any(Number),
    connection: { stream: { destroy: expect.any(Function) } },
  });
  let hasEnded = false;
  const sleep = client.query("select pg_sleep(60)").finally(() => (hasEnded = true));
  const [outcome] = await Promise.allSettled([sleep, cancelStatement(client as PoolClient, () => hasEnded)]);
  expect(outcome).toMatchObject({ status: "rejected", reason: { code: "57014" } });
});

import { setFlagsFromString } from "node:v8";
import { setImmediate } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import type WebSocket from "ws";
import { expect, test } from "vitest";
import { newId } from "../../../src/entities/new-id.ts";
import { type LiveServer, message, openLiveServer, openSocket } from "../../support/machines/live-server.ts";

const SOCKETS = 25;
const A_SOCKET = 100;
const EVENTS = 200_000;
const GROWTH = 1.05;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes on the heap that something still holds. */
async function heldBytes(): Promise<number> {
  // Finalizers run after the first collection, and may hold objects until a later one.
  for (let n = 0; n < 3; n++) {
    collect();
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}

/** Sockets that all subscribe to the same, in one go. Resolves once each subscription was answered, unless none is waited for. */
async function subscribeMany(url: string, query: string, then: "answered" | "complete", sockets: number): Promise<WebSocket[]> {
  let answers = 0;
  const opened = await Promise.all(Array.from({ length: sockets }, () => openSocket(url, () => void answers++)));
  for (const socket of opened) {
    for (let n = 0; n < A_SOCKET; n++) {
      socket.send(message("subscribe", String(n), { query }));
      if (then === "complete") socket.send(message("complete", String(n)));
    }
  }
  if (then === "answered") await expect.poll(() => answers).toBeGreaterThanOrEqual(sockets * A_SOCKET);
  return opened;
}

/** Opens and drops subscriptions in four ways. */
async function openAndDrop(server: LiveServer, runs: readonly string[], sockets: number): Promise<void> {
  const kinds = [
    `job_log_entries(job_result_id: "${runs[0]}") { message }`,
    `job_log_entries(job_result_id: "${runs[1]}", q: "line") { message }`,
    `job_result(id: "${runs[0]}") { status }`,
    `job_results(since: "2020-01-01T00:00:00Z") { id }`,
  ];
  const queries = (n: number) => `subscription { ${kinds[n % kinds.length]} }`;
  const { url } = server;
  const ends: WebSocket[] = [];

  for (const [n] of kinds.entries()) {
    const unsubscribed = await subscribeMany(url, queries(n), "answered", Math.ceil(sockets / kinds.length));
    expect(server.tails()).toBe(1);
    for (const socket of unsubscribed) for (let id = 0; id < A_SOCKET; id++) socket.send(message("complete", String(id)));
    await expect.poll(() => server.tails()).toBe(0);

    const killed = await subscribeMany(url, queries(n), "answered", Math.ceil(sockets / kinds.length));
    for (const socket of killed) socket.terminate();
    await expect.poll(() => server.tails()).toBe(0);

    ends.push(...unsubscribed, ...(await subscribeMany(url, queries(n), "complete", Math.ceil(sockets / kinds.length))));
  }
  const refused = [
    `subscription { job_log_entries(job_result_id: "${newId()}") { id } }`,
    `subscription { job_result(id: "${runs[0]}") { nothing } }`,
  ];
  for (const query of refused) ends.push(...(await subscribeMany(url, query, "answered", Math.ceil(sockets / refused.length))));
  await expect.poll(() => server.tails()).toBe(0);
  for (const socket of ends) socket.terminate();
  await expect.poll(() => server.notifier.listeners).toBe(0);
}

test("10,000 subscriptions dropped in four ways, and 200,000 events that one was not interested in, leave nothing behind", async () => {
  const server = await openLiveServer();
  const runs = [await server.startRun(), await server.startRun()];
  for (const id of runs) await server.say(id, 1, 3);
  // The first use compiles, prepares and remembers things.
  await openAndDrop(server, runs, 4);
  const before = await heldBytes();

  await openAndDrop(server, runs, SOCKETS);

  const told: string[] = [];
  const idle = await openSocket(server.url, (text) => told.push(text));
  idle.send(message("subscribe", "1", { query: `subscription { job_results(status: ["FAILURE"]) { id } }` }));
  idle.send(
    message("subscribe", "2", {
      query: `subscription { job_log_entries(job_result_id: "${runs[0]}", log_level: ["ERROR"]) { id } }`,
    }),
  );
  await expect.poll(() => server.tails()).toBe(2);
  const others = Array.from({ length: 1000 }, newId);
  for (let n = 0; n < EVENTS; n++) {
    const id = n % 10 === 0 ? runs[n % 20 === 0 ? 0 : 1]! : others[n % others.length]!;
    server.notifier.notify(n % 2 === 0 ? `lines:${id}` : `result:${id}`);
    if (n % 5000 === 0) await setImmediate();
  }
  expect(told).toEqual([]);
  idle.terminate();
  await expect.poll(() => [server.tails(), server.notifier.listeners]).toEqual([0, 0]);

  expect((await heldBytes()) / before).toBeLessThan(GROWTH);
});

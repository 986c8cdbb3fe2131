import { expect, onTestFinished, test, vi } from "vitest";
import WebSocket from "ws";
import { type ClientOptions, ConnectionError, createClient, type LogLine, RefusedError } from "../../src/client/index.ts";
import { JobsDocument, RunDocument } from "../generated/graphql.ts";
import { KEY, openTestApp, type TestApp } from "../support/app.ts";
import { signIn } from "../support/http.ts";
import { openProxy, type Proxy } from "../support/machines/proxy.ts";

const JOBS = {
  "jobs.ts": `
export const Greets = defineJob({
  name: "Greets", enabled: true, variables: z.object({ name: z.string() }),
  run({ logger, data }) { logger.info("Hello"); logger.warning(data.name, { grouping: "names" }); return { greeted: data.name }; },
});
export const Waits = defineJob({
  name: "Waits", enabled: true, variables: z.object({ lines: z.int(), ms: z.int() }),
  async run({ logger, data, signal }) {
    for (let n = 1; n <= data.lines && !signal.aborted; n++) {
      logger.info("line " + n);
      await new Promise((resolve) => { signal.addEventListener("abort", resolve); setTimeout(resolve, data.ms); });
    }
  },
});`,
};
const QUICK = { minMs: 5, maxMs: 50 };
const OVER: Record<string, Partial<ClientOptions>> = {
  WebSocket: {},
  "the package ws": { WebSocket },
  "server-sent events": { WebSocket: null },
};
const NOBODY = "01a20d41-bf32-73c7-86b0-37568f855895";

async function open(): Promise<{
  app: TestApp;
  proxy: Proxy;
  to: (options?: Partial<ClientOptions>) => ReturnType<typeof createClient>;
}> {
  const app = await openTestApp(JOBS);
  const proxy = await openProxy(app.url);
  return { app, proxy, to: (options) => createClient({ url: proxy.url, token: KEY, retry: QUICK, ...options }) };
}

/** Returns the error of a refused call. */
async function refusal(call: Promise<unknown>): Promise<RefusedError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RefusedError);
  return error as RefusedError;
}

test.each(["a WebSocket", "server-sent events"])("somebody who has signed in needs no key, over %s", async (transport) => {
  const { app, to } = await open();
  const data = { username: "ada", password: "correct horse battery", is_superuser: true };
  await app.client.query(`mutation ($data: CreateUserInput!) { create_user(data: $data) { id } }`, { data });
  const headers = await signIn(app.url, data.username, data.password);
  // As a browser does for its pages.
  class WithCookie extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol, { headers });
    }
  }
  const client = to({
    token: undefined,
    fetch: (url, init) => fetch(url, { ...init, headers: { ...(init!.headers as Record<string, string>), ...headers } }),
    WebSocket: transport === "a WebSocket" ? WithCookie : null,
  });
  const lines: string[] = [];
  const run = await client.runAndFollow(
    { name: "Greets" },
    { name: "Ada" },
    { onLine: ({ message }) => void lines.push(message) },
  );
  expect([run.status, lines]).toEqual(["SUCCESS", ["Hello", "Ada"]]);
  await expect(to({ token: undefined }).run({ name: "Greets" }, { name: "Ada" })).rejects.toThrow("Send a key");
});

test.each(Object.entries(OVER))("a run's lines and end arrive typed, over %s", async (_, options) => {
  const { to } = await open();
  const lines: LogLine[] = [];
  const started: string[] = [];
  const run = await to(options).runAndFollow<{ greeted: string }>(
    { name: "Greets" },
    { name: "Ada" },
    {
      onLine: (line) => void lines.push(line),
      onStart: ({ name, status }) => void started.push(name, status),
    },
  );
  expect(started).toEqual(["Greets", "PENDING"]);
  expect(lines).toMatchObject([
    { sequence: 1, log_level: "INFO", grouping: "main", message: "Hello", created: expect.any(String) },
    { sequence: 2, log_level: "WARNING", grouping: "names", message: "Ada" },
  ]);
  expect(run.status === "SUCCESS" && run.result.greeted).toBe("Ada");
  const after: string[] = [];
  await to(options).follow(run.id, { after: 1, onLine: ({ message }) => void after.push(message) });
  expect(after).toEqual(["Ada"]);
});

test.each(Object.entries(OVER))("an error that no retry mends is final at once, over %s", async (_, options) => {
  const { app, to } = await open();
  const onRetry = vi.fn<(error: Error, waitMs: number) => void>();
  const { id } = await to().run("jobs.Greets", { name: "Ada" });
  expect(await refusal(to({ ...options, token: "wrong" }).follow(id, { onRetry }))).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(await refusal(to(options).follow(NOBODY, { onRetry }))).toMatchObject({ code: "NOT_FOUND" });
  expect(await refusal(to(options).follow("x", { after: 1.5, onRetry }))).toMatchObject({
    message: expect.stringContaining("1.5"),
  });
  expect(
    await refusal(createClient({ url: `${app.url}/nowhere`, token: KEY, ...options }).follow(id, { onRetry })),
  ).toMatchObject({
    code: "HTTP_404",
  });
  expect(onRetry).not.toHaveBeenCalled();
});

test("a run that is refused says why, field by field", async () => {
  const { to } = await open();
  expect(await refusal(to().run("jobs.Greets", { name: 1 }))).toMatchObject({
    code: "BAD_USER_INPUT",
    details: [{ field: "data.name", message: expect.any(String) }],
  });
  expect(await refusal(to().run({ id: NOBODY }))).toMatchObject({ code: "NOT_FOUND" });
  expect(await refusal(to({ token: "wrong" }).run("jobs.Greets"))).toMatchObject({ code: "UNAUTHENTICATED" });
});

test("operations are asked with their types, and a run is canceled", async () => {
  const { to } = await open();
  const client = to();
  const { jobs } = await client.query(JobsDocument);
  expect(jobs!.map(({ name }) => name)).toEqual(["Greets", "Waits"]);
  const { id } = await client.run({ class_path: "jobs.Waits" }, { lines: 1, ms: 60_000 });
  expect(await client.cancel(id, "seen enough")).toMatchObject({ id });
  const canceled = await client.follow(id);
  expect(canceled.status !== "SUCCESS" && canceled.error.message).toBe("Canceled by admin: seen enough");
  expect(canceled).toMatchObject({ status: "REVOKED", error: { type: "JobCanceled", traceback: null } });
  expect((await client.query(RunDocument, { id })).job_result!.status).toBe("REVOKED");
  expect(await client.query("query ($id: ID!) { job_result(id: $id) { cancel_reason } }", { id })).toEqual({
    job_result: { cancel_reason: "seen enough" },
  });
  expect(await refusal(client.query("{ nothing }"))).toMatchObject({ code: "GRAPHQL_VALIDATION_FAILED" });
});

test("a lost answer to run is asked for again, and the job runs once", async () => {
  const { app, proxy, to } = await open();
  let cuts = 3;
  proxy.cutAfter(() => (cuts-- > 0 ? 10 : undefined));
  const onRetry = vi.fn<(error: Error, waitMs: number) => void>();
  await to().run("jobs.Greets", { name: "Ada" }, { onRetry });
  expect(onRetry).toHaveBeenCalledTimes(3);
  expect((await app.client.query("{ job_results { id } }")).job_results).toHaveLength(1);
});

test("a server that stays away is given up when its time is over, and never tried when only asked", async () => {
  const { app, to } = await open();
  await app.close();
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const onRetry = vi.fn<(error: Error, waitMs: number) => void>(() => void vi.advanceTimersByTime(25));
  const client = to({ retry: { minMs: 1, maxMs: 20, giveUpMs: 100 } });
  await expect(client.follow(NOBODY, { onRetry })).rejects.toThrow(ConnectionError);
  expect(onRetry).toHaveBeenCalledTimes(4);
  await expect(client.query("{ __typename }")).rejects.toThrow(ConnectionError);
});

test.each(Object.entries(OVER))("a link that is dead at its other end is replaced, over %s", async (_, options) => {
  const { proxy, to } = await open();
  const lines: number[] = [];
  const cuts: string[] = [];
  await to({ silenceMs: 300, ...options }).runAndFollow(
    "jobs.Waits",
    { lines: 20, ms: 5 },
    {
      onLine({ sequence }) {
        lines.push(sequence);
        if (sequence === 5) proxy.freeze();
      },
      onRetry: ({ message }) => void cuts.push(message),
    },
  );
  expect(lines).toEqual(Array.from({ length: 20 }, (__, index) => index + 1));
  expect(cuts).toContain("Nothing was heard for 300 ms.");
});

test("a socket on which nothing is said for long is kept, for the server answers when asked", async () => {
  const { proxy, to } = await open();
  const onRetry = vi.fn<(error: Error, waitMs: number) => void>();
  await to({ silenceMs: 600 }).runAndFollow("jobs.Waits", { lines: 1, ms: 1000 }, { onRetry });
  expect(onRetry).not.toHaveBeenCalled();
  expect(proxy.upgrades).toBe(1);
});

test.each(Object.entries(OVER))("a process that is held up does not take its link for dead, over %s", async (_, options) => {
  const { to } = await open();
  const onRetry = vi.fn<(error: Error, waitMs: number) => void>();
  const onLine = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
  await to({ silenceMs: 600, ...options }).runAndFollow("jobs.Waits", { lines: 1, ms: 1 }, { onLine, onRetry });
  expect(onRetry).not.toHaveBeenCalled();
});

test("sockets that could not be had are left alone for a minute, and tried again then", async () => {
  const { proxy, to } = await open();
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  proxy.refuseUpgrades();
  const client = to();
  const { id } = await client.runAndFollow("jobs.Greets", { name: "Ada" });
  await client.follow(id);
  expect(proxy.upgrades).toBe(1);
  proxy.refuseUpgrades(false);
  vi.advanceTimersByTime(60_000);
  await client.follow(id);
  await client.follow(id);
  expect(proxy.upgrades).toBe(3);
});

test.each(Object.entries(OVER))("a signal ends the following, and nothing stays open, over %s", async (_, options) => {
  const { app, proxy, to } = await open();
  const client = to(options);
  const { id } = await client.run("jobs.Waits", { lines: 1, ms: 60_000 });
  const stop = new AbortController();
  const reason = new Error("seen enough");
  await expect(client.follow(id, { signal: stop.signal, onLine: () => stop.abort(reason) })).rejects.toBe(reason);
  await expect(client.follow(id, { signal: stop.signal })).rejects.toBe(reason);
  // Also while it is not connected yet, and while it waits for another try.
  const early = new AbortController();
  const connecting = client.follow(id, { signal: early.signal });
  early.abort(reason);
  await expect(connecting).rejects.toBe(reason);
  await app.close();
  const late = new AbortController();
  await expect(
    to({ ...options, retry: { minMs: 60_000, maxMs: 60_000 } }).follow(id, {
      signal: late.signal,
      onRetry: () => late.abort(reason),
    }),
  ).rejects.toBe(reason);
  await expect.poll(() => proxy.open).toBe(0);
});

test("an error of a callback ends the following", async () => {
  const { to } = await open();
  const mine = new Error("mine");
  for (const options of Object.values(OVER)) {
    const following = to(options).runAndFollow(
      "jobs.Greets",
      { name: "Ada" },
      {
        onLine() {
          throw mine;
        },
      },
    );
    await expect(following).rejects.toBe(mine);
  }
});

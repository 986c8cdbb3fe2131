import { ALL_RIGHTS } from "../../../src/access/rights.ts";
import { once } from "node:events";
import { request } from "node:http";
import fc from "fast-check";
import { execute, parse } from "graphql";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { type Database, openDatabase, type ReadBounds } from "../../../src/entities/database.ts";
import { laneIsFull } from "../../../src/entities/databases/read-refusals.ts";
import { Group, User } from "../../../src/entities/index.ts";
import { createContext } from "../../../src/schema/context.ts";
import { createExecutor } from "../../../src/schema/execution/execute.ts";
import { createSchema } from "../../../src/schema/index.ts";
import { KEY, openTestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { openEventStream } from "../../support/event-stream.ts";
import { fillModels } from "../../support/draws/fill.ts";
import { storeLines } from "../../support/lines.ts";
import { message, openLiveServer, openSocket } from "../../support/machines/live-server.ts";
import { countValues, randomQueries } from "../../support/draws/random-queries.ts";
import { databaseOf, storeRun } from "../../support/rows.ts";
import { ASKING_JOB, waysOf } from "../../support/approvals/ways.ts";
import { storeWorld } from "../../support/approvals/world.ts";

const DEFAULTS = loadConfig({});

/** A runner with the members that fields use. */
const RUNNER = {
  now: () => new Date(),
  countWorkers: async (names: readonly string[]) => names.map(() => 1),
  jobFiles: () => [],
} as never;

async function openFilled(): Promise<{ database: Database; world: Awaited<ReturnType<typeof storeWorld>> }> {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  await fillModels(database, 30);
  return { database, world: await storeWorld(database) };
}

describe("an answer is as long as it may be", () => {
  test("a result of the largest size can be read, and not twice", async () => {
    const app = await openTestApp({});
    const result = ["x".repeat(15_999_990)];
    const id = await storeRun(await databaseOf(app), { result });
    const { job_result } = await app.client.query("query ($id: ID!) { job_result(id: $id) { result } }", { id });
    expect(job_result.result[0]).toHaveLength(15_999_990);
    const thrice = "query ($id: ID!) { job_result(id: $id) { a: result b: result c: result } }";
    expect(await app.client.refused(thrice, { id })).toMatchObject({
      message: expect.stringContaining(`longer than ${DEFAULTS.maxAnswerBytes} bytes; MAX_ANSWER_BYTES`),
      extensions: { code: "LIMIT_EXCEEDED" },
    });
  });

  test("rows that are read once and written many times count each time, by every way", async () => {
    const app = await openTestApp(ASKING_JOB, { maxAnswerBytes: 1_000_000 });
    const database = await databaseOf(app);
    await database.rows
      .updateTable("job")
      .set({ description: "x".repeat(10_000) })
      .execute();
    const { id } = await database.rows.selectFrom("job").select("id").executeTakeFirstOrThrow();
    for (let n = 0; n < 120; n++) await storeRun(database, {});
    await database.rows.updateTable("job_result").set({ job_model_id: id }).execute();
    const asked = (limit: number) => ({ query: `{ job_results(limit: ${limit}) { job_model { description } } }` });
    for (const [way, ask] of Object.entries(waysOf(app))) {
      const { data } = await ask(asked(50));
      expect([way, data.job_results.length]).toEqual([way, 50]);
      expect([way, await ask(asked(110))]).toMatchObject([way, { errors: [{ extensions: { code: "LIMIT_EXCEEDED" } }] }]);
    }
    const several = [
      `{ jobs { ${Array.from({ length: 150 }, (_, n) => `a${n}: description`).join(" ")} } }`,
      `{ jobs_connection { ${Array.from({ length: 110 }, (_, n) => `a${n}: nodes { description }`).join(" ")} } }`,
      `{ job_results_connection { nodes { job_model { description } } edges { node { job_model { description } } } } }`,
      `{ job_queues { jobs_connection { nodes { ${Array.from({ length: 150 }, (_, n) => `a${n}: description`).join(" ")} } } } }`,
    ];
    for (const query of several)
      expect([query, (await app.client.refused(query)).extensions.code]).toEqual([query, "LIMIT_EXCEEDED"]);
  });

  test("it may be longer than the bound on unread answers, while nothing waits to be read", async () => {
    const { url, database } = await openLiveServer({ limits: { maxUnreadBytesPerUser: 100_000 } });
    const result = Array.from({ length: 50 }, () => "x".repeat(20_000));
    const id = await storeRun(database, { result });
    const { body } = await post(url, KEY, { query: "query ($id: ID!) { job_result(id: $id) { result } }", variables: { id } });
    expect(body).toEqual({ data: { job_result: { result } } });
  });

  test("one that is as long as it may be when more is to be read says which limit that is", async () => {
    const { database, world } = await openFilled();
    const contextValue = createContext(
      { database, runner: RUNNER, limits: { ...DEFAULTS, maxAnswerBytes: 4000 } },
      { id: world.user, username: "ada", isStaff: true, isSuperuser: true, rights: ALL_RIGHTS },
    );
    contextValue.bounds.take(4000);
    const { errors } = await createExecutor(createSchema()).execute({
      schema: createSchema(),
      document: parse("{ jobs { id } }"),
      contextValue,
    });
    expect(errors![0]!.message).toContain("MAX_ANSWER_BYTES");
  });

  test("an answer that passes has no more of texts than the limit", async () => {
    const schema = createSchema();
    const executor = createExecutor(schema);
    const { database, world } = await openFilled();
    await database.rows
      .updateTable("job")
      .set({ description: "long ".repeat(400) })
      .execute();
    const json = JSON.stringify({ a: Array.from({ length: 300 }, () => "x") });
    await database.rows.updateTable("job_result").set({ result: json, meta: json }).execute();
    const viewer = { id: world.user, username: "ada", isStaff: true, isSuperuser: true, rights: ALL_RIGHTS };
    const counts = { passed: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(randomQueries(schema, { depth: 3, ids: Object.values(world) }), async (text) => {
        const limits = { ...DEFAULTS, maxPageSize: 1000, maxAnswerBytes: 4000 };
        const contextValue = createContext({ database, runner: RUNNER, limits }, viewer);
        const { data, errors } = await executor.execute({ schema, document: parse(text), contextValue });
        contextValue.bounds.end();
        if (errors) {
          counts.refused++;
          expect(errors.map((error) => error.message)).toEqual([expect.stringContaining("MAX_ANSWER_BYTES")]);
        } else {
          counts.passed++;
          // Names and values of a fixed size are bounded by the cost.
          expect(JSON.stringify(data).length - 60 * countValues(data)).toBeLessThan(limits.maxAnswerBytes);
        }
      }),
      { numRuns: 200 },
    );
    expect(Math.min(counts.passed, counts.refused)).toBeGreaterThan(3);
  });
});

describe("the statements of an operation", () => {
  const aliased = `query ($id: ID!) { ${Array.from({ length: 100 }, (_, n) => `a${n}: job_result(id: $id) { result }`).join(" ")} }`;

  test("are read a few at a time, and no more once one has broken it off", async () => {
    let [underWay, most, count] = [0, 0, 0];
    const reading = (database: Database): Database => ({
      ...database,
      async read(statement, bounds) {
        if (!bounds?.user) return database.read(statement, bounds);
        count += 1;
        most = Math.max(most, ++underWay);
        try {
          return await database.read(statement, bounds);
        } finally {
          underWay -= 1;
        }
      },
    });
    const { url, database } = await openLiveServer({ reading, limits: { maxAnswerBytes: 1_000_000 } });
    const [small, large] = [await storeRun(database, { result: 1 }), await storeRun(database, { result: "x".repeat(300_000) })];
    const { body } = await post(url, KEY, { query: aliased, variables: { id: small } });
    expect(Object.keys(body.data)).toHaveLength(100);
    expect(count).toBe(100);
    // Fewer where the thread was taken meanwhile.
    expect(most).toBeLessThanOrEqual(4);
    const refused = await post(url, KEY, { query: aliased, variables: { id: large } });
    expect(refused.body.errors[0].message).toContain("MAX_ANSWER_BYTES");
    expect(count).toBeLessThanOrEqual(108);
  });

  test("say themselves why they are not read", async () => {
    const reading = (database: Database): Database => ({
      ...database,
      read: (statement, bounds) => (bounds?.user ? Promise.reject(laneIsFull()) : database.read(statement, bounds)),
    });
    const { url } = await openLiveServer({ reading });
    const { body } = await post(url, KEY, { query: "{ jobs { id } }" });
    expect(body.errors).toMatchObject([{ message: laneIsFull().message, extensions: { code: "LIMIT_EXCEEDED" } }]);
  });
});

/** Returns a database whose statements on one table never end by themselves, and the bounds that they got. */
function createStuck(table = "job_result") {
  const stuck: ReadBounds[] = [];
  const reading = (database: Database): Database => ({
    ...database,
    read(statement, bounds = {}) {
      if (!statement.sql.includes(`from "${table}"`)) return database.read(statement, bounds);
      stuck.push(bounds);
      return new Promise((_, reject) => bounds.signal?.addEventListener("abort", () => reject(bounds.signal!.reason as Error)));
    },
  });
  return { stuck, reading };
}

const SLOW = "{ job_results { id } }";

test("a statement that is refused for another reason says that one", async () => {
  const app = await openTestApp({}, { statementTimeoutMs: 50 });
  const id = await storeLines(
    await databaseOf(app),
    Array.from({ length: 5000 }, (_, n) => `hay ${n} `.repeat(40)),
  );
  const patterns = Array.from({ length: 100 }, (_, n) => `h.*a.*y.*z.*${n}q`);
  const query =
    "query ($id: ID!, $patterns: [String]) { job_result(id: $id) { job_log_entries(message__re: $patterns) { id } } }";
  expect(await app.client.refused(query, { id, patterns })).toMatchObject({
    message: expect.stringContaining("STATEMENT_TIMEOUT_MS"),
    extensions: { code: "LIMIT_EXCEEDED" },
  });
});

describe("an operation ends", () => {
  test.for<[of: string, server: number, prepare: (database: Database) => Promise<unknown>]>([
    ["OPERATION_TIMEOUT_MS", 100, async () => undefined],
    [
      "operation_timeout_ms of your key",
      60_000,
      ({ rows }) => rows.updateTable("token").set({ operation_timeout_ms: 100 }).execute(),
    ],
    [
      'operation_timeout_ms of your group "Quick"',
      60_000,
      async (database) => {
        const em = database.fork();
        const users = await em.findAll(User);
        em.create(Group, { name: "Quick", operationTimeoutMs: 100, users } as never, { partial: true });
        await em.flush();
      },
    ],
  ])("after its time, with its statements, by every transport: %s", async ([of, operationTimeoutMs, prepare]) => {
    const { stuck, reading } = createStuck();
    const { url, database } = await openLiveServer({ reading, limits: { operationTimeoutMs } });
    await prepare(database);
    const sentence = `The operation took longer than 100 ms; ${of} allows no more. Ask for less at a time.`;
    const told = { message: sentence, extensions: { code: "LIMIT_EXCEEDED" } };
    for (const extensions of [undefined, {}]) {
      const { body } = await post(url, KEY, { query: SLOW, extensions });
      expect(body).toMatchObject({ data: null, errors: [told] });
    }
    for await (const { data } of await openEventStream(url, KEY, { query: SLOW })) {
      expect(JSON.parse(data)).toMatchObject({ data: null, errors: [told] });
      break;
    }
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = await openSocket(url, (text) => text.includes('"next"') && resolve(text));
    socket.send(message("subscribe", "1", { query: SLOW }));
    expect(JSON.parse(await promise)).toMatchObject({ payload: { data: null, errors: [told] } });
    expect(stuck.map(({ signal }) => signal?.aborted)).toEqual([true, true, true, true]);
    expect(stuck.every(({ maxBytes }) => maxBytes! >= 16_000_000)).toBe(true);
    // Another is answered as ever.
    expect((await post(url, KEY, { query: "{ jobs { id } }" })).body).toEqual({ data: { jobs: [] } });
  });

  test("when nobody waits for it any more: a request that is closed, a socket that is, an operation that its client completes", async () => {
    const { stuck, reading } = createStuck();
    const { url } = await openLiveServer({ reading });
    const aborted = async (count: number) => {
      await expect.poll(() => stuck.length).toBe(count);
      return () => expect.poll(() => stuck[count - 1]!.signal!.aborted).toBe(true);
    };
    for (const accept of ["application/json", "text/event-stream"]) {
      const headers = { accept, "content-type": "application/json", authorization: `Token ${KEY}` };
      const sent = request(`${url}/graphql`, { method: "POST", headers });
      sent.on("error", () => undefined);
      sent.end(JSON.stringify({ query: SLOW }));
      const isAborted = await aborted(stuck.length + 1);
      sent.destroy();
      await isAborted();
    }
    const socket = await openSocket(url);
    socket.send(message("subscribe", "1", { query: SLOW }));
    const completed = await aborted(stuck.length + 1);
    socket.send(message("subscribe", "2", { query: SLOW }));
    const closed = await aborted(stuck.length + 1);
    socket.send(message("complete", "1"));
    await completed();
    expect(stuck.at(-1)!.signal!.aborted).toBe(false);
    socket.close();
    await once(socket, "close");
    await closed();
  });

  test.for(["application/json", "text/event-stream", "socket"])(
    "when nobody waits for it before it has read: %s",
    async (way) => {
      const { stuck, reading } = createStuck();
      const asked = Promise.withResolvers<void>();
      const told = Promise.withResolvers<void>();
      // The first cost waits for the sizes of tables.
      const { url } = await openLiveServer({
        limits: { operationTimeoutMs: 3_600_000 },
        reading: (database) => ({
          ...reading(database),
          async estimateRows() {
            asked.resolve();
            await told.promise;
            return database.estimateRows();
          },
        }),
      });
      if (way === "socket") {
        const socket = await openSocket(url);
        socket.send(message("subscribe", "1", { query: SLOW }));
        await asked.promise;
        socket.close();
        await once(socket, "close");
      } else {
        const headers = { accept: way, "content-type": "application/json", authorization: `Token ${KEY}` };
        const sent = request(`${url}/graphql`, { method: "POST", headers });
        sent.on("error", () => undefined);
        sent.end(JSON.stringify({ query: SLOW }));
        await asked.promise;
        const closed = new Promise((resolve) => sent.once("close", resolve));
        sent.destroy();
        await closed;
      }
      // The server has heard of it by then.
      await fetch(`${url}/nothing`);
      told.resolve();
      const answered = await post(url, KEY, { query: "{ jobs { id } }" });
      expect(answered.body).toEqual({ data: { jobs: [] } });
      await expect.poll(() => stuck.every(({ signal }) => signal!.aborted)).toBe(true);
    },
  );

  test("but for a mutation that began: all of it is done, and only its reads are broken off", async () => {
    const { reading, stuck } = createStuck("object_change");
    const { url, database } = await openLiveServer({ reading, limits: { operationTimeoutMs: 100 } });
    const create = (name: string) =>
      `${name}: create_tag(data: { name: "${name}", content_types: ["extras.job"] }) { name object_changes { id } }`;
    const { body } = await post(url, KEY, { query: `mutation { ${create("a")} ${create("b")} }` });
    expect(stuck.map(({ signal }) => signal!.aborted)).toEqual([true]);
    expect(body.errors.map(({ extensions: { code } }: { extensions: { code: string } }) => code)).toContain("LIMIT_EXCEEDED");
    const tags = await database.rows.selectFrom("tag").select("name").orderBy("name").execute();
    expect(tags).toEqual([{ name: "a" }, { name: "b" }]);
  });
});

describe("nothing is executed a second time", () => {
  test("because a statement failed: readable fields are answered, as graphql-js does, and read once", async () => {
    const schema = createSchema();
    const executor = createExecutor(schema);
    const { database, world } = await openFilled();
    const viewer = { id: world.user, username: "ada", isStaff: true, isSuperuser: true, rights: ALL_RIGHTS };
    /** Returns an answer with one failing statement, and the number of times that each statement was read. */
    const answer = async (run: typeof execute, text: string, failing?: string) => {
      const reads = new Map<string, number>();
      const reading: Database = {
        ...database,
        async read(statement) {
          const key = JSON.stringify([statement.sql, statement.parameters]);
          reads.set(key, (reads.get(key) ?? 0) + 1);
          if (key === failing) throw new Error("The database is away.");
          return database.read(statement);
        },
      };
      const limits = { ...DEFAULTS, maxPageSize: 1000 };
      const contextValue = createContext({ database: reading, runner: RUNNER, limits }, viewer);
      const { data, errors = [] } = await run({ schema, document: parse(text), contextValue });
      contextValue.bounds.end();
      return { data: JSON.parse(JSON.stringify(data)), messages: new Set(errors.map((error) => error.message)), reads };
    };
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(randomQueries(schema, { depth: 3, ids: Object.values(world) }), fc.nat(), async (text, n) => {
        const whole = await answer(execute, text);
        const statements = [...whole.reads.keys()].toSorted();
        const failing = statements[n % Math.max(1, statements.length)];
        const ours = await answer(executor.execute, text, failing);
        const reference = await answer(execute, text, failing);
        if (ours.messages.size > 0) failed++;
        expect([ours.data, ours.messages]).toEqual([reference.data, reference.messages]);
        // On a busy machine an operation takes turns at other moments, and joins other reads: such a statement is new, and read once.
        for (const [statement, count] of ours.reads) expect(count).toBeLessThanOrEqual(whole.reads.get(statement) ?? 1);
      }),
      { numRuns: 150 },
    );
    expect(failed).toBeGreaterThan(10);
  });
});

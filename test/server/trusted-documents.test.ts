import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { type JobFiles, KEY, openTestApp, type TestApp } from "../support/app.ts";
import { ASKING_JOB, waysOf } from "../support/approvals/ways.ts";
import { createClient, post } from "../support/client.ts";
import { idOf, manifestOf, writeManifests } from "../support/manifests.ts";
import { createPerson } from "../support/people.ts";
import { runToEnd } from "../support/runs.ts";
import { type Answer, answerOver, operationOver, TRANSPORTS } from "../support/transports.ts";

const JOBS = "query Jobs($limit: Int) { jobs(limit: $limit) { name } }";
const TWO = "query One { one: __typename } query Two { two: __typename }";
const LIVE = "subscription Live($id: ID!) { job_log_entries(job_result_id: $id) { sequence } }";
const RENAME = `mutation Rename { update_job(name: "Ask", data: { grouping: "Listed" }) { grouping } }`;
const LISTED = [JOBS, TWO, LIVE, RENAME];
const OTHER = "{ jobs { id } }";

const OFF = "The server takes the documents in its list alone, and this is none of them: UNTRUSTED_DOCUMENTS is off.";
const SUPERUSERS = "The server takes other documents than those in its list from superusers only: UNTRUSTED_DOCUMENTS says so.";
const refused = (code: string, message: unknown = expect.any(String)) => ({ errors: [{ message, extensions: { code } }] });

const openListing = async (
  texts: readonly string[],
  untrustedDocuments: Config["untrustedDocuments"] = "off",
  config: Partial<Config> = {},
  files: JobFiles = ASKING_JOB,
): Promise<TestApp> =>
  openTestApp(files, {
    trustedDocuments: await writeManifests({ "persisted-documents.json": manifestOf(texts) }),
    untrustedDocuments,
    ...config,
  });

const authorization = (key: string) => ({ authorization: `Token ${key}` });

/** Sends an operation with GET. */
async function get(url: string, key: string, parameters: Record<string, string>, accept = "application/json"): Promise<Answer> {
  const response = await fetch(`${url}/graphql?${String(new URLSearchParams(parameters))}`, {
    headers: { ...authorization(key), accept, "content-type": "application/json" },
  });
  const text = await response.text();
  return { ...JSON.parse(/^event: next\ndata: (.*)$/m.exec(text)?.[1] ?? text), status: response.status };
}

const byHash = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: idOf(text).slice("sha256:".length) } });

/** Forms in which a client names a document. */
const NAMED: Readonly<Record<string, (text: string) => Record<string, unknown>>> = {
  documentId: (text) => ({ documentId: idOf(text) }),
  "documentId, without its prefix": (text) => ({ documentId: idOf(text).slice("sha256:".length) }),
  "the hash of Apollo's clients": (text) => ({ extensions: byHash(text) }),
  "documentId, besides an empty text and extensions": (text) => ({
    query: "",
    documentId: idOf(text),
    extensions: { cost: true },
  }),
};

describe.each(Object.entries(NAMED))("a document that is named by %s", (_, name) => {
  test.for(TRANSPORTS)("is executed over %s", async (transport) => {
    const { url } = await openListing(LISTED);
    const send = (operation: object) => operationOver(transport, url, authorization(KEY), operation);
    expect(await send({ ...name(JOBS), variables: { limit: 1 } })).toMatchObject({ data: { jobs: [{ name: "Ask" }] } });
    expect(await send({ ...name(TWO), operationName: "Two" })).toMatchObject({ data: { two: "Query" } });
    expect(await send(name(RENAME))).toMatchObject({ data: { update_job: { grouping: "Listed" } } });
    expect(await send(name(OTHER))).toMatchObject(refused("PERSISTED_QUERY_NOT_FOUND"));
  });

  test("is executed with GET, unless it is a mutation", async () => {
    const { url } = await openListing(LISTED);
    const send = (text: string, more: Record<string, string> = {}, accept?: string) => {
      const named = Object.entries(name(text)).map(([part, value]) => [
        part,
        typeof value === "string" ? value : JSON.stringify(value),
      ]);
      return get(url, KEY, { ...Object.fromEntries(named), ...more }, accept);
    };
    for (const accept of ["application/json", "text/event-stream"]) {
      expect(await send(JOBS, { variables: `{"limit":1}` }, accept)).toMatchObject({ data: { jobs: [{ name: "Ask" }] } });
      expect(await send(TWO, { operationName: "One" }, accept)).toMatchObject({ data: { one: "Query" } });
      expect((await send(RENAME, {}, accept)).data).toBeUndefined();
      expect(await send(OTHER, {}, accept)).toMatchObject(refused("PERSISTED_QUERY_NOT_FOUND"));
    }
  });

  test("is followed over sockets and event streams", async () => {
    const says = `export const Says = defineJob({ name: "Says", enabled: true, run: ({ logger }) => logger.info("Hello") });`;
    const { url, client } = await openListing(LISTED, "signed-in", {}, { "says.ts": says });
    const { id } = await runToEnd(client, "says.Says");
    const live = { ...name(LIVE), variables: { id } };
    for (const transport of ["a socket", "an event stream"] as const)
      expect(await operationOver(transport, url, authorization(KEY), live)).toMatchObject({
        data: { job_log_entries: [{ sequence: 1 }] },
      });
    expect(await operationOver("plain HTTP", url, authorization(KEY), live)).toMatchObject(refused("BAD_USER_INPUT"));
  });
});

test("an unknown document is told by its field, with a status of its own", async () => {
  const { url } = await openListing(LISTED);
  const message = `The server knows no document with the id "nobody's": have TRUSTED_DOCUMENTS list it, or send its text.`;
  const { status, body } = await post(url, KEY, { documentId: "nobody's" });
  expect([status, body]).toEqual([
    404,
    { errors: [{ message, extensions: { code: "PERSISTED_QUERY_NOT_FOUND", details: [{ field: "documentId", message }] } }] },
  ]);
  expect((await post(url, KEY, { documentId: "x".repeat(100_000) })).body.errors[0].message.length).toBeLessThan(300);
  expect((await post(url, KEY, { documentId: "__proto__" })).body).toMatchObject(refused("PERSISTED_QUERY_NOT_FOUND"));
  expect((await post(url, KEY, { documentId: 1 })).body).toMatchObject(
    refused("BAD_USER_INPUT", "`documentId` must be a string."),
  );
  expect((await post(url, "wrong", { documentId: idOf(JOBS) })).status).toBe(401);
});

describe.each(["off", "superusers"] as const)("UNTRUSTED_DOCUMENTS=%s", (untrusted) => {
  const [message, mayAdmin] = untrusted === "off" ? [OFF, false] : [SUPERUSERS, true];

  test.for(TRANSPORTS)("takes no others, right or wrong, over %s", async (transport) => {
    const app = await openListing(LISTED, untrusted);
    const ada = await createPerson(
      // The documents of the test itself are no matter of the list.
      await openTestApp({}, { databaseUrl: app.config.databaseUrl }),
      { username: "ada" },
    );
    const ask = (key: string, query: string) => answerOver(transport, app.url, authorization(key), query);
    for (const query of [
      OTHER,
      "{ jobs { nam } }",
      "{ jobs {",
      "",
      `${JOBS} `,
      "{ __schema { queryType { name } } }",
      LIVE.toLowerCase(),
    ]) {
      const answer = [query, await ask(KEY, query)];
      if (mayAdmin) expect(JSON.stringify(answer)).not.toContain("FORBIDDEN");
      else expect(answer).toMatchObject([query, refused("FORBIDDEN", message)]);
      // A superuser's is kept parsed by now.
      expect([query, await ask(ada.key, query)]).toMatchObject([query, refused("FORBIDDEN", message)]);
    }
    expect(await ask(ada.key, JOBS)).toMatchObject({ data: { jobs: [{ name: "Ask" }] } });
  });

  test("lets nobody register a document by its hash", async () => {
    const app = await openListing(LISTED, untrusted);
    const ada = await createPerson(await openTestApp({}, { databaseUrl: app.config.databaseUrl }), { username: "ada" });
    const extensions = byHash(OTHER);
    for (const key of [ada.key, KEY]) await post(app.url, key, { query: OTHER, extensions });
    expect((await post(app.url, ada.key, { query: OTHER, extensions })).body).toMatchObject(refused("FORBIDDEN", message));
    const [code, own] = mayAdmin ? ["FORBIDDEN", message] : ["PERSISTED_QUERY_NOT_FOUND", expect.any(String)];
    expect((await post(app.url, ada.key, { extensions })).body).toMatchObject(refused(code, own));
    expect(await get(app.url, ada.key, { extensions: JSON.stringify(extensions) })).toMatchObject(refused(code, own));
  });

  test("leaves jobs alone: they are the server's own side", async () => {
    const run = `mutation Run($data: GenericScalar) { run_job(class_path: "asking.Ask", data: $data) { id } }`;
    const end = "query End($id: ID!) { job_result(id: $id) { status result } }";
    const { url } = await openListing([run, end], untrusted);
    const send = async (text: string, variables: object) =>
      (await post(url, KEY, { documentId: idOf(text), variables })).body.data;
    const { run_job } = await send(run, { data: { query: OTHER } });
    const result = { data: { jobs: [{ id: expect.any(String) }] } };
    await expect.poll(() => send(end, { id: run_job.id })).toEqual({ job_result: { status: "SUCCESS", result } });
  });
});

describe("a trusted document", () => {
  const nest = (levels: number): string => (levels === 1 ? "id" : `job_model { job_results(limit: 1) { ${nest(levels - 1)} } }`);
  const DEEP = `{ job_results(limit: 1) { ${nest(16)} } }`;
  const aliases = (count: number) =>
    `{ ${Array.from({ length: count }, (_, n) => `a${n}: __typename @include(if: true)`).join(" ")} }`;
  const LARGE = [DEEP, aliases(201), aliases(6000)];
  const DEAR = `{ job_results(limit: 20) { id job_model { ${Array.from({ length: 150 }, (_, n) => `a${n}: name`).join(" ")} } } }`;

  test("has no limits of its text, by every way, as others have", async () => {
    const app = await openListing(LARGE, "signed-in", { maxAnswerBytes: 1_000_000 });
    const { job: _, ...ways } = waysOf(app);
    for (const [way, ask] of Object.entries(ways)) {
      // A GET of that length is none of HTTP's.
      for (const query of way === "HTTP, with GET" ? [DEEP, LARGE[1]!] : way === "HTTP, long" ? [] : LARGE)
        expect([way, (await ask({ query })).errors]).toEqual([way, undefined]);
      if (way === "HTTP, with GET") continue;
      for (const query of LARGE) expect([way, await ask({ query: `${query} ` })]).toMatchObject([way, refused("LIMIT_EXCEEDED")]);
    }
    for (const text of LARGE) expect((await post(app.url, KEY, { documentId: idOf(text) })).body.errors).toBeUndefined();
  });

  test("has the limits of its execution, and needs the rights of all others", async () => {
    const app = await openListing([DEAR, JOBS, RENAME, "{ __schema { queryType { name } } }"], "signed-in", {
      maxQueryCost: 2000,
      introspection: "superusers",
    });
    const send = (text: string, key = KEY) => post(app.url, key, { documentId: idOf(text) }).then(({ body }) => body);
    expect(await send(DEAR)).toMatchObject(refused("LIMIT_EXCEEDED", expect.stringContaining("MAX_QUERY_COST allows 2000.")));
    const ada = await createPerson(app, { username: "ada" }, []);
    expect(await send(JOBS, ada.key)).toEqual({ data: { jobs: [] } });
    expect(await send(RENAME, ada.key)).toMatchObject(refused("FORBIDDEN", expect.stringContaining("extras.change_job")));
    const schema = "{ __schema { queryType { name } } }";
    expect((await send(schema)).errors).toBeUndefined();
    expect(await send(schema, ada.key)).toMatchObject(refused("FORBIDDEN", expect.stringContaining("INTROSPECTION")));
    const { create_token } = (await app.client.query(`mutation { create_token(max_query_cost: 100) { key } }`)) as any;
    const own = "max_query_cost of your key allows 100.";
    expect(await send(DEAR, create_token.key)).toMatchObject(refused("LIMIT_EXCEEDED", expect.stringContaining(own)));
  });
});

describe("manifests", () => {
  test("may be several in a folder, of GraphQL Code Generator, Apollo and others", async () => {
    const apollo = {
      format: "apollo-persisted-query-manifest",
      version: 1,
      operations: [{ id: "my-own.id_1", name: "Two", type: "query", body: TWO }],
    };
    const trustedDocuments = await writeManifests({
      "a.json": manifestOf([JOBS, TWO]),
      "b.json": apollo,
      "c.json": { "0123456789abcdef0123456789abcdef01234567": JOBS, ...manifestOf([JOBS]) },
      "d.json": {},
      "notes.txt": "no manifest",
    });
    const app = await openTestApp({}, { trustedDocuments, untrustedDocuments: "off" });
    for (const documentId of [idOf(JOBS), "0123456789abcdef0123456789abcdef01234567"])
      expect((await post(app.url, KEY, { documentId })).body).toEqual({ data: { jobs: [] } });
    for (const named of [
      { documentId: "my-own.id_1" },
      { extensions: { persistedQuery: { version: 1, sha256Hash: "my-own.id_1" } } },
    ])
      expect((await post(app.url, KEY, { ...named, operationName: "One" })).body).toEqual({ data: { one: "Query" } });
    expect(app.logged).toContainEqual(expect.objectContaining({ msg: "trusted documents read", documents: 4 }));
  });

  const NAME = "persisted-documents.json";
  const wrongHash = `sha256:${"0".repeat(64)}`;
  const jobs = idOf(JOBS).slice("sha256:".length);
  const repeated = `{ ${"id ".repeat(2000)} }`;
  test.for<[what: string, content: unknown, message: string]>([
    ["no JSON", "{", "it is not JSON: "],
    ["no object", "[]", "a manifest is an object of JSON."],
    ["null", "null", "a manifest is an object of JSON."],
    ["a text that is none", { [idOf(JOBS)]: 1 }, `"${idOf(JOBS)}": an id and its document are texts.`],
    ["an empty id", { "": JOBS }, `"": an id and its document are texts.`],
    [
      "another version",
      { format: "apollo-persisted-query-manifest", version: 2, operations: [] },
      "version 1 with a list of operations is read.",
    ],
    [
      "an operation that is none",
      { format: "apollo-persisted-query-manifest", version: 1, operations: [7] },
      "7: an id and its document are texts.",
    ],
    [
      "another text than its hash",
      { [wrongHash]: JOBS },
      `"${"0".repeat(64)}" (Jobs): its text has another SHA-256 than its id.`,
    ],
    ["a syntax error", { a: "query Wrong {" }, `"a" (Wrong): Syntax Error: Expected Name, found <EOF>. (1:14)`],
    [
      "an invalid document",
      { a: "query Wrong { nothing }" },
      `"a" (Wrong): Cannot query field "nothing" on type "Query". (1:15)`,
    ],
    ["no operation", { a: "" }, `"a": Syntax Error: Unexpected <EOF>. (1:1)`],
    ["a type", { a: "type A { b: Int }" }, `"a": The "A" definition is not executable. (1:1)`],
    [
      "too many levels",
      { a: `{${"jobs{".repeat(1001)}id${"}".repeat(1001)}}` },
      `"a": The document has 1002 levels; the server allows 1000.`,
    ],
    [
      "levels without end",
      { a: "{a".repeat(200_000) },
      `"a": The document has more levels than can be read; the server allows 1000.`,
    ],
    [
      "a field that is named too often",
      { a: repeated.replace("{", "{ jobs {").replace("}", "} }") },
      `"a": The document has "id" 2000 times in one object`,
    ],
    ["two texts for an id", { a: JOBS, [jobs]: JOBS, [idOf(JOBS)]: OTHER }, `"${jobs}": ${"%s"} has another text for it.`],
    ["more than is read", { a: "#".repeat(9_000_000) }, "the manifests have more than 8388608 bytes together."],
  ])("%s ends the start with a sentence that names the file", async ([, content, message]) => {
    const folder = await writeManifests({ [NAME]: content });
    const file = join(folder, NAME);
    const start = openTestApp({}, { trustedDocuments: file });
    await expect(start).rejects.toMatchObject({ name: "StartError" });
    const error = await start.catch(({ message: told }: Error) => told);
    expect(error).toContain(`${file}: `);
    expect(error).toContain(message.replace("%s", file));
    expect(String(error).length).toBeLessThan(2000);
  });

  test("that are not there, or a folder without any, end it too", async () => {
    const folder = await writeManifests({ "notes.txt": "" });
    const start = (trustedDocuments: string) => openTestApp({}, { trustedDocuments });
    await expect(start(folder)).rejects.toThrow("the folder has no manifest");
    await expect(start(join(folder, "none.json"))).rejects.toThrow(`${join(folder, "none.json")}: it cannot be read: ENOENT.`);
  });

  test("tell of all their faults at once, up to a number", async () => {
    const texts = Array.from({ length: 13 }, (_, n) => [`id-${n}`, `query Q${n} { nothing }`]);
    const trustedDocuments = await writeManifests({ [NAME]: Object.fromEntries(texts) });
    const { message } = await openTestApp({}, { trustedDocuments }).then(
      () => new Error("it started"),
      (error: Error) => error,
    );
    expect(message.split("\n")).toHaveLength(12);
    expect(message).toContain(`"id-9" (Q9)`);
    expect(message).toContain("and 3 documents more");
  });
});

test("a plugin of Apollo Server sees a document that is named, and the text of a socket's", async () => {
  const seen: (string | undefined)[] = [];
  const plugin = {
    async requestDidStart() {
      return { didResolveOperation: async ({ source }: { source: string }) => void seen.push(source) };
    },
  };
  const trustedDocuments = await writeManifests({ "a.json": manifestOf(LISTED) });
  const app = await openTestApp({}, { trustedDocuments, untrustedDocuments: "off" }, undefined, { plugins: [plugin as never] });
  for (const transport of TRANSPORTS)
    expect(await operationOver(transport, app.url, authorization(KEY), { documentId: idOf(JOBS) })).toMatchObject({
      data: { jobs: [] },
    });
  expect(seen).toEqual([JOBS, JOBS, JOBS, JOBS]);
});

test("a client of graphql-ws names a document in its extensions", async () => {
  const { url } = await openListing(LISTED);
  const { ws, close } = createClient(url, KEY);
  const answers = ws.iterate({ query: "", extensions: byHash(JOBS) });
  expect((await answers.next()).value).toEqual({ data: { jobs: [{ name: "Ask" }] } });
  close();
});

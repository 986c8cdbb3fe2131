import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Isolation } from "../../../src/sdk/define-job.ts";
import type { RunListener, Sandbox } from "../../../src/runner/sandbox/sandbox.ts";
import { writeJobs } from "../app.ts";
import { listen } from "../listen.ts";

const SOURCE = String.raw`
import { GraphQLRequestError } from "jobgraph";
const job = (name, run, more = {}) => defineJob({ name, run, ...more });
const told = (error) => [error.name, error.message];

export const Asks = job("Asks", ({ graphql }) => graphql("{ a }", { text: "é\0\ud800\n", list: [1, undefined, { b: null }], none: undefined, when: new Date(0) }));
export const Plain = job("Plain", ({ graphql }) => graphql("{ a }"));
const field = (value) => ({ kind: "Field", name: { kind: "Name", value } });
const parsed = { kind: "Document", definitions: [{ kind: "OperationDefinition", operation: "query", selectionSet: { kind: "SelectionSet", selections: [field("a"), field("b")] } }] };
class Typed extends String {}
export const Documents = job("Documents", async ({ graphql }) => [(await graphql(parsed)).document, (await graphql(new Typed("{ typed }"))).document]);
export const Refused = job("Refused", async ({ graphql }) => {
  const error = await graphql("{ a }").catch((thrown) => thrown);
  return { is: error instanceof GraphQLRequestError, told: told(error), errors: error.errors };
});
export const Fails = job("Fails", ({ graphql }) => graphql("{ a }"));
export const Wrong = job("Wrong", async ({ graphql }) => {
  const loop = {};
  loop.self = loop;
  const wrong = [["{ a }", { n: 1n }], ["{ a }", { list: [{ deep: () => 1 }] }], ["{ a }", { n: NaN }], ["{ a }", { loop }], ["{ a }", { map: new Map() }],
    ["{ a }", [1]], ["{ a }", "text"], ["", {}], [undefined, {}], [{}, {}], ["{ " + "a ".repeat(60_000) + "}", {}], ["{ a }", { text: "x".repeat(4_000_001) }]];
  return Promise.all(wrong.map(([document, variables]) => graphql(document, variables).then(() => "taken", told)));
});
export const Many = job("Many", ({ graphql, data }) => Promise.all(Array.from({ length: 50 }, (_, n) => graphql("{ a }", { n }).then(({ variables }) => variables.n))));
export const Forgets = job("Forgets", ({ graphql, logger }) => { graphql("{ a }").then(() => { logger.info("answered"); graphql("{ b }"); }); return "done"; });
export const Large = job("Large", async ({ graphql, data }) => {
  const { text } = await graphql("{ a }", { text: "é".repeat(3_000_000) });
  return text.length;
});
export const Waits = job("Waits", async ({ graphql, logger }) => { logger.info("asks"); await graphql("{ a }"); logger.info("never"); });
export const WaitsAndStops = job("Waits and stops", ({ graphql, signal }) => Promise.race([graphql("{ a }"), new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))]));
export const Exits = job("Exits", ({ graphql }) => { graphql("{ a }"); process.exit(3); });
export const LeavesBehind = job("Leaves behind", ({ graphql }) => { setTimeout(() => graphql("{ late }"), 20); return "left"; });
export const Idles = job("Idles", async () => { await new Promise((resolve) => setTimeout(resolve, 60)); return "idled"; });
export const Files = job("Files", ({ graphql, createFile }) => createFile("pages", (async function* () {
  for (let n = 0; n < 3; n++) yield String((await graphql("{ a }", { n })).variables.n);
})()));
export const Flood = job("Flood", ({ graphql, logger }) => {
  for (let n = 0; n < 5_000; n++) logger.info(String(n));
  return Promise.all([1, 2].map(() => graphql("{ a }")));
});
`;

/** The promises of every sandbox about the operations of a run. */
export function operationsContract(open: () => Sandbox): void {
  async function setup() {
    const sandbox = open();
    onTestFinished(() => sandbox.close());
    const file = join(await writeJobs({ "jobs.ts": SOURCE }), "jobs.ts");
    const run = async (
      exportName: string,
      on: Partial<RunListener> = {},
      { isolation = "run" as Isolation, signal = new AbortController().signal } = {},
    ) => {
      const { on: listener, ...said } = listen(on);
      const limits = { softMs: 60_000, hardMs: 120_000 };
      const task = { file, exportName, isolation, limits, data: {}, dryRun: false, user: null };
      const outcome = await sandbox.run({ ...task, jobResult: { id: "r", name: exportName, token: "t" } }, listener, signal);
      return { outcome, ...said };
    };
    return { run };
  }
  const ok = (result: unknown) => ({ kind: "success", result });
  const never: RunListener["graphql"] = () => new Promise(() => undefined);

  test("a document and its variables arrive as they are, and the data comes back", async () => {
    const { run } = await setup();
    const asked: unknown[] = [];
    const { outcome } = await run("Asks", {
      graphql: async (...operation) => {
        asked.push(operation);
        return { data: { a: [1, null, "é"] } };
      },
    });
    expect(asked).toEqual([["{ a }", { text: "é\0\ud800\n", list: [1, null, { b: null }], when: "1970-01-01T00:00:00.000Z" }]]);
    expect(outcome).toEqual(ok({ a: [1, null, "é"] }));
    expect((await run("Plain")).outcome).toEqual(ok({ document: "{ a }", variables: {} }));
  });

  test("documents of both kinds that code is generated for", async () => {
    const { run } = await setup();
    expect((await run("Documents")).outcome).toEqual(ok(["{\n  a\n  b\n}", "{ typed }"]));
  });

  test("errors of the answer are thrown, with all that is said of them", async () => {
    const { run } = await setup();
    const errors = [{ message: "no such thing", path: ["a", 0], extensions: { code: "NOT_FOUND" } }, { message: "nor this" }];
    const graphql = async () => ({ data: null, errors });
    const told = ["GraphQLRequestError", "no such thing (and 1 more)"];
    expect((await run("Refused", { graphql })).outcome).toEqual(ok({ is: true, told, errors }));
    expect((await run("Fails", { graphql: () => Promise.reject(new Error("down")) })).outcome).toMatchObject({
      excType: "GraphQLRequestError",
      excMessage: "down",
    });
  });

  test("an operation that cannot be sent is refused at once, variables by their place", async () => {
    const { run } = await setup();
    const { outcome } = await run("Wrong");
    const document = "The document of an operation must be a text, or a typed document that code was generated for.";
    expect((outcome as { result: unknown }).result).toEqual([
      ["TypeError", "variables.n is a bigint, which JSON cannot hold."],
      ["TypeError", "variables.list[0].deep is a function, which JSON cannot hold."],
      ["TypeError", "variables.n is NaN, which JSON cannot hold."],
      ["TypeError", "variables.loop.self contains itself, which JSON cannot hold."],
      ["TypeError", "variables.map is a Map, which JSON cannot hold."],
      ["TypeError", "The variables of an operation must be an object."],
      ["TypeError", "The variables of an operation must be an object."],
      ["TypeError", document],
      ["TypeError", document],
      ["TypeError", document],
      ["RangeError", "The document has 120003 characters; the server takes 100000 from a job."],
      ["RangeError", "The variables have 4000012 characters of JSON; the server takes 4000000 from a job."],
    ]);
  });

  test("ten are under way at once, the others wait for their turn", async () => {
    const { run } = await setup();
    let underWay = 0;
    let most = 0;
    const areTen = Promise.withResolvers<void>();
    const { outcome } = await run("Many", {
      graphql: async (_, variables) => {
        most = Math.max(most, ++underWay);
        if (underWay === 10) areTen.resolve();
        await areTen.promise;
        await delay(Number(variables["n"]) % 3);
        underWay -= 1;
        return { data: { variables } };
      },
    });
    expect(outcome).toEqual(ok(Array.from({ length: 50 }, (_, n) => n)));
    expect(most).toBe(10);
  });

  test("a run that returns waits for its operations, and for those that follow from them", async () => {
    const { run } = await setup();
    const asked: string[] = [];
    const graphql: RunListener["graphql"] = async (document) => {
      await delay(30);
      asked.push(document);
      return { data: {} };
    };
    const { outcome, lines } = await run("Forgets", { graphql });
    expect([outcome, lines.map(({ message }) => message), asked]).toEqual([ok("done"), ["answered"], ["{ a }", "{ b }"]]);
  });

  test("operations far larger than the pipe, and answers up to a limit", async () => {
    const { run } = await setup();
    expect((await run("Large", { graphql: async (_, data) => ({ data }) })).outcome).toEqual(ok(3_000_000));
    const { outcome } = await run("Plain", { graphql: async () => ({ data: { text: "x".repeat(16_000_000) } }) });
    expect(outcome).toMatchObject({
      excType: "GraphQLRequestError",
      excMessage: expect.stringMatching(/^The answer has 160000\d\d characters of JSON; a job is given 16000000 at most/),
    });
  });

  test("a file may be made of answers, and lines do not wait for them", async () => {
    const { run } = await setup();
    expect((await run("Files")).files).toEqual([{ name: "pages", bytes: Buffer.from("012") }]);
    expect((await run("Flood")).lines).toHaveLength(5000);
  });

  test("a run that is ended does not wait for an answer", async () => {
    const { run } = await setup();
    for (const [exportName, said] of [
      ["Waits", ["asks"]],
      ["WaitsAndStops", []],
    ] as const) {
      const abort = new AbortController();
      const graphql: RunListener["graphql"] = (...asked) => {
        abort.abort(Object.assign(new Error("enough"), { name: "JobCanceled" }));
        return never(...asked);
      };
      const { outcome, lines } = await run(exportName, { graphql }, { signal: abort.signal });
      expect(outcome).toMatchObject({ excType: "JobCanceled", excMessage: "enough" });
      expect(lines.map(({ message }) => message)).toEqual(said);
    }
  });

  test("operations that were sent before the job ended itself are done, and waited for", async () => {
    const { run } = await setup();
    let done = false;
    const graphql = async () => {
      await delay(50);
      done = true;
      return { data: {} };
    };
    expect((await run("Exits", { graphql })).outcome).toMatchObject({ excType: "JobEnded" });
    expect(done).toBe(true);
  });

  test("leftovers of an earlier run send nothing in a later one", async () => {
    const { run } = await setup();
    await run("LeavesBehind", {}, { isolation: "shared" });
    const asked: string[] = [];
    const graphql: RunListener["graphql"] = async (document) => (asked.push(document), { data: {} });
    expect((await run("Idles", { graphql }, { isolation: "shared" })).outcome).toEqual(ok("idled"));
    expect(asked).toEqual([]);
  });
}

import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Sandbox } from "../../../src/runner/sandbox/sandbox.ts";
import { writeJobs } from "../app.ts";
import { listen } from "../listen.ts";

const SOURCE = String.raw`
import { Session } from "node:inspector";
import * as threads from "node:worker_threads";
const job = (name, run, more = {}) => defineJob({ name, run, ...more });
const nested = (depth) => { let value = []; for (let n = 1; n < depth; n++) value = n % 2 ? [value] : { value }; return value; };
export const Deep = job("Deep", () => nested(2000));
export const VeryDeep = job("Very deep", () => nested(200_000));
export const DeepEnough = job("Deep enough", () => nested(500));
export const DeepVariables = job("Deep variables", ({ graphql }) => graphql("{ a }", { deep: nested(2000) }));
export const DeepCauses = job("Deep causes", () => { let error = new Error("first"); for (let n = 0; n < 50_000; n++) error = new Error("e" + n, { cause: error }); throw error; });
export const OwnCause = job("Own cause", () => { const error = new Error("circular"); error.cause = error; throw error; });
export const CauseCircle = job("Cause circle", () => { const first = new Error("circular"), second = new Error("second", { cause: first }); first.cause = second; throw first; });
export const GathersItself = job("Gathers itself", () => { const error = new AggregateError([new Error("circular")]); error.errors.push(error); throw error; });
export const ThrowsObject = job("Throws object", () => { throw { code: "E1" }; });
export const ThrowsGetter = job("Throws getter", () => { throw Object.defineProperty(new Error("m"), "code", { enumerable: true, get() { throw new Error("no"); } }); });
export const ReturnsItself = job("Returns itself", () => ({ toJSON() { return this; } }));
export const Getter = job("Getter", () => ({ get bad() { throw new Error("in a getter"); } }));
export const ToJsonThrows = job("toJSON throws", () => ({ toJSON() { throw new Error("in toJSON"); } }));
export const ThrowsNull = job("Throws null", () => { throw null; });
export const ThrowsBare = job("Throws bare", () => { throw Object.create(null); });
export const ThrowsSymbol = job("Throws symbol", () => { throw Symbol("s"); });
export const ThrowsProxy = job("Throws proxy", () => { throw new Proxy(new Error("x"), { get() { throw new Error("no"); }, getPrototypeOf() { throw new Error("no"); } }); });
export const ThrowsBadName = job("Throws bad name", () => { throw Object.assign(new Error("m"), { name: { toString() { throw 1; } } }); });
export const Freezes = job("Fake time", ({ logger }) => { Date.now = () => NaN; JSON.stringify = () => "nothing"; logger.info("said"); return "real"; });
export const Patches = job("Patches", ({ logger }) => { Array.prototype.toJSON = () => "patched"; logger.info("said"); return "real"; });
export const Debugs = job("Debugs", () => new Session().connectToMainThread());
export const Finds = job("Finds", () => [threads.workerData?.port ?? null, threads.workerData?.pipe ?? null]);
`;

/** Promises of every sandbox about results, errors and built-ins that are not as they should be. */
export function hostileContract(open: () => Sandbox): void {
  async function setup() {
    const sandbox = open();
    onTestFinished(() => sandbox.close());
    const file = join(await writeJobs({ "jobs.ts": SOURCE }), "jobs.ts");
    return async (exportName: string) => {
      const { on, lines } = listen();
      const task = { file, exportName, isolation: "run", data: {}, dryRun: false, user: null } as const;
      const limits = { softMs: 60_000, hardMs: 120_000 };
      const run = { ...task, limits, jobResult: { id: "r", name: exportName, token: "" } };
      return { outcome: await sandbox.run(run, on, new AbortController().signal), lines };
    };
  }

  test.for([
    ["Deep", "result is nested deeper than 500 lists and objects. Leave it as a file."],
    ["VeryDeep", "result is nested deeper than 500"],
    ["DeepVariables", "variables is nested deeper than 500"],
    ["ReturnsItself", "result is nested deeper than 500"],
    ["DeepCauses", "e49999"],
    ["OwnCause", "circular"],
    ["CauseCircle", "circular"],
    ["GathersItself", "circular"],
    ["ThrowsObject", "threw { code: 'E1' }"],
    ["ThrowsGetter", "m"],
    ["Getter", "in a getter"],
    ["ToJsonThrows", "in toJSON"],
    ["ThrowsNull", "threw null"],
    ["ThrowsBare", "The job threw a value that cannot be read."],
    ["ThrowsSymbol", "threw Symbol(s)"],
    ["ThrowsProxy", "The job threw a value that cannot be read."],
    ["ThrowsBadName", "The job threw a value that cannot be read."],
    ["Debugs", "A job may not debug the server"],
    ["Patches", "Code of the job has changed a built-in object"],
  ])("a run ends with a reason: %s", async ([exportName, why]) => {
    const run = await setup();
    expect((await run(exportName!)).outcome).toMatchObject({ kind: "failure", excMessage: expect.stringContaining(why!) });
  });

  test("a result of the greatest depth is kept, and built-ins that a job replaced do no harm", async () => {
    const run = await setup();
    expect((await run("DeepEnough")).outcome.kind).toBe("success");
    const { outcome, lines } = await run("Freezes");
    expect(outcome).toEqual({ kind: "success", result: "real" });
    expect(lines).toMatchObject([{ message: "said", created: expect.toSatisfy((time: string) => Date.parse(time) > 0) }]);
    expect((await run("Finds")).outcome).toEqual({ kind: "success", result: [null, null] });
  });
}

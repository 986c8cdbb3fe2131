import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { runToEnd } from "../../support/runs.ts";

const endings = `
import { JobFailure } from "jobgraph";
const job = (name, run, more) => defineJob({ name, enabled: true, run, ...more });
class NoSite extends Error { name = "NoSite"; }
class NoRack extends JobFailure { name = "NoRack"; }
export const Returns = job("Returns", ({ logger }) => { logger.info("a"); logger.success("b"); return { answer: 42 }; });
export const ReturnsNothing = job("Returns nothing", () => undefined);
export const ReturnsFailure = job("Returns failure", () => ({ exc_type: "Error", exc_message: ["mine"] }));
export const OddText = job("Odd text", ({ logger }) => { logger.info("nul\\0 lone\\ud800"); return "nul\\0 lone\\ud800"; });
export const Throws = job("Throws", ({ logger }) => { logger.info("before"); throw new RangeError("too far"); });
export const ThrowsNothing = job("Throws nothing", () => { throw new Error(); });
export const ThrowsOwn = job("Throws own", () => { throw new NoSite("paris"); });
export const ThrowsText = job("Throws text", () => { throw "just text"; });
export const ThrowsObject = job("Throws object", () => { throw { code: 7 }; });
export const ThrowsMany = job("Throws many", () => {
  throw Object.assign(new AggregateError([new TypeError("one"), "two"], "all", { cause: new Error("why") }), { code: "E1" });
});
export const ThrowsSentence = job("Throws sentence", () => { throw new JobFailure("There is no such site."); });
export const ThrowsOwnSentence = job("Throws own sentence", () => { throw new NoRack("There is no such rack."); });
export const Exits = job("Exits", ({ logger }) => { logger.info("before"); process.exit(7); });
export const ExitsZero = job("Exits zero", () => { process.exit(0); });
export const NeverSettles = job("Never settles", () => new Promise(() => {}));
export const Unawaited = job("Unawaited", () => { Promise.reject(new Error("nobody looked")); return 1; });
export const LateThrow = job("Late throw", async () => { setTimeout(() => { throw new Error("from a timer"); }, 1); await new Promise((r) => setTimeout(r, 1000)); });
export const BigIntResult = job("BigInt", () => ({ rows: [1, { size: 10n }] }));
export const CycleResult = job("Cycle", () => { const a = {}; a.self = a; return a; });
export const FunctionResult = job("Function", () => ({ f() {} }));
export const MapResult = job("Map", () => new Map());
export const OddError = job("Odd error", () => { throw new Error("nul\\0 lone\\ud800"); });
export const Loops = job("Loops", () => { for (;;); }, { timeLimit: 0.2 });
export const Waits = job("Waits", ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))), { softTimeLimit: 0.2 });
export const Hungry = job("Hungry", () => { const keep = []; for (;;) keep.push(Buffer.alloc(1 << 20, 1)); }, { memoryLimitMb: 64 });
export const Talks = job("Talks", async ({ logger }) => { for (let n = 0; n < 100; n++) logger.info("again"); });
`;

const open = () => openTestApp({ "endings.ts": endings }, { maxRunLines: 50 });

test.for([
  ["Returns", { answer: 42 }],
  ["ReturnsNothing", null],
  ["ReturnsFailure", { exc_type: "Error", exc_message: ["mine"] }],
  ["OddText", "nul␀ lone�"],
] as const)("a job that %s succeeds", async ([exportName, result]) => {
  const { client } = await open();
  expect(await runToEnd(client, `endings.${exportName}`)).toMatchObject({ status: "SUCCESS", result, error: null });
});

test.for([
  ["Throws", "RangeError", "too far", ["endings.ts"]],
  ["ThrowsNothing", "Error", "", ["endings.ts"]],
  ["ThrowsOwn", "NoSite", "paris", ["endings.ts"]],
  ["ThrowsText", "Error", "just text"],
  ["ThrowsObject", "Error", "threw { code: 7 }"],
  [
    "ThrowsMany",
    "AggregateError",
    "all",
    ["code: 'E1'", "One of its errors: TypeError: one", "One of its errors: two", "Caused by: Error: why"],
  ],
  ["ThrowsSentence", "JobFailure", "There is no such site.", null],
  ["ThrowsOwnSentence", "NoRack", "There is no such rack.", null],
  ["Exits", "JobEnded", "The job called process.exit(7)."],
  ["ExitsZero", "JobEnded", expect.stringContaining("process.exit(0)")],
  ["NeverSettles", "JobEnded", expect.stringContaining("a promise that nothing can settle")],
  ["Unawaited", "Error", "nobody looked"],
  ["LateThrow", "Error", "from a timer"],
  ["BigIntResult", "TypeError", "result.rows[1].size is a bigint, which JSON cannot hold."],
  ["CycleResult", "TypeError", "result.self contains itself, which JSON cannot hold."],
  ["FunctionResult", "TypeError", "result.f is a function, which JSON cannot hold."],
  ["MapResult", "TypeError", "result is a Map, which JSON cannot hold."],
  ["OddError", "Error", "nul␀ lone�"],
  ["Loops", "TimeLimitExceeded", expect.stringContaining("0.2 s")],
  ["Waits", "SoftTimeLimitExceeded", expect.stringContaining("0.2 s")],
  ["Hungry", "MemoryLimitExceeded", expect.stringContaining("64 MiB")],
  ["Talks", "LineLimitExceeded", expect.stringContaining("50")],
] as const)("a job that %s fails as %s", async ([exportName, type, message, told = [type]]) => {
  const { client } = await open();
  const run = await runToEnd(client, `endings.${exportName}`);
  expect(run).toMatchObject({ status: "FAILURE", error: { type, message } });
  expect(run.traceback === null).toBe(told === null);
  for (const text of told ?? []) expect(run.traceback).toContain(text);
});

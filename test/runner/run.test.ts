import { expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import { runToEnd } from "../support/runs.ts";

const endings = `
const job = (name, run) => defineJob({ name, enabled: true, run });
export const Returns = job("Returns", ({ logger }) => { logger.info("a"); logger.success("b"); return { answer: 42 }; });
export const ReturnsNothing = job("Returns nothing", () => undefined);
export const Throws = job("Throws", ({ logger }) => { logger.info("before"); throw new RangeError("too far"); });
export const ThrowsText = job("Throws text", () => { throw "just text"; });
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
export const OddText = job("Odd text", ({ logger }) => { logger.info("nul\\0 lone\\ud800"); return "nul\\0 lone\\ud800"; });
`;

test.for([
  ["Returns", "SUCCESS", { answer: 42 }],
  ["ReturnsNothing", "SUCCESS", null],
  ["Throws", "FAILURE", { exc_type: "RangeError", exc_message: "too far" }],
  ["ThrowsText", "FAILURE", { exc_type: "Error", exc_message: "just text" }],
  ["Exits", "FAILURE", { exc_type: "JobEnded", exc_message: "The job called process.exit(7)." }],
  ["ExitsZero", "FAILURE", { exc_type: "JobEnded", exc_message: expect.stringContaining("process.exit(0)") }],
  [
    "NeverSettles",
    "FAILURE",
    { exc_type: "JobEnded", exc_message: expect.stringContaining("a promise that nothing can settle") },
  ],
  ["Unawaited", "FAILURE", { exc_type: "Error", exc_message: "nobody looked" }],
  ["LateThrow", "FAILURE", { exc_type: "Error", exc_message: "from a timer" }],
  ["BigIntResult", "FAILURE", { exc_type: "TypeError", exc_message: "result.rows[1].size is a bigint, which JSON cannot hold." }],
  ["CycleResult", "FAILURE", { exc_type: "TypeError", exc_message: "result.self contains itself, which JSON cannot hold." }],
  ["FunctionResult", "FAILURE", { exc_type: "TypeError", exc_message: "result.f is a function, which JSON cannot hold." }],
  ["MapResult", "FAILURE", { exc_type: "TypeError", exc_message: "result is a Map, which JSON cannot hold." }],
  ["OddError", "FAILURE", { exc_type: "Error", exc_message: "nul␀ lone�" }],
  ["OddText", "SUCCESS", "nul␀ lone�"],
] as const)("a job that %s ends as %s", async ([exportName, status, result]) => {
  const { client } = await openTestApp({ "endings.ts": endings });
  const run = await runToEnd(client, `endings.${exportName}`);
  expect(run).toMatchObject({ status, result });
  expect(run.traceback === null).toBe(status === "SUCCESS");
});

import { expect, test } from "vitest";
import { counted } from "../src/errors.ts";
import { KEY, openTestApp } from "./support/app.ts";
import { post } from "./support/client.ts";
import { runToEnd } from "./support/runs.ts";

test.each([
  [0, "0 runs"],
  [1, "1 run"],
  [2, "2 runs"],
])("%i has its noun in the number that it needs", (count, text) => {
  expect(counted(count, "run")).toBe(text);
});

test("a plural is given where it does more than take an s", () => {
  expect(counted(1, "alias", "aliases")).toBe("1 alias");
  expect(counted(3, "alias", "aliases")).toBe("3 aliases");
});

const JOBS = {
  "jobs.ts": `
export const Alone = defineJob({ name: "Alone", enabled: true, maxConcurrent: 1, onLimit: "reject",
  run: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)) });
export const Talks = defineJob({ name: "Talks", enabled: true, run({ logger }) { for (let n = 0; n < 9; n++) logger.info("line"); } });
`,
};

test.each([
  ["MAX_QUERY_ALIASES", { maxQueryAliases: 0 }, `{ a: __typename }`],
  ["MAX_QUERY_DIRECTIVES", { maxQueryDirectives: 0 }, `{ __typename @skip(if: false) }`],
  ["MAX_QUERY_FIELDS", { maxQueryFields: 0 }, `{ __typename }`],
  ["MAX_QUERY_DEPTH", { maxQueryDepth: 0 }, `{ __typename }`],
  ["MAX_QUERY_TOKENS", { maxQueryTokens: 1 }, `{ __typename }`],
  ["MAX_QUERY_COST", { maxQueryCost: 0 }, `{ job(id: "x") { id } }`],
  ["MAX_ANSWER_BYTES", { maxAnswerBytes: 1 }, `{ jobs { id name } }`],
])("%s is told with a number that fits its noun, also 1", async (setting, limits, query) => {
  const app = await openTestApp(JOBS, limits);
  const { body } = await post(app.url, KEY, { query });
  expect(body.errors[0].message).toContain(setting);
  expect(body.errors[0].message).not.toMatch(/\b1 (?!alias\b)\w+s\b/);
});

test("so are limits of runs", async () => {
  const { client } = await openTestApp(JOBS, { maxRunLines: 1 });
  const { error } = await runToEnd(client, "jobs.Talks");
  expect(error?.message).toContain("more than 1 line,");
  const alone = `mutation { run_job(class_path: "jobs.Alone") { id } }`;
  await client.query(alone);
  expect((await client.refused(alone)).message).toContain("At most 1 run of");
});

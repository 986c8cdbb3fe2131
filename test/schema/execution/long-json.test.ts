import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { databaseOf, storeRun } from "../../support/rows.ts";
import { ASKING_JOB, waysOf } from "../../support/approvals/ways.ts";

const LONG = {
  of: { the: ['é日😀"\\\n'.repeat(20_000), 1, 0.5, null, true, {}] },
  list: Array.from({ length: 5000 }, (_, n) => ({ n })),
};
/** Values that are passed on as text. */
const VALUES = [LONG, "x".repeat(700_000)];

/** Fields in which a run shows a value. */
const PLAIN = "result";
/** graphql-js answers it, and says what went wrong. */
const FAILING = "beside a field that fails";
/** Selections of runs: a field by itself, under several names, beside fields that look into the same column, and beside one that fails. */
const SELECTIONS = {
  alone: `{ job_result(id: $id) { ${PLAIN} } }`,
  "under two names": `{ job_result(id: $id) { ${PLAIN} again: ${PLAIN} } }`,
  "of a list": `{ job_results(id: [$id]) { id ${PLAIN} } }`,
  "of a page": `{ job_results_connection(id: [$id]) { nodes { ${PLAIN} } } }`,
  "of a relation": `{ job_log_entries(job_result: [$id]) { job_result { ${PLAIN} } } }`,
  [FAILING]: `{ job_result(id: $id) { ${PLAIN} } jobs(job_queues: "none") { id } }`,
};

const ofAny = (data: any): any[] =>
  typeof data !== "object" || data === null
    ? []
    : Object.entries(data).flatMap(([name, inner]) => (name === PLAIN || name === "again" ? [inner] : ofAny(inner)));

test("a long value comes as it was stored, by every way and in every place", async () => {
  const app = await openTestApp(ASKING_JOB);
  const database = await databaseOf(app);
  for (const value of VALUES) {
    const id = await storeRun(database, { result: value }, [{ message: "a line" }]);
    for (const [place, selection] of Object.entries(SELECTIONS)) {
      const type = selection.includes("[$id]") ? "String!" : "ID!";
      for (const [way, ask] of Object.entries(waysOf(app))) {
        const { data, errors } = await ask({ query: `query ($id: ${type}) ${selection}`, variables: { id } });
        expect(errors?.length ?? 0, `${place}, ${way}`).toBe(place === FAILING ? 1 : 0);
        // It throws.
        if (errors && way === "job") continue;
        const found = ofAny(data);
        expect(found, `${place}, ${way}`).toHaveLength(place === "under two names" ? 2 : 1);
        for (const one of found) expect(one, `${place}, ${way}`).toEqual(value);
      }
    }
  }
});

test("a field that looks into a long value finds the value, and so does one beside it", async () => {
  const app = await openTestApp({});
  const meta = { files: [], more: "x".repeat(100_000) };
  const celeryKwargs = { queue: "default", more: "y".repeat(100_000) };
  const result = { exc_type: "Error", exc_module: "builtins", exc_message: ["z".repeat(100_000)] };
  const id = await storeRun(await databaseOf(app), { status: "FAILURE", meta, celeryKwargs, result });
  const document =
    "query ($id: ID!) { job_result(id: $id) { meta approvals { comment } queue { name } celery_kwargs error { type message } result } }";
  const { job_result } = await app.client.query(document, { id });
  expect(job_result).toEqual({
    meta,
    approvals: [],
    queue: { name: "default" },
    celery_kwargs: celeryKwargs,
    error: { type: "Error", message: result.exc_message[0] },
    result,
  });
});

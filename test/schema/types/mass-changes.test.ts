import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";

const JOBS = {
  "a.ts": `
export const Waits = defineJob({ name: "Waits", enabled: true, run: ({ signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))) });
export const Other = defineJob({ name: "Other", enabled: true, run() {} });
`,
};

/** Filters that every object passes, or no filter at all; the names that the answer tells. */
const NOTHING: [filters: string, names: string[]][] = [
  ["", []],
  ["name: null", []],
  [`q: ""`, ["q"]],
  [`q: "  "`, ["q"]],
  ["name: []", ["name"]],
  [`name: [""]`, ["name"]],
  ["name: [null]", ["name"]],
  ["name__n: []", ["name__n"]],
  ["id: []", ["id"]],
  [`id: [""]`, ["id"]],
  ["id__n: []", ["id__n"]],
  [`name__ic: ""`, ["name__ic"]],
  [`name__ic: [""]`, ["name__ic"]],
  [`name__isw: [""]`, ["name__isw"]],
  [`name__iew: [""]`, ["name__iew"]],
  [`name__ie: [""]`, ["name__ie"]],
  [`name__nie: [""]`, ["name__nie"]],
  [`name__re: [""]`, ["name__re"]],
  [`name__re: [".*"]`, ["name__re"]],
  [`name__re: ["."]`, ["name__re"]],
  [`name__ire: ["^"]`, ["name__ire"]],
  [`name__re: ["Wai", "x*"]`, ["name__re"]],
  [`name__ic: ["Wai", " "]`, ["name__ic"]],
  [`q: "", name__ic: [""], name__n: []`, ["name__ic", "name__n", "q"]],
];

/** Filters that say which, the empty ones beside them notwithstanding. */
const SOMETHING = [
  `q: "Wai"`,
  `name: "Waits"`,
  `name__ic: ["wait"]`,
  `name__ic: ["Wai", ""]`,
  `name__re: ["^W"]`,
  `name__n: ["Other"]`,
  `q: "", name: ["Waits"]`,
];

const MUTATIONS = {
  cancel_job_results: (filters: string) =>
    `mutation { cancel_job_results${filters && `(${filters})`} { outcomes { canceled } } }`,
  update_jobs: (filters: string) =>
    `mutation { update_jobs(${filters && `${filters},`} data: { description: "new" }) { applied } }`,
};

test.for(Object.entries(MUTATIONS))("%s refuses filters that say nothing, by their names", async ([, mutation]) => {
  const { client } = await openTestApp(JOBS);
  const { run_job } = await client.query(`mutation { run_job(name: "Waits") { id } }`);
  for (const [filters, names] of NOTHING) {
    const { extensions, message } = await client.refused(mutation(filters));
    expect([filters, extensions.code]).toEqual([filters, "BAD_USER_INPUT"]);
    expect([filters, (extensions.details ?? []).map(({ field }) => field).toSorted()]).toEqual([filters, names]);
    expect(message).toMatch(/^Say which (jobs|runs)/);
  }
  const state = await client.query(`query ($id: ID!) { job_result(id: $id) { date_canceled } jobs { description } }`, {
    id: run_job.id,
  });
  expect(state).toEqual({ job_result: { date_canceled: null }, jobs: [{ description: "" }, { description: "" }] });
  for (const filters of SOMETHING) await client.query(mutation(filters));
});

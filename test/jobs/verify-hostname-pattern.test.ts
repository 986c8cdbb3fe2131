import "reflect-metadata";
import { expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import { deviceLine, runExample } from "./examples.ts";
import { JOBS_ROOT, jobsWithInventory, type Row, shippedRows } from "./inventory-file.ts";

const JOB = "verify_hostname_pattern.VerifyHostnamePattern";
const DEFAULT_PATTERN = String.raw`^[a-z]{3}\d{2}-(rtr|sw|fw|ap)-\d{2}$`;

/** True if the default pattern matches, found without a regular expression. */
function isGood(name: string): boolean {
  const [site = "", kind = "", number = "", ...rest] = name.split("-");
  const consistsOf = (text: string, length: number, alphabet: string) =>
    text.length === length && Array.from(text).every((character) => alphabet.includes(character));
  return (
    consistsOf(site.slice(0, 3), 3, "abcdefghijklmnopqrstuvwxyz") &&
    consistsOf(site.slice(3), 2, "0123456789") &&
    ["rtr", "sw", "fw", "ap"].includes(kind) &&
    consistsOf(number, 2, "0123456789") &&
    rest.length === 0
  );
}

const lineOf = ({ name, site }: Row, matches: boolean) =>
  deviceLine(name, {
    log_level: matches ? "SUCCESS" : "FAILURE",
    message: `${name} ${matches ? "matches" : "does not match"}`,
    grouping: site,
  });

test("says one line a device and fails with how many do not match", async () => {
  const { client } = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const rows = await shippedRows();
  const bad = rows.filter(({ name }) => !isGood(name));
  expect(bad.length).toBeGreaterThan(0);

  const run = await runExample(client, JOB);
  expect(run.stored).toEqual(rows.map((row) => lineOf(row, isGood(row.name))));
  const message = `${bad.length} of ${rows.length} host names do not match ${DEFAULT_PATTERN}`;
  expect(run).toMatchObject({ status: "FAILURE", error: { type: "Error", message } });
  expect(run.traceback).toContain("verify_hostname_pattern.ts");
});

test("succeeds with counts when every host name matches", async () => {
  const { client } = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const rows = await shippedRows();
  const run = await runExample(client, JOB, { pattern: "^[\\w-]+$" });
  expect(run.stored).toEqual(rows.map((row) => lineOf(row, true)));
  expect(run).toMatchObject({ status: "SUCCESS", traceback: null });
  expect(run.result).toEqual({ devices: rows.length, sites: new Set(rows.map(({ site }) => site)).size });
});

test("looks at one site only, and fails for one that is not there", async () => {
  const { client } = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const rows = await shippedRows();

  const good = rows.filter(({ site }) => site === "Westmere");
  const succeeded = await runExample(client, JOB, { site: "Westmere" });
  expect(succeeded).toMatchObject({ status: "SUCCESS", result: { devices: good.length, sites: 1 } });
  expect(succeeded.stored).toEqual(good.map((row) => lineOf(row, true)));

  const mixed = rows.filter(({ site }) => site === "Kestrel Point");
  const failed = await runExample(client, JOB, { site: "Kestrel Point" });
  const summary = `${mixed.filter(({ name }) => !isGood(name)).length} of ${mixed.length} host names do not match`;
  expect(failed).toMatchObject({ status: "FAILURE", error: { message: expect.stringContaining(summary) } });
  expect(failed.stored).toEqual(mixed.map((row) => lineOf(row, isGood(row.name))));

  const unknown = await runExample(client, JOB, { site: "Nowhere" });
  const message = 'There is no site "Nowhere"; the sites are Brackwater, Thornfield, Kestrel Point, Oldharbour, Westmere';
  expect(unknown).toMatchObject({ status: "FAILURE", error: { type: "Error", message }, stored: [] });
});

test("refuses bad inputs before a run is made", async () => {
  const { client } = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const refused = (data: object) =>
    client.refused(`mutation ($data: GenericScalar) { run_job(class_path: "${JOB}", data: $data) { id } }`, { data });
  const refusal = (field: string, message: string) => ({ extensions: { code: "BAD_USER_INPUT", details: [{ field, message }] } });

  expect(await refused({ pattern: "^[a-z" })).toMatchObject(refusal("data.pattern", "must be a valid regular expression"));
  expect(await refused({ pattern: 7 })).toMatchObject(refusal("data.pattern", expect.stringContaining("expected string")));
  expect(await refused({ site: "" })).toMatchObject(refusal("data.site", expect.any(String)));
  expect(await client.query(`{ job_results { id } }`)).toEqual({ job_results: [] });
});

test("names the row and the column of a file that is not as it should be", async () => {
  const jobsRoot = await jobsWithInventory(
    "name,site,role,model,serial,management_ip\nwsm01-ap-01,Westmere,access point,Skylark A7, indoor,SA1,203.0.113.20\n",
  );
  const { client } = await openTestApp({}, { jobsRoot });
  const run = await runExample(client, JOB);
  expect(run).toMatchObject({
    status: "FAILURE",
    error: { message: "devices.csv, row 2: management_ip: Invalid IPv4 address" },
  });
});

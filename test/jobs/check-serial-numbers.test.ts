import "reflect-metadata";
import { expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import { deviceLine, runExample } from "./examples.ts";
import { JOBS_ROOT, jobsWithInventory, shippedRows } from "./inventory-file.ts";

const JOB = "check_serial_numbers.CheckSerialNumbers";

/** Returns the expected findings in the shipped file, by comparing each device with each other. */
async function expectation() {
  const rows = (await shippedRows()).map(({ name, serial }) => ({ name, serial: serial.split(" ").join("").toUpperCase() }));
  const missing = rows.filter(({ serial }) => serial === "").map(({ name }) => name);
  const duplicates = rows
    .map(({ serial }) => ({
      serial,
      devices: rows.filter((other) => serial !== "" && other.serial === serial).map(({ name }) => name),
    }))
    .filter(({ serial, devices }, index) => devices.length > 1 && rows.findIndex((row) => row.serial === serial) === index);
  return { devices: rows.length, missing, duplicates };
}

/** The line about each finding. */
function findings(
  { missing, duplicates }: Awaited<ReturnType<typeof expectation>>,
  levels: { missing: string; duplicates: string },
) {
  return [
    ...missing.map((name) =>
      deviceLine(name, { log_level: levels.missing, message: `${name} has no serial number`, grouping: "missing" }),
    ),
    ...duplicates.map(({ serial, devices }) => ({
      log_level: levels.duplicates,
      message: `${serial} belongs to ${devices.join(", ")}`,
      grouping: "duplicates",
      log_object: serial,
      absolute_url: "",
    })),
  ];
}

const summary = ({ devices, missing, duplicates }: Awaited<ReturnType<typeof expectation>>) =>
  `${devices} devices: ${missing.length} without a serial number, ${duplicates.length} serial numbers with several devices`;

test("logs a line a finding and a summary, and returns its findings", async () => {
  const { client } = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const expected = await expectation();
  expect([expected.missing.length, expected.duplicates.length]).not.toContain(0);

  const run = await runExample(client, JOB);
  expect(run).toMatchObject({ status: "SUCCESS", traceback: null });
  expect(run.result).toEqual(expected);
  expect(run.stored).toEqual([
    ...findings(expected, { missing: "WARNING", duplicates: "WARNING" }),
    { log_level: "INFO", message: summary(expected), grouping: "main", log_object: "", absolute_url: "" },
  ]);
});

test("fails with the summary for the findings that it is told to fail on", async () => {
  const { client } = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const expected = await expectation();
  const failure = { status: "FAILURE", error: { type: "Error", message: summary(expected) } };

  const onMissing = await runExample(client, JOB, { fail_on_missing: true });
  expect(onMissing).toMatchObject(failure);
  expect(onMissing.stored).toEqual(findings(expected, { missing: "FAILURE", duplicates: "WARNING" }));

  const onDuplicates = await runExample(client, JOB, { fail_on_duplicates: true });
  expect(onDuplicates).toMatchObject(failure);
  expect(onDuplicates.stored).toEqual(findings(expected, { missing: "WARNING", duplicates: "FAILURE" }));
});

test("succeeds, however strict, when every device has its own serial number", async () => {
  const jobsRoot = await jobsWithInventory(
    'name,site,role,model,serial,management_ip\nb,Westmere,switch,"Halyard S24, 10"" half rack",HS1,203.0.113.1\na,Westmere,switch,Halyard S48,HS2,203.0.113.2',
  );
  const { client } = await openTestApp({}, { jobsRoot });
  const run = await runExample(client, JOB, { fail_on_missing: true, fail_on_duplicates: true });
  expect(run).toMatchObject({ status: "SUCCESS", result: { devices: 2, missing: [], duplicates: [] } });
  expect(run.lines.map(({ log_level }) => log_level)).toEqual(["INFO"]);
});

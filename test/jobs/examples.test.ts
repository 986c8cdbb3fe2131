import "reflect-metadata";
import { expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import { runExample } from "./examples.ts";
import { JOBS_ROOT } from "./inventory-file.ts";

test("the catalogue lists the examples, ready to run and described to the last variable", async () => {
  const { client, logged } = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const { jobs } = await client.query(
    `{ jobs { name grouping module_name job_class_name enabled installed read_only description variables_schema } }`,
  );
  const common = { grouping: "Examples", enabled: true, installed: true, read_only: true };
  const described = { description: expect.stringMatching(/\w/), variables_schema: expect.any(Object) };
  const example = (name: string, module_name: string, job_class_name: string) => ({
    name,
    module_name,
    job_class_name,
    ...common,
    ...described,
  });
  expect(jobs).toEqual([
    example("Check Serial Numbers", "check_serial_numbers", "CheckSerialNumbers"),
    example("Hello Jobs", "hello_jobs", "HelloJobs"),
    example("Report Changes", "report_changes", "ReportChanges"),
    example("Show Device", "show_device", "ShowDevice"),
    example("Verify Hostname Pattern", "verify_hostname_pattern", "VerifyHostnamePattern"),
  ]);
  for (const { variables_schema } of jobs) {
    for (const variable of Object.values(variables_schema.properties)) expect(variable).toHaveProperty("description");
  }
  expect(logged.filter(({ level }) => Number(level) >= 40)).toEqual([]);
});

test("Hello Jobs greets, one line a letter", async () => {
  const { client } = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const run = await runExample(client, "hello_jobs.HelloJobs", { name: "Ada" });
  expect(run).toMatchObject({ status: "SUCCESS", result: { greeting: "Hello, Ada!" } });
  expect(run.lines.map(({ log_level, grouping, message }) => [log_level, grouping, message])).toEqual([
    ["INFO", "main", "Greeting Ada"],
    ["DEBUG", "letters", "A"],
    ["DEBUG", "letters", "d"],
    ["DEBUG", "letters", "a"],
    ["SUCCESS", "main", "Hello, Ada!"],
  ]);
});

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTestApp, restart, SYSTEM_JOBS, writeJobs } from "../support/app.ts";
import { runExample } from "../jobs/examples.ts";
import { runToEnd } from "../support/runs.ts";

const job = (name: string, more = "") =>
  `export const ${name} = defineJob({ name: "${name}", enabled: true, ${more} run: () => 1 });`;
const REFRESH = "jobgraph.refresh_jobs.RefreshJobs";

test("the jobs that come with the server are ordinary jobs, and stay", async () => {
  const app = await openTestApp({ "a.ts": job("A") }, SYSTEM_JOBS);
  const { jobs } = await app.client.query(
    `{ jobs(module_name__isw: "jobgraph.") { id name grouping class_path enabled installed description variables_schema } }`,
  );
  expect(jobs.map((one) => [one.name, one.class_path])).toEqual([
    ["Export Object List", "jobgraph.export_object_list.ExportObjectList"],
    ["Import Objects", "jobgraph.import_objects.ImportObjects"],
    ["Logs Cleanup", "jobgraph.logs_cleanup.LogsCleanup"],
    ["Refresh Jobs", REFRESH],
  ]);
  for (const { variables_schema, ...one } of jobs) {
    expect(one).toMatchObject({
      grouping: "System Jobs",
      enabled: true,
      installed: true,
      description: expect.stringMatching(/\w/),
    });
    for (const variable of Object.values(variables_schema.properties)) expect(variable).toHaveProperty("description");
  }
  expect(app.logged.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  const refused = await app.client.refused(`mutation { delete_job(id: "${jobs[0]!.id}") { id } }`);
  expect(refused.message).toContain("comes with the server and cannot be deleted");
  await app.client.query(`mutation { update_job(name: "Refresh Jobs", data: { name: "Read again", enabled: false }) { id } }`);
  const { client } = await restart(app);
  expect(await client.query(`{ jobs(module_name: "jobgraph.refresh_jobs") { name enabled overrides } }`)).toEqual({
    jobs: [{ name: "Read again", enabled: false, overrides: ["name"] }],
  });
});

test("no job file may take the server's name", async () => {
  const app = await openTestApp(
    { "jobgraph/refresh_jobs.ts": job("RefreshJobs"), "jobgraph.ts": job("J"), "a.ts": job("A") },
    SYSTEM_JOBS,
  );
  const { jobs } = await app.client.query(`{ jobs(grouping__n: "System Jobs") { name } }`);
  expect(jobs).toEqual([{ name: "A" }]);
  const said = app.logged.flatMap(({ level, msg }) => (Number(level) >= 50 ? [msg] : []));
  expect(said.toSorted()).toEqual([
    `job file jobgraph.ts is left out: "jobgraph" is the server's own name`,
    `job file jobgraph/refresh_jobs.ts is left out: "jobgraph" is the server's own name`,
  ]);
});

test("Refresh Jobs names the new jobs, and the changes of others", async () => {
  const app = await openTestApp({ "a.ts": job("A"), "b.ts": job("B") }, SYSTEM_JOBS);
  const refresh = async () => {
    const { status, result, stored } = await runExample(app.client, REFRESH);
    return { status, result, lines: stored.map((line) => [line.log_level, line.log_object, line.message]) };
  };
  expect(await refresh()).toEqual({ status: "SUCCESS", result: { changed: [] }, lines: [["SUCCESS", "", "No job has changed"]] });
  await writeJobs({ "a.ts": job("A", `description: "new", timeLimit: 7,`), "c.ts": job("C") }, app.config.jobsRoot);
  await rm(join(app.config.jobsRoot, "b.ts"));
  expect(await refresh()).toEqual({
    status: "SUCCESS",
    result: {
      changed: [
        { name: "A", action: "UPDATE" },
        { name: "B", action: "UPDATE" },
        { name: "C", action: "CREATE" },
      ],
    },
    lines: [
      ["INFO", "A", "Changed: description, time_limit"],
      ["INFO", "B", "Changed: installed"],
      ["INFO", "C", "The job is new"],
      ["SUCCESS", "", "3 jobs have changed"],
    ],
  });
  expect(await runToEnd(app.client, "c.C")).toMatchObject({ status: "SUCCESS" });
});

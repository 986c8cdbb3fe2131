import { expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import { createTestClock } from "../support/clock.ts";
import { fillForOdds } from "../support/draws/odd-rows.ts";
import { runToEnd } from "../support/runs.ts";

const JOBS = { "jobs.ts": `export const Plain = defineJob({ name: "Plain", enabled: true, run: () => "done" });` };

test("objects are created, changed and deleted, and jobs run, beside rows that are odd", async () => {
  // Nothing wakes the runner, which would change the rows.
  const app = await openTestApp(JOBS, { logLevel: "silent", leaseMs: 3_600_000 }, createTestClock());
  const odds = await fillForOdds(app);
  await odds.store();
  const { create_tag } = await app.client.query(`mutation { create_tag(data: { name: "new" }) { id } }`);
  const change = `mutation ($id: ID!) { update_tag(id: $id, data: { description: "changed" }) { description } }`;
  expect(await app.client.query(change, create_tag)).toEqual({ update_tag: { description: "changed" } });
  await app.client.query(`mutation ($id: ID!) { delete_tag(id: $id) { id } }`, create_tag);
  const { object_changes } = await app.client.query(
    `query ($id: [String]) { object_changes(changed_object_id: $id sort: ["time", "id"]) { action } }`,
    { id: [create_tag.id] },
  );
  expect(object_changes.map(({ action }) => action)).toEqual(["CREATE", "UPDATE", "DELETE"]);
  expect(await runToEnd(app.client, "jobs.Plain")).toMatchObject({ status: "SUCCESS", result: "done" });
});

import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../support/app.ts";
import { JOBS_ROOT } from "./inventory-file.ts";

async function ended(app: TestApp, id: string) {
  const lines = (await app.client.followLog(id)).map(({ log_level, grouping, message }) => [log_level, grouping, message]);
  const { job_result } = await app.client.query(`query ($id: ID!) { job_result(id: $id) { status result error { message } } }`, {
    id,
  });
  return { ...job_result, lines };
}

test("Report Changes names the changed fields, with their old and new values", async () => {
  const app = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  await app.client.query(`mutation {
    create_job_hook(data: { name: "Report", job: "Report Changes", content_types: ["extras.job"], type_update: true }) { id }
    update_job(name: "Hello Jobs", data: { description: "Greets." }) { id }
  }`);
  const runs = async () => (await app.client.query(`{ job_results(job_model: "Report Changes") { id } }`)).job_results;
  await expect.poll(async () => (await runs()).length).toBe(1);
  const [run] = await runs();
  expect(await ended(app, run!.id)).toEqual({
    status: "SUCCESS",
    result: { action: "UPDATE", changed: ["description", "description_override"] },
    error: null,
    lines: [
      ["INFO", "main", "admin: UPDATE of extras.job Hello Jobs"],
      ["INFO", "fields", 'description: "Greets somebody, one log line a letter." → "Greets."'],
      ["INFO", "fields", "description_override: false → true"],
    ],
  });
});

test("Show Device compares the object of its button with the inventory", async () => {
  const app = await openTestApp({}, { jobsRoot: JOBS_ROOT });
  const { create_job_button } = await app.client.query(`mutation {
    create_job_button(data: { name: "Show", text: "Show {{ obj.name }}", job: "Show Device", content_types: ["dcim.device"] }) { id }
  }`);
  const press = async (object: object) => {
    const { press_job_button } = await app.client.query(
      `mutation ($id: ID!, $object: GenericScalar) {
        press_job_button(id: $id, object_type: "dcim.device", object_id: "1", object: $object) { id } }`,
      { id: create_job_button.id, object },
    );
    return ended(app, press_job_button.id);
  };
  const same = await press({ name: "brk01-rtr-01" });
  expect([same.status, same.result?.differences]).toEqual(["SUCCESS", []]);
  expect(same.lines.at(-1)).toEqual(["SUCCESS", "main", "brk01-rtr-01 is the same in both"]);
  const other = await press({ name: "brk01-rtr-01", site: "elsewhere" });
  expect(other.result.differences).toEqual(["site"]);
  expect(await press({ name: "nobody" })).toMatchObject({
    status: "FAILURE",
    error: { message: 'devices.csv knows no device named "nobody".' },
  });
});

import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../../support/app.ts";

const RECEIVERS = {
  "buttons.ts": `
    export const Press = defineJobButtonReceiver({
      name: "Press", enabled: true, taskQueues: ["presses"],
      receive: ({ object, objectType, objectId, user }) => ({ object, objectType, objectId, user: user.username }),
    });
    export const Other = defineJobButtonReceiver({ name: "Other", enabled: true, receive() {} });
    export const Hook = defineJobHookReceiver({ name: "Hook", enabled: true, receive() {} });
    export const Plain = defineJob({ name: "Plain", enabled: true, run() {} });
  `,
};

async function button(app: TestApp, values: object): Promise<string> {
  const data = { name: "A button", text: "Go", job: "Press", content_types: ["dcim.device"], ...values };
  const { create_job_button } = await app.client.query(
    `mutation ($data: CreateJobButtonInput!) { create_job_button(data: $data) { id } }`,
    { data },
  );
  return create_job_button.id;
}

const PRESS = `mutation ($id: ID!, $type: String!, $object_id: ID!, $object: GenericScalar) {
  press_job_button(id: $id, object_type: $type, object_id: $object_id, object: $object) { id task_kwargs user { username } queue { name } }
}`;

const BUTTONS_FOR = `query ($type: String!, $object: GenericScalar!) {
  job_buttons_for(object_type: $type, object: $object) {
    group_name button_class buttons { text error job_button { name weight job { name } } }
  }
}`;

async function ended(app: TestApp, id: string) {
  await app.client.followLog(id);
  return (await app.client.query(`query ($id: ID!) { job_result(id: $id) { status result } }`, { id })).job_result;
}

test("a button runs its job for an object of another application, on the job's queue", async () => {
  const app = await openTestApp(RECEIVERS);
  const object = { name: "ams01", site: { name: "Amsterdam" } };
  const object_id = randomUUID();
  const variables = { id: await button(app, {}), type: "dcim.device", object_id, object };
  const { press_job_button } = await app.client.query(PRESS, variables);
  expect(press_job_button).toMatchObject({
    user: { username: "admin" },
    queue: { name: "presses" },
    task_kwargs: { object_type: "dcim.device", object_id, object },
  });
  expect(await ended(app, press_job_button.id)).toEqual({
    status: "SUCCESS",
    result: { object, objectType: "dcim.device", objectId: object_id, user: "admin" },
  });
});

test("the server reads one of our own objects itself, without the client's values", async () => {
  const app = await openTestApp(RECEIVERS);
  const { jobs } = await app.client.query(`{ jobs(name: "Plain") { id } }`);
  const id = await button(app, { content_types: ["extras.job"], text: "Look at {{ obj.name }}" });
  const variables = { id, type: "extras.job", object_id: jobs[0]!.id, object: { name: "Forged" } };
  const { press_job_button } = await app.client.query(PRESS, variables);
  expect((await ended(app, press_job_button.id)).result.object).toMatchObject({ name: "Plain", job_class_name: "Plain" });
  const { job_buttons_for } = await app.client.query(BUTTONS_FOR, { type: "extras.job", object: { id: jobs[0]!.id } });
  expect(job_buttons_for[0]!.buttons[0]!.text).toBe("Look at Plain");
});

test("refused presses name the error, and start nothing", async () => {
  const app = await openTestApp(RECEIVERS);
  const id = await button(app, { content_types: ["dcim.device", "extras.job"] });
  const off = await button(app, { name: "Off", enabled: false });
  const pressed = { id, type: "dcim.device", object_id: "1", object: {} };
  const refusals: [object, string, string?][] = [
    [{ id: randomUUID() }, "NOT_FOUND"],
    [{ id: "7" }, "NOT_FOUND"],
    [{ id: off }, "BAD_USER_INPUT", "id"],
    [{ type: "dcim.site" }, "BAD_USER_INPUT", "object_type"],
    [{ object: null }, "BAD_USER_INPUT", "object"],
    [{ object: "ams01" }, "BAD_USER_INPUT", "object"],
    [{ type: "extras.job", object_id: randomUUID() }, "NOT_FOUND"],
  ];
  for (const [wrong, code, field] of refusals) {
    const { extensions } = await app.client.refused(PRESS, { ...pressed, ...wrong });
    expect(extensions).toMatchObject({ code, ...(field && { details: [{ field }] }) });
  }
  expect((await app.client.query(`{ job_results { id } }`)).job_results).toEqual([]);
});

test("buttons, hooks and people pass one gate", async () => {
  const app = await openTestApp(RECEIVERS);
  const id = await button(app, {});
  const press = (job: string) =>
    app.client
      .refused(PRESS, { id, type: "dcim.device", object_id: "1", object: {} })
      .then((error) => [job, error.extensions.code]);
  const set = (data: string) => app.client.query(`mutation { update_job(name: "Press", data: ${data}) { id } }`);
  await set(`{ enabled: false }`);
  expect(await press("disabled")).toEqual(["disabled", "JOB_NOT_ENABLED"]);
  await set(`{ enabled: true, approval_required: true }`);
  expect(await press("in need of approval")).toEqual(["in need of approval", "FORBIDDEN"]);
  for (const name of ["Press", "Hook"]) {
    const { extensions, message } = await app.client.refused(`mutation { run_job(name: "${name}") { id } }`);
    expect([name, extensions.code, message.includes("only")]).toEqual([name, "BAD_USER_INPUT", true]);
  }
});

test("a page's buttons come rendered, in groups, by weight; those that are off, empty or cannot run are left out", async () => {
  const app = await openTestApp(RECEIVERS);
  await button(app, { name: "b", text: "Reboot {{ obj.name }}", weight: 200 });
  await button(app, { name: "a", text: "Heavy", weight: 300 });
  await button(app, { name: "c", text: "In {{ obj.site.name|upper }}", group_name: "Site", weight: 20, button_class: "DANGER" });
  await button(app, { name: "d", text: "First", group_name: "Site", weight: 10, button_class: "PRIMARY" });
  await button(app, { name: "e", text: "{% if obj.status == 'active' %}Only when active{% endif %}" });
  await button(app, { name: "f", text: "Broken {{ obj.name", group_name: "Odd" });
  await button(app, { name: "g", text: "Off", enabled: false });
  await button(app, { name: "h", text: "Another kind", content_types: ["dcim.site"] });
  await button(app, { name: "i", text: "Of a job that is off", job: "Other" });
  await app.client.query(`mutation { update_job(name: "Other", data: { enabled: false }) { id } }`);
  const object = { name: "ams01", site: { name: "Amsterdam" }, status: "planned" };
  const { job_buttons_for } = await app.client.query(BUTTONS_FOR, { type: "dcim.device", object });
  const shown = (text: string | null, name: string, weight: number, error: unknown = null) => ({
    text,
    error,
    job_button: { name, weight, job: { name: "Press" } },
  });
  expect(job_buttons_for).toEqual([
    { group_name: "", button_class: "DEFAULT", buttons: [shown("Reboot ams01", "b", 200), shown("Heavy", "a", 300)] },
    { group_name: "Odd", button_class: "DEFAULT", buttons: [shown(null, "f", 100, expect.stringMatching(/\w/))] },
    { group_name: "Site", button_class: "PRIMARY", buttons: [shown("First", "d", 10), shown("In AMSTERDAM", "c", 20)] },
  ]);
  expect(await app.client.query(BUTTONS_FOR, { type: "dcim.rack", object: {} })).toEqual({ job_buttons_for: [] });
});

test("a hostile template harms nobody, and the other buttons still come", async () => {
  const app = await openTestApp(RECEIVERS);
  await button(app, { name: "a", text: "{{ constructor.constructor('return process')() }}" });
  await button(app, { name: "b", text: "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}" });
  await button(app, { name: "c", text: "{{ 'a' * 1000000000 }}" });
  await button(app, { name: "d", text: "{{ obj.name }}" });
  const { job_buttons_for } = await app.client.query(BUTTONS_FOR, { type: "dcim.device", object: { name: "ams01" } });
  const { buttons } = job_buttons_for[0]!;
  expect(buttons.map(({ text }) => text)).toEqual([null, null, null, "ams01"]);
  expect(buttons.slice(0, 3).every(({ error }) => /\w/.test(error))).toBe(true);
});

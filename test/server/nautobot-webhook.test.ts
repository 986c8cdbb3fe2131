import { createHmac, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../support/app.ts";

const SECRET = "a secret shared with Nautobot";
const RECEIVER = {
  "hooks.ts": `export const Tell = defineJobHookReceiver({
    name: "Tell", enabled: true,
    receive: ({ action, change, changedObject }) => ({ action, before: change.before, userName: change.userName, changedObject }),
  });`,
};

const openWebhookApp = (webhookSecret: string | undefined = SECRET) => openTestApp(RECEIVER, { webhookSecret });

/** Returns the payload of Nautobot for a created device. */
function payload(more: object = {}): Record<string, unknown> {
  const id = randomUUID();
  const device = {
    id,
    object_type: "dcim.device",
    display: "ams01",
    name: "ams01",
    local_config_context_data: { snmp_community: "x" },
  };
  return {
    event: "created",
    timestamp: "2026-11-24 12:00:00.123456+00:00",
    model: "device",
    username: "nina",
    request_id: randomUUID(),
    data: device,
    snapshots: { prechange: null, postchange: device, differences: { removed: null, added: device } },
    ...more,
  };
}

const sign = (body: string, secret = SECRET) => createHmac("sha512", secret).update(body).digest("hex");

async function send({ url }: TestApp, body: string, signature: string | undefined, method = "POST") {
  const response = await fetch(`${url}/webhooks/nautobot`, {
    method,
    ...(method === "POST" && { body }),
    headers: { "content-type": "application/json", ...(signature !== undefined && { "x-hook-signature": signature }) },
  });
  return { status: response.status, body: (await response.json()) as any };
}

const deliver = (app: TestApp, what: object) => send(app, JSON.stringify(what), sign(JSON.stringify(what)));

async function changes(app: TestApp): Promise<any[]> {
  const { object_changes } = await app.client.query(
    `{ object_changes(changed_object_type: "dcim.device", sort: ["time"]) {
      id time action user_name request_id changed_object_id object_repr change_context change_context_detail prechange postchange } }`,
  );
  return object_changes;
}

test("changes that Nautobot reports are in the change log as they happened there, and set off hooks", async () => {
  const app = await openWebhookApp();
  await app.client.query(
    `mutation { create_job_hook(data: { name: "h", job: "Tell", content_types: ["dcim.device"], type_create: true, type_delete: true }) { id } }`,
  );
  const created = payload();
  const { id } = created["data"] as { id: string };
  const answer = await deliver(app, created);
  expect(answer.status).toBe(200);
  const [change] = await changes(app);
  expect(answer.body).toEqual({ object_change: change.id });
  const masked = { ...(created["data"] as object), local_config_context_data: { snmp_community: "********" } };
  expect(change).toEqual({
    id: change.id,
    time: "2026-11-24T12:00:00.123Z",
    action: "CREATE",
    user_name: "nina",
    request_id: created["request_id"],
    changed_object_id: id,
    object_repr: "ams01",
    change_context: "UNKNOWN",
    change_context_detail: "Nautobot's webhook",
    prechange: null,
    postchange: masked,
  });
  await deliver(app, payload({ event: "deleted", data: { ...(created["data"] as object), id }, snapshots: undefined }));
  const read = async () =>
    (await app.client.query(`{ job_results(status: "SUCCESS", sort: ["date_created", "id"]) { result } }`)).job_results;
  await expect.poll(async () => (await read()).length).toBe(2);
  expect((await read()).map(({ result }) => result)).toEqual([
    { action: "CREATE", before: null, userName: "nina", changedObject: masked },
    { action: "DELETE", before: masked, userName: "nina", changedObject: null },
  ]);
});

test("an object whose names are no texts is called by its id", async () => {
  const app = await openWebhookApp();
  for (const name of [{ toString: 1 }, { valueOf: {} }, ["a"], null, true, 7, "named"]) {
    const id = randomUUID();
    const data = { id, object_type: "dcim.device", display: name, name: { toString: null } };
    expect((await deliver(app, payload({ data }))).status).toBe(200);
    const called = typeof name === "number" || typeof name === "string" ? String(name) : id;
    expect((await changes(app)).at(-1).object_repr).toBe(called);
  }
});

test("a long name is cut between characters", async () => {
  const app = await openWebhookApp();
  for (const before of ["", "x"]) {
    const data = { id: randomUUID(), object_type: "dcim.device", display: `${before}${"👩‍🚀".repeat(60)}` };
    expect((await deliver(app, payload({ data }))).status).toBe(200);
    expect((await changes(app)).at(-1).object_repr).toBe(`${before}${"👩‍🚀".repeat(before ? 39 : 40)}`);
  }
});

test("the same webhook sent again is the same change; another one of the same request is another", async () => {
  const app = await openWebhookApp();
  const created = payload();
  const first = await deliver(app, created);
  expect(await deliver(app, created)).toEqual(first);
  const other = await deliver(app, { ...created, event: "updated", timestamp: "2026-11-24T12:00:01Z" });
  expect(other.body.object_change).not.toBe(first.body.object_change);
  expect(await changes(app)).toHaveLength(2);
});

test("a webhook that is not signed with the secret is refused, and leaves a line in the log", async () => {
  const app = await openWebhookApp();
  const body = JSON.stringify(payload());
  const changed = body.replaceAll("ams01", "ams02");
  const forgeries: [string, string | undefined][] = [
    [body, undefined],
    [body, ""],
    [body, "not hexadecimal"],
    [body, sign(body, "another secret")],
    [body, sign(body).slice(2)],
    [changed, sign(body)],
  ];
  for (const [sent, signature] of forgeries) {
    const answer = await send(app, sent, signature);
    expect([answer.status, answer.body.errors[0].extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
  }
  expect(await changes(app)).toEqual([]);
  const warned = app.logged.filter((entry) => String(entry["msg"]).startsWith("a webhook was refused"));
  expect(warned).toHaveLength(forgeries.length);
});

test("a webhook that is too large or none of Nautobot's is refused with the error", async () => {
  const app = await openWebhookApp();
  const large = "x".repeat(3 * 1024 * 1024);
  expect((await send(app, large, sign(large))).status).toBe(413);
  const cases: [unknown, number, string][] = [
    ["not an object", 400, "BAD_USER_INPUT"],
    [payload({ event: "renamed" }), 400, "BAD_USER_INPUT"],
    [payload({ request_id: "7" }), 400, "BAD_USER_INPUT"],
    [payload({ data: { name: "no id" } }), 400, "BAD_USER_INPUT"],
    [payload({ data: { id: "no uuid", object_type: "dcim.device" } }), 400, "BAD_USER_INPUT"],
    [payload({ data: { id: randomUUID() } }), 400, "BAD_USER_INPUT"],
    [payload({ data: { id: randomUUID(), object_type: "dcim.device", name: "a\0b" } }), 400, "BAD_USER_INPUT"],
    [payload({ username: "a\0b" }), 400, "BAD_USER_INPUT"],
    [payload({ data: { id: randomUUID(), object_type: "extras.job" } }), 400, "BAD_USER_INPUT"],
  ];
  for (const [what, status, code] of cases) {
    const answer = await deliver(app, what as object);
    expect([what, answer.status, answer.body.errors[0].extensions.code]).toEqual([what, status, code]);
  }
  const broken = "{";
  expect((await send(app, broken, sign(broken))).status).toBe(400);
  expect((await send(app, "", undefined, "GET")).status).toBe(400);
  expect(await changes(app)).toEqual([]);
});

test("without a secret no webhook is taken", async () => {
  const app = await openTestApp(RECEIVER);
  expect((await deliver(app, payload())).status).toBe(404);
});

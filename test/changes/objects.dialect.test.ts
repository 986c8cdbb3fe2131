import { expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import {
  BUTTON,
  type Changeable,
  changesOf,
  countChanges,
  create,
  HOOK,
  JOBS,
  NOTE,
  QUEUE,
  remove,
  TAG,
  update,
} from "./changeable.ts";

const labels = (...names: string[]) => names.map((label) => ({ label }));
const OBJECT = "018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f";

/** States of an object: a new one with few and with all fields, and each later one. */
interface Life {
  model: Changeable;
  /** The least that a new object needs. */
  least: object;
  defaults: object;
  /** All that can be said of a new object. */
  all: object;
  made: object;
  /** A change of everything that may change. */
  change: object;
  changed: object;
  /** Names of the fields that the change log tells of it. */
  differs: string[];
  /** A change of nothing but links; and the same links again, spelled another way. */
  links?: { change: object; again: object; name: string };
  repr: string;
  /** The related object of its changes. */
  related?: { related_object_type: { label: string }; related_object_id: string };
}

const LIVES: Life[] = [
  {
    model: QUEUE,
    least: { name: "q" },
    defaults: { name: "q", description: "", queue_type: "CELERY", tags: [], _custom_field_data: {} },
    all: { name: "night", description: "Slow.", queue_type: "KUBERNETES", tags: ["core"], _custom_field_data: { a: 1, b: [2] } },
    made: {
      name: "night",
      description: "Slow.",
      queue_type: "KUBERNETES",
      tags: [{ name: "core" }],
      _custom_field_data: { a: 1, b: [2] },
    },
    change: { name: "late", description: "", queue_type: "CELERY", tags: [], _custom_field_data: null },
    changed: { name: "late", description: "", queue_type: "CELERY", tags: [], _custom_field_data: null },
    differs: ["_custom_field_data", "description", "name", "queue_type", "tags"],
    links: { change: { tags: ["edge", "core"] }, again: { tags: ["core", "edge", "core"] }, name: "tags" },
    repr: "night",
  },
  {
    model: HOOK,
    least: { name: "h", job: "Hook", content_types: ["extras.job"], type_create: true },
    defaults: {
      name: "h",
      enabled: true,
      job: { name: "Hook" },
      type_create: true,
      type_update: false,
      type_delete: false,
      content_types: labels("extras.job"),
      _custom_field_data: {},
    },
    all: {
      name: "On change",
      enabled: false,
      job: "Hook off",
      type_create: true,
      type_update: true,
      type_delete: true,
      content_types: ["ipam.prefix", "extras.job"],
      _custom_field_data: { owner: "ada" },
    },
    made: {
      name: "On change",
      enabled: false,
      job: { name: "Hook off" },
      type_create: true,
      type_update: true,
      type_delete: true,
      content_types: labels("extras.job", "ipam.prefix"),
      _custom_field_data: { owner: "ada" },
    },
    change: {
      name: "On new",
      job: "Other hook",
      enabled: true,
      type_create: true,
      type_update: false,
      type_delete: false,
      content_types: ["dcim.device"],
      _custom_field_data: {},
    },
    changed: {
      name: "On new",
      job: { name: "Other hook" },
      enabled: true,
      type_create: true,
      type_update: false,
      type_delete: false,
      content_types: labels("dcim.device"),
      _custom_field_data: {},
    },
    differs: ["_custom_field_data", "content_types", "enabled", "job", "name", "type_delete", "type_update"],
    links: {
      change: { content_types: ["dcim.site", "dcim.device"] },
      again: { content_types: ["dcim.device", "dcim.site"] },
      name: "content_types",
    },
    repr: "On change",
  },
  {
    model: BUTTON,
    least: { name: "b", text: "Go", job: "Button", content_types: ["extras.job"] },
    defaults: {
      name: "b",
      enabled: true,
      text: "Go",
      job: { name: "Button" },
      weight: 100,
      group_name: "",
      button_class: "DEFAULT",
      confirmation: true,
      content_types: labels("extras.job"),
    },
    all: {
      name: "Press",
      enabled: false,
      text: "Go to {{ obj.name }}",
      job: "Button off",
      weight: 0,
      group_name: "Lab",
      button_class: "DANGER",
      confirmation: false,
      content_types: ["ipam.vlan"],
    },
    made: {
      name: "Press",
      enabled: false,
      text: "Go to {{ obj.name }}",
      job: { name: "Button off" },
      weight: 0,
      group_name: "Lab",
      button_class: "DANGER",
      confirmation: false,
      content_types: labels("ipam.vlan"),
    },
    change: {
      name: "Push",
      enabled: true,
      text: "Stay",
      job: "Button",
      weight: 7,
      group_name: "",
      button_class: "LINK",
      confirmation: true,
      content_types: ["extras.jobresult"],
    },
    changed: {
      name: "Push",
      enabled: true,
      text: "Stay",
      job: { name: "Button" },
      weight: 7,
      group_name: "",
      button_class: "LINK",
      confirmation: true,
      content_types: labels("extras.jobresult"),
    },
    differs: ["button_class", "confirmation", "content_types", "enabled", "group_name", "job", "name", "text", "weight"],
    links: {
      change: { content_types: ["extras.jobresult", "dcim.rack"] },
      again: { content_types: ["dcim.rack", "extras.jobresult"] },
      name: "content_types",
    },
    repr: "Press",
  },
  {
    model: TAG,
    least: { name: "t" },
    defaults: { name: "t", color: "9e9e9e", description: "", content_types: [], _custom_field_data: {} },
    all: {
      name: "Genève",
      color: "00ff7f",
      description: "A town.",
      content_types: ["ipam.ipaddress", "extras.jobqueue"],
      _custom_field_data: { since: "2026-01-01" },
    },
    made: {
      name: "Genève",
      color: "00ff7f",
      description: "A town.",
      content_types: labels("extras.jobqueue", "ipam.ipaddress"),
      _custom_field_data: { since: "2026-01-01" },
    },
    change: { name: "Lyon", color: "000000", description: "", content_types: [], _custom_field_data: { since: null } },
    changed: { name: "Lyon", color: "000000", description: "", content_types: [], _custom_field_data: { since: null } },
    differs: ["_custom_field_data", "color", "content_types", "description", "name"],
    links: { change: { content_types: ["extras.job"] }, again: { content_types: ["extras.job"] }, name: "content_types" },
    repr: "Genève",
  },
  {
    model: NOTE,
    least: { assigned_object_type: "dcim.device", assigned_object_id: OBJECT, note: "Mind it." },
    defaults: {
      assigned_object_type: { label: "dcim.device" },
      assigned_object_id: OBJECT,
      note: "Mind it.",
      user_name: "admin",
      user: { username: "admin" },
    },
    all: { assigned_object_type: "ipam.service", assigned_object_id: OBJECT.toUpperCase(), note: "# One\n\ntwo" },
    made: {
      assigned_object_type: { label: "ipam.service" },
      assigned_object_id: OBJECT,
      note: "# One\n\ntwo",
      user_name: "admin",
      user: { username: "admin" },
    },
    change: { note: "Three." },
    changed: {
      assigned_object_type: { label: "ipam.service" },
      assigned_object_id: OBJECT,
      note: "Three.",
      user_name: "admin",
      user: { username: "admin" },
    },
    differs: ["note"],
    repr: "admin",
    related: { related_object_type: { label: "ipam.service" }, related_object_id: OBJECT },
  },
];

test.for(LIVES)("a $model.name is created, changed and deleted, and the change log tells it", async (life) => {
  const { client } = await openTestApp(JOBS);
  for (const name of ["core", "edge"]) await create(client, TAG, { name });
  const { model, links } = life;
  const label = `extras.${model.type.toLowerCase()}`;
  const related = life.related ?? { related_object_type: null, related_object_id: null };

  expect(await create(client, model, life.least)).toMatchObject(life.defaults);
  const made = await create(client, model, life.all);
  expect(made).toMatchObject(life.made);
  const { id } = made;
  const [creation, ...more] = await changesOf(client, id);
  expect(more).toEqual([]);
  expect(creation).toMatchObject({
    action: "CREATE",
    user_name: "admin",
    user: { username: "admin" },
    change_context: "WEB",
    change_context_detail: "",
    object_repr: life.repr,
    changed_object_type: { label },
    ...related,
    prechange: null,
    differences: { removed: null, added: { id } },
  });
  expect(creation.postchange).toMatchObject({ id, object_type: label, created: made.created, last_updated: made.last_updated });
  expect(creation.object_data_v2).toEqual(creation.postchange);

  const changed = await update(client, model, id, life.change, made.last_updated);
  expect(changed).toMatchObject({ id, created: made.created, ...life.changed });
  expect(Date.parse(changed.last_updated)).toBeGreaterThan(Date.parse(made.last_updated));
  const [, updating] = await changesOf(client, id);
  expect(updating).toMatchObject({ action: "UPDATE", user_name: "admin", change_context: "WEB" });
  expect(updating.prechange).toEqual(creation.postchange);
  expect(updating.postchange).toMatchObject({ last_updated: changed.last_updated });
  for (const side of ["removed", "added"]) expect(Object.keys(updating.differences[side]).toSorted()).toEqual(life.differs);
  expect(updating.request_id).not.toBe(creation.request_id);

  const before = await countChanges(client);
  for (const data of [life.change, {}]) expect(await update(client, model, id, data)).toEqual(changed);
  expect(await countChanges(client)).toBe(before);

  let last = changed;
  let log = updating;
  if (links) {
    last = await update(client, model, id, links.change, changed.last_updated);
    expect(Date.parse(last.last_updated)).toBeGreaterThan(Date.parse(changed.last_updated));
    log = (await changesOf(client, id)).at(-1);
    expect(Object.keys(log.differences.added)).toEqual([links.name]);
    expect(log.prechange).toEqual(updating.postchange);
    expect(log.postchange).toMatchObject({ last_updated: last.last_updated });
    expect(await update(client, model, id, links.again)).toEqual(last);
    expect(await countChanges(client)).toBe(before + 1);
  }

  expect(await remove(client, model, id, last.last_updated)).toMatchObject({ id, last_updated: last.last_updated });
  const deletion = (await changesOf(client, id)).at(-1);
  expect(deletion).toMatchObject({
    action: "DELETE",
    ...related,
    postchange: null,
    differences: { added: null, removed: { id } },
  });
  expect(deletion.prechange).toEqual(log.postchange);
  expect(deletion.object_data_v2).toEqual(log.postchange);
  expect(await client.query(`query ($id: ID!) { object: ${model.name}(id: $id) { id } }`, { id })).toEqual({ object: null });
});

test("changes of one request share its id; their references are told by name, and by id for older clients", async () => {
  const { client } = await openTestApp({});
  const { one, two } = await client.query(`mutation {
    one: create_tag(data: { name: "one", content_types: ["extras.jobqueue"] }) { id content_types { id } }
    two: create_job_queue(data: { name: "two", tags: ["one"] }) { id tags { id } }
  }`);
  const { object_changes } = await client.query(
    `query ($ids: [String!]) { object_changes(changed_object_id: $ids, sort: "time") { request_id object_data object_data_v2 } }`,
    { ids: [one.id, two.id] },
  );
  const [ofOne, ofTwo] = object_changes;
  expect(ofOne!.request_id).toBe(ofTwo!.request_id);
  const [kind] = one.content_types;
  expect(ofOne!.object_data_v2.content_types).toEqual([
    { id: kind!.id, object_type: "contenttypes.contenttype", name: "extras.jobqueue" },
  ]);
  expect(ofOne!.object_data.content_types).toEqual([kind!.id]);
  expect(ofTwo!.object_data_v2.tags).toEqual([{ id: one.id, object_type: "extras.tag", name: "one" }]);
});

test("the same custom fields in another order are no change", async () => {
  const { client } = await openTestApp({});
  const made = await create(client, TAG, { name: "t", _custom_field_data: { a: 1, b: { c: 2, d: [3] } } });
  expect(await update(client, TAG, made.id, { _custom_field_data: { b: { d: [3], c: 2 }, a: 1 } })).toEqual(made);
  expect(await changesOf(client, made.id)).toHaveLength(1);
});

test("many objects are created, changed and deleted at once", async () => {
  const { client } = await openTestApp({});
  const before = await countChanges(client);
  const names = Array.from({ length: 30 }, (_, n) => `tag ${n}`);
  // Kinds that nobody knew before, named by all at once and in both orders.
  const kinds = Array.from({ length: 20 }, (_, n) => `lab.kind${n}`);
  const made = await Promise.all(
    names.map((name, n) => create(client, TAG, { name, content_types: n % 2 === 0 ? kinds : kinds.toReversed() })),
  );
  expect(made.map(({ content_types }) => content_types.length)).toEqual(names.map(() => kinds.length));
  await Promise.all(made.map(({ id }) => update(client, TAG, id, { color: "000000" })));
  const gone = await Promise.all(made.map(({ id }) => remove(client, TAG, id)));
  expect(gone.map(({ name, color }) => [name, color])).toEqual(names.map((name) => [name, "000000"]));
  expect(await countChanges(client)).toBe(before + 3 * names.length);
});

test("of many objects that take one name at once, one gets it, and the others are refused", async () => {
  const { client } = await openTestApp({});
  const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => create(client, TAG, { name: "mine" })));
  const refused = attempts.flatMap((attempt) => (attempt.status === "rejected" ? [String(attempt.reason)] : []));
  expect(refused).toHaveLength(9);
  for (const answer of refused) expect(answer).toMatch(/"code": "(BAD_USER_INPUT|CONFLICT)"/);
});

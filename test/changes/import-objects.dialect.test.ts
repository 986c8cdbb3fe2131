import { describe, expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import { readLog } from "../support/changes.ts";
import type { TestClient } from "../support/client.ts";
import { BUTTON, type Changeable, create, HOOK, JOBS, NOTE, QUEUE, TAG } from "./changeable.ts";

const IMPORT = `mutation ($type: String!, $rows: [GenericScalar]!, $dry: Boolean) {
  import_objects(content_type: $type, rows: $rows, dry_run: $dry) {
    applied created updated unchanged errors { row field message } } }`;

const importRows = async (client: TestClient, type: string, rows: unknown[], dry = false) =>
  (await client.query(IMPORT, { type, rows, dry })).import_objects;
const done = (created: number, updated = 0, unchanged = 0) => ({ applied: true, created, updated, unchanged, errors: [] });

const readAll = async (client: TestClient, { name, selection }: Changeable) => {
  const list = `${name}s`;
  const answer = await client.query(`{ ${list} { ${selection} } }`);
  return answer[list];
};

describe("import_objects", () => {
  test("creates objects as create_… mutations do, with the same rules and the same log", async () => {
    const { client } = await openTestApp(JOBS);
    const tag = { name: "core", color: "aabbcc", content_types: ["extras.jobqueue", "dcim.device"] };
    expect(await importRows(client, "extras.tag", [tag, { name: "edge" }])).toEqual(done(2));
    expect(
      await importRows(client, "extras.jobqueue", [
        { name: "q", queue_type: "KUBERNETES", tags: ["core"], _custom_field_data: { a: 1 } },
      ]),
    ).toEqual(done(1));
    expect(
      await importRows(client, "extras.jobhook", [{ name: "h", job: "Hook", content_types: ["dcim.device"], type_update: true }]),
    ).toEqual(done(1));
    const button = {
      name: "b",
      text: "{{ obj.name }}",
      job: "Button",
      content_types: ["extras.tag"],
      weight: 7,
      button_class: "DANGER",
    };
    expect(await importRows(client, "extras.jobbutton", [button])).toEqual(done(1));
    const { id } = (await client.query(`{ tags(name: "edge") { id } }`)).tags[0]!;
    expect(
      await importRows(client, "extras.note", [{ assigned_object_type: "extras.tag", assigned_object_id: id, note: "n" }]),
    ).toEqual(done(1));
    expect(await readAll(client, TAG)).toMatchObject([
      { name: "core", content_types: [{ label: "dcim.device" }, { label: "extras.jobqueue" }] },
      { name: "edge", color: "9e9e9e" },
    ]);
    expect((await readAll(client, QUEUE)).find(({ name }: { name: string }) => name === "q")).toMatchObject({
      queue_type: "KUBERNETES",
      tags: [{ name: "core" }],
    });
    expect(await readAll(client, HOOK)).toMatchObject([
      { job: { name: "Hook" }, type_update: true, type_create: false, enabled: true },
    ]);
    expect(await readAll(client, BUTTON)).toMatchObject([{ weight: 7, button_class: "DANGER" }]);
    expect(await readAll(client, NOTE)).toMatchObject([{ user_name: "admin", note: "n" }]);
    const logged = await readLog(client, `changed_object_type: "extras.tag"`);
    expect(logged.map(({ action, object_repr }) => `${action} ${object_repr}`)).toEqual(["CREATE core", "CREATE edge"]);
    expect(new Set(logged.map(({ request_id }) => request_id)).size).toBe(1);
  });

  test("changes existing objects, found by id or by name; equal ones are left alone", async () => {
    const { client } = await openTestApp({});
    const { id } = await create(client, TAG, { name: "a", color: "111111", description: "kept" });
    await create(client, TAG, { name: "b" });
    const other = "018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f";
    const rows = [
      { id: id.toUpperCase(), name: "renamed", created: "2020-01-01" },
      { name: "b", id: other },
      { name: "c", id: other.toUpperCase(), color: "222222" },
    ];
    expect(await importRows(client, "extras.tag", rows)).toEqual(done(1, 1, 1));
    const tags = async () => (await client.query(`{ tags { id name color description } }`)).tags;
    expect(await tags()).toMatchObject([
      { name: "b" },
      { id: other, name: "c", color: "222222" },
      { id, name: "renamed", color: "111111", description: "kept" },
    ]);
    expect(await importRows(client, "extras.tag", await tags())).toEqual(done(0, 0, 3));
    const dry = await importRows(client, "extras.tag", [{ name: "b", color: "333333" }, { name: "d" }], true);
    expect(dry).toEqual({ ...done(1, 1), applied: false });
    expect(await tags()).toHaveLength(3);
  });

  test("one row that does not fit keeps all from being kept, and every row is looked at", async () => {
    const { client } = await openTestApp(JOBS);
    const { id } = await create(client, TAG, { name: "there" });
    const rows = [
      { name: "fits" },
      { name: "a", color: "red" },
      { color: "123456" },
      { name: "b", content_types: ["nonsense"] },
      { name: "fits" },
      { id, description: "x" },
      { name: "there", description: "y" },
      { name: "c", colour: "123456" },
      { name: 7, color: null },
      { id: "no uuid", name: "d" },
      { name: "x".repeat(256) },
      { id: { toString: 1 }, name: "e" },
      { id: 7, name: "f" },
      { name: { toString: 1, valueOf: 1 } },
    ];
    const { errors, ...counts } = await importRows(client, "extras.tag", rows);
    expect(counts).toEqual({ applied: false, created: 0, updated: 0, unchanged: 0 });
    expect(errors.map(({ row, field, message }) => `${row} ${field}: ${message}`)).toEqual([
      "2 color: A color is six hexadecimal digits in lower case, e.g. `9e9e9e`.",
      "3 name: This field is required.",
      '4 content_types: There is no object "nonsense".',
      '5 name: "fits" is taken already.',
      "7 : This is the same object as in row 6.",
      "8 colour: Objects of this kind have no such field.",
      "9 name: String cannot represent a non string value: 7",
      "10 id: The id must be a UUID.",
      "11 name: This field has at most 255 characters.",
      "12 id: The id must be a UUID.",
      "13 id: The id must be a UUID.",
      "14 name: String cannot represent a non string value: { toString: 1, valueOf: 1 }",
    ]);
    expect((await client.query(`{ tags { name description } }`)).tags).toEqual([{ name: "there", description: "" }]);
    const hooks = ["x", "y"].map((name) => ({ name, job: "Hook", content_types: ["dcim.device"], type_update: true }));
    expect((await importRows(client, "extras.jobhook", hooks)).errors).toEqual([
      { row: 2, field: "content_types", message: 'The hook "x" runs this job already on update of dcim.device.' },
    ]);
    expect((await client.query(`{ job_hooks { name } }`)).job_hooks).toEqual([]);
    const notes = [{ assigned_object_type: "extras.tag", assigned_object_id: id, note: " " }, { note: "n" }];
    expect((await importRows(client, "extras.note", notes)).errors).toEqual([
      { row: 1, field: "note", message: "This field cannot be blank." },
      { row: 2, field: "assigned_object_type", message: "This field is required." },
      { row: 2, field: "assigned_object_id", message: "This field is required." },
    ]);
  });

  test("every invalid row is told with its field and the reason, with any content", async () => {
    const { client } = await openTestApp({});
    await create(client, TAG, { name: "there" });
    const unstorable = "A text holds NUL (U+0000) or half a surrogate pair, which cannot be stored or searched for.";
    let deep: unknown = "x";
    for (let n = 0; n < 250; n++) deep = [deep];
    const table: [row: unknown, ...errors: [field: string, message: string][]][] = [
      [null, ["", "The row must be an object, with values by field."]],
      [7, ["", "The row must be an object, with values by field."]],
      ["a", ["", "The row must be an object, with values by field."]],
      [true, ["", "The row must be an object, with values by field."]],
      [[{ name: "a" }], ["", "The row must be an object, with values by field."]],
      [{}, ["name", "This field is required."]],
      [{ name: null }, ["name", "This field cannot be null."]],
      [{ name: 7 }, ["name", "String cannot represent a non string value: 7"]],
      [{ name: "a\0b" }, ["name", unstorable]],
      [{ name: "half \ud800", description: "\0" }, ["name", unstorable], ["description", unstorable]],
      [{ name: "b", "no\0field": 1 }, ["", unstorable]],
      [{ name: "c", _custom_field_data: { a: [{ b: "\0" }] } }, ["_custom_field_data.a.0.b", unstorable]],
      [{ id: "\0", name: "d" }, ["id", unstorable]],
      [{ name: "there", color: null }, ["color", "This field cannot be null."]],
      [{ name: "e", content_types: ["\0"] }, ["content_types.0", unstorable]],
      [{ name: "f", _custom_field_data: deep }, [`_custom_field_data.0`, "The value is nested more than 200 levels deep."]],
      [{ name: "good" }],
    ];
    const { errors } = await importRows(
      client,
      "extras.tag",
      table.map(([row]) => row),
    );
    expect(errors).toEqual(
      table.flatMap(([, ...told], n) =>
        told.map(([field, message]) => ({ row: n + 1, field, message: expect.stringContaining(message) })),
      ),
    );
    expect((await client.query(`{ tags { name } }`)).tags).toEqual([{ name: "there" }]);
  });

  test("the site's own fields are fields of a row", async () => {
    const { client } = await openTestApp({}, { customFields: [{ model: "tag", key: "rank", kind: "integer" }] });
    expect(await importRows(client, "extras.tag", [{ name: "a", cf_rank: 3, _custom_field_data: { other: "x" } }])).toEqual(
      done(1),
    );
    expect(await importRows(client, "extras.tag", [{ name: "a", cf_rank: 4 }])).toEqual(done(0, 1));
    expect((await client.query(`{ tags { _custom_field_data } }`)).tags).toEqual([
      { _custom_field_data: { other: "x", rank: 4 } },
    ]);
    expect((await importRows(client, "extras.tag", [{ name: "a", cf_rank: "high" }])).errors).toMatchObject([
      { row: 1, field: "cf_rank" },
    ]);
  });

  test("kinds, numbers of rows and rows that cannot be are refused", async () => {
    const { client } = await openTestApp({});
    const refused = async (type: string, rows: unknown[]) => {
      const { message, extensions } = await client.refused(IMPORT, { type, rows });
      return [extensions.code, extensions.details?.[0]!.field, message];
    };
    expect(await refused("extras.job", [{ name: "a" }])).toEqual([
      "BAD_USER_INPUT",
      "content_type",
      "content_type: Objects of the kind extras.job cannot be imported: auth.group, extras.approvalworkflowdefinition, extras.approvalworkflowstagedefinition, extras.jobbutton, extras.jobhook, extras.jobqueue, extras.note, extras.tag, users.objectpermission can.",
    ]);
    expect(await refused("dcim.device", [{}])).toEqual(["BAD_USER_INPUT", "content_type", expect.stringContaining("dcim")]);
    expect(await refused("extras.tag", [])).toEqual(["BAD_USER_INPUT", "rows", expect.stringContaining("at least one")]);
    expect(
      (
        await refused(
          "extras.tag",
          Array.from({ length: 2001 }, (_, n) => ({ name: `t${n}` })),
        )
      )[2],
    ).toContain("There are 2001 rows, and 2000 at most are imported at once");
  });

  test("as many rows as there may be", async () => {
    const { client } = await openTestApp({});
    const rows = Array.from({ length: 2000 }, (_, n) => ({ name: `t${n}`, description: "d" }));
    expect(await importRows(client, "extras.tag", rows)).toEqual(done(2000));
    expect(await importRows(client, "extras.tag", [...rows.slice(0, 1999), { name: "t1999", description: "e" }])).toEqual(
      done(0, 1, 1999),
    );
  });
});

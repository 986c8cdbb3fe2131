import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";

const MODEL = `query ($type: String!) { object_model(content_type: $type) {
  content_type list natural_key fields { name kind key nullable creatable updatable } filters { name type } default_filters } }`;

test("a kind of objects names its list, its fields, and those that clients may set", async () => {
  const { client } = await openTestApp({});
  const read = async (type: string) => (await client.query(MODEL, { type })).object_model;
  const note = await read("extras.note");
  expect(note).toMatchObject({ content_type: "extras.note", list: "notes", natural_key: null, default_filters: {} });
  expect(note.fields.slice(1)).toEqual(
    [
      ["created", "timestamp", null, true, false, false],
      ["last_updated", "timestamp", null, true, false, false],
      ["assigned_object_id", "uuid", null, false, true, false],
      ["user_name", "string", null, false, false, false],
      ["note", "text", null, false, true, true],
      ["assigned_object_type", "reference", "label", false, true, false],
      ["user", "reference", "username", true, false, false],
    ].map(([name, kind, key, nullable, creatable, updatable]) => ({ name, kind, key, nullable, creatable, updatable })),
  );
  expect(note.filters).toEqual(expect.arrayContaining([{ name: "note__ic", type: "[String]" }]));
  const queue = await read("extras.jobqueue");
  expect(queue.natural_key).toBe("name");
  expect(queue.fields.filter(({ kind }) => kind === "links")).toEqual([
    { name: "tags", kind: "links", key: "name", nullable: false, creatable: true, updatable: true },
  ]);
  expect(await read("extras.job")).toMatchObject({ list: "jobs", default_filters: { hidden: false } });
  for (const type of ["dcim.device", "extras.usersession", "extras.jobhookdelivery", "nonsense"])
    expect(await read(type)).toBeNull();
});

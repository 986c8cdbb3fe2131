import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { BUTTON, create, HOOK, JOBS, NOTE, QUEUE, TAG } from "../../changes/changeable.ts";
import { runExample } from "../../jobs/examples.ts";
import { KEY, openTestApp, restart, SYSTEM_JOBS, type TestApp } from "../../support/app.ts";
import { readLog } from "../../support/changes.ts";
import { databaseOf, storeRun } from "../../support/rows.ts";
import { runToEnd } from "../../support/runs.ts";

const EXPORT = "jobgraph.export_object_list.ExportObjectList";
const IMPORT = "jobgraph.import_objects.ImportObjects";

/** Texts that files, spreadsheets and databases trip over. */
const HARD = [
  "=1+1",
  "'=1",
  "a,b;c",
  'say "hi"',
  "two\nlines",
  "Zürich 😀",
  "  spaces ",
  "-",
  "NULL",
  "[1]",
  "no",
  "1:30",
  "2026-01-01",
  "a\tb",
  "=",
  "<<",
  "a\u2028b",
];

async function setup() {
  const app = await openTestApp(JOBS, SYSTEM_JOBS);
  const { client } = app;
  for (const [n, name] of HARD.entries())
    await create(client, TAG, {
      name,
      description: n % 2 ? "" : `${name}!`,
      content_types: n % 2 ? ["dcim.device", "extras.jobqueue"] : [],
    });
  return { app, client };
}

async function download({ url, client }: TestApp, runId: string): Promise<string> {
  const { job_result } = await client.query(`query ($id: ID!) { job_result(id: $id) { files { download_url } } }`, { id: runId });
  const response = await fetch(url + job_result.files[0]!.download_url, { headers: { authorization: `Token ${KEY}` } });
  return response.text();
}

/** Returns the file of Export Object List. */
async function exported(app: TestApp, contentType: string, data: object = {}): Promise<string> {
  const run = await runToEnd(app.client, EXPORT, { content_type: contentType, ...data });
  if (run.status !== "SUCCESS") throw new Error(JSON.stringify(run));
  return download(app, run.id);
}

const countLogged = async (client: TestApp["client"]): Promise<number> =>
  (await client.query(`{ object_changes_connection(first: 1) { total_count } }`)).object_changes_connection.total_count;

const TAGS = `{ tags(sort: ["name"]) { id name color description content_types(sort: ["label"]) { label } _custom_field_data } }`;

describe("Export Object List", () => {
  test("CSV, JSON and YAML say the same", async () => {
    const { app, client } = await setup();
    const { tags } = await client.query(TAGS);
    const plain = tags.map(({ content_types, ...tag }) => ({
      ...tag,
      content_types: content_types.map(({ label }) => label),
    }));
    const sorted = (list: any[]) =>
      list.map((tag) => ({ ...tag, content_types: tag.content_types.toSorted() })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const json = JSON.parse(await exported(app, "extras.tag", { export_format: "json" }));
    expect(sorted(json)).toMatchObject(sorted(plain));
    expect(Object.keys(json[0])).toEqual([
      "id",
      "created",
      "last_updated",
      "_custom_field_data",
      "name",
      "color",
      "description",
      "content_types",
    ]);
    const yaml = await exported(app, "extras.tag", { export_format: "yaml" });
    for (const version of ["1.1", "1.2"] as const) expect(parse(yaml, { version })).toEqual(json);
    const csv = await exported(app, "extras.tag", { query_string: "name=%3D1%2B1" });
    const tag = tags.find(({ name }) => name === "=1+1");
    const [header, line, end] = csv.split("\r\n");
    expect([header, end]).toEqual(["id,created,last_updated,_custom_field_data,name,color,description,content_types", ""]);
    expect(line).toMatch(new RegExp(`^${tag!.id},[^,]+Z,[^,]+Z,{},'=1\\+1,9e9e9e,'=1\\+1!,\\[\\]$`));
    expect(await exported(app, "extras.note", { export_format: "json" })).toBe("[]\n");
    expect(await exported(app, "extras.note", { export_format: "yaml" })).toBe("[]\n");
  });

  test("filters as in an address or as JSON; those that are none are refused", async () => {
    const { app, client } = await setup();
    const database = await databaseOf(app);
    for (const status of ["SUCCESS", "FAILURE", "REVOKED"] as const)
      await storeRun(database, { status, name: "old", debugLogCount: 7 });
    const names = async (data: object) =>
      JSON.parse(await exported(app, "extras.jobresult", { export_format: "json", ...data }))
        .map(({ status }: any) => status)
        .toSorted();
    expect(await names({ query_string: "?name=old&status=SUCCESS&status=FAILURE" })).toEqual(["FAILURE", "SUCCESS"]);
    expect(await names({ query_string: "debug_log_count__gte=7&name=old" })).toHaveLength(3);
    expect(await names({ filters: { name: ["old"], status__n: "REVOKED" } })).toEqual(["FAILURE", "SUCCESS"]);
    const wrong = await runToEnd(client, EXPORT, { content_type: "extras.tag", query_string: "colour=red" });
    expect(wrong).toMatchObject({
      status: "FAILURE",
      error: { message: `Lists of this kind have no filter named "colour".` },
    });
    const unkept = await runToEnd(client, EXPORT, { content_type: "dcim.device" });
    expect(unkept.error!.message).toBe("This server keeps no objects of the kind dcim.device.");
    const value = await runToEnd(client, EXPORT, { content_type: "extras.tag", filters: { created__gte: ["soon"] } });
    expect(value.error).toMatchObject({ type: "GraphQLRequestError", message: expect.stringContaining("created__gte") });
    // Hidden jobs are jobs as well.
    await client.query(`mutation { update_job(name: "Plain", data: { hidden: true }) { id } }`);
    expect(JSON.parse(await exported(app, "extras.job", { export_format: "json", filters: { name: ["Plain"] } }))).toMatchObject([
      { name: "Plain", hidden: true, default_job_queue: "plain" },
    ]);
  });

  test("a list of many pages, each object once and in order", async () => {
    const { app } = await setup();
    const database = await databaseOf(app);
    const run = await storeRun(
      database,
      { name: "many" },
      Array.from({ length: 1050 }, (_, n) => ({ message: `line ${n + 1}` })),
    );
    const lines = JSON.parse(
      await exported(app, "extras.joblogentry", { export_format: "json", filters: { job_result: [run] } }),
    );
    expect(lines.map(({ sequence, message, job_result }: any) => [sequence, message, job_result])).toEqual(
      Array.from({ length: 1050 }, (_, n) => [n + 1, `line ${n + 1}`, run]),
    );
  });

  test("rows that are too large for a page of the usual length come in shorter ones", async () => {
    const { app } = await setup();
    const database = await databaseOf(app);
    for (let n = 0; n < 20; n++) await storeRun(database, { name: "large", result: "x".repeat(1_500_000) });
    const run = await runToEnd(app.client, EXPORT, {
      content_type: "extras.jobresult",
      export_format: "json",
      filters: { name: ["large"] },
    });
    expect(run.error).toMatchObject({ type: "FileTooLarge" });
    for (let n = 0; n < 15; n++)
      await storeRun(database, { name: "fits", traceback: "x", result: "x".repeat(1_200_000), meta: { n } });
    const big = await restart(app, { maxFileBytes: 100_000_000 });
    expect(
      JSON.parse(await exported(big, "extras.jobresult", { export_format: "json", filters: { name: ["fits"] } })),
    ).toHaveLength(15);
  });
});

describe("Import Objects", () => {
  test.for(["csv", "json"])("exported objects come back as they were: %s", async (format) => {
    const { app, client } = await setup();
    const { id } = (await client.query(`{ tags { id } }`)).tags[0]!;
    await create(client, QUEUE, {
      name: "q",
      tags: ["Zürich 😀", "a,b;c"],
      _custom_field_data: { a: ["=1", null], b: { c: 1 } },
    });
    await create(client, HOOK, { name: "h", job: "Hook", content_types: ["dcim.device", "extras.tag"], type_delete: true });
    await create(client, BUTTON, {
      name: "b",
      text: "=obj",
      job: "Button",
      content_types: ["extras.tag"],
      weight: 3,
      group_name: "",
    });
    await create(client, NOTE, { assigned_object_type: "extras.tag", assigned_object_id: id, note: "- a\n- b" });
    const kinds = ["extras.note", "extras.jobbutton", "extras.jobhook", "extras.jobqueue", "extras.tag"];
    const read = async () =>
      Promise.all(kinds.map(async (kind) => JSON.parse(await exported(app, kind, { export_format: "json" }))));
    const before = await read();
    const files = await Promise.all(kinds.map((kind) => exported(app, kind, { export_format: format })));
    const logged = await countLogged(client);
    const give = async (n: number) => {
      const file = { name: "objects", base64: Buffer.from(files[n]!).toString("base64") };
      const run = await runToEnd(client, IMPORT, { content_type: kinds[n]!, [`${format}_file`]: file });
      expect(run).toMatchObject({ status: "SUCCESS" });
      return run.result;
    };
    // There they are: nothing is to be done.
    for (const n of kinds.keys()) expect(await give(n)).toMatchObject({ created: 0, updated: 0, unchanged: before[n].length });
    expect(await countLogged(client)).toBe(logged);
    // Deleted objects come back, with their ids and references.
    const names = ["note", "job_button", "job_hook", "job_queue", "tag"];
    for (const [n, name] of names.entries())
      for (const { id: gone, name: called } of before[n])
        if (called !== "default" && called !== "plain")
          await client.query(`mutation ($id: ID!) { delete_${name}(id: $id) { id } }`, { id: gone });
    for (const n of [4, 3, 2, 1, 0]) await give(n);
    const timeless = (all: any[][]) =>
      all.map((list) => list.map((object) => ({ ...object, created: null, last_updated: null })));
    expect(timeless(await read())).toEqual(timeless(before));
    const changes = await readLog(client, `change_context: "JOB", action: "CREATE", changed_object_type: "extras.tag"`);
    expect(changes).toHaveLength(HARD.length);
    expect(changes[0]!.change_context_detail).toBe("Import Objects");
  });

  test("a dry run tells, and keeps nothing", async () => {
    const { client } = await setup();
    const csv = 'name,color,content_types\nnew,112233,"extras.jobqueue, dcim.device"\n-,445566,\n';
    const dry = await runToEnd(client, IMPORT, { content_type: "extras.tag", csv_data: csv }, true);
    expect([dry.status, dry.result, dry.lines.at(-1)!.message]).toEqual([
      "SUCCESS",
      { applied: false, created: 1, updated: 1, unchanged: 0, errors: [] },
      "Would be imported: 1 new, 1 changed, 0 as they were",
    ]);
    expect((await client.query(`{ tags(name: ["new", "-"]) { name color } }`)).tags).toEqual([{ name: "-", color: "9e9e9e" }]);
    expect((await runToEnd(client, IMPORT, { content_type: "extras.tag", csv_data: csv })).result).toMatchObject({
      applied: true,
      created: 1,
      updated: 1,
    });
    expect(
      (await client.query(`{ tags(name: ["new", "-"]) { name color content_types(sort: ["label"]) { label } } }`)).tags,
    ).toEqual([
      { name: "-", color: "445566", content_types: [{ label: "dcim.device" }, { label: "extras.jobqueue" }] },
      { name: "new", color: "112233", content_types: [{ label: "dcim.device" }, { label: "extras.jobqueue" }] },
    ]);
  });

  test("bad rows are all told, and nothing is kept", async () => {
    const { app, client } = await setup();
    const csv = "name,color,_custom_field_data\ngood,112233,{}\nbad,red,\nworse,112233,{oops\n,112233,\n";
    const { id, status, error, stored } = await runExample(client, IMPORT, { content_type: "extras.tag", csv_data: csv });
    expect([status, error!.type]).toEqual(["FAILURE", "JobFailure"]);
    expect(error!.message).toMatch(
      /^3 of 4 rows do not fit, so none is imported\. Row 2: color: A color is .* Row 3: _custom_field_data: This is no JSON: .* Row 4: name: This field is required\.$/,
    );
    expect(stored.map(({ log_level, log_object, message }) => [log_level, log_object, message.slice(0, 20)])).toEqual([
      ["ERROR", "row 2", "color: A color is si"],
      ["ERROR", "row 3", "_custom_field_data: "],
      ["ERROR", "row 4", "name: This field is "],
    ]);
    expect(JSON.parse(await download(app, id))).toMatchObject([
      { row: 2, field: "color" },
      { row: 3 },
      { row: 4, field: "name" },
    ]);
    const dry = await runToEnd(client, IMPORT, { content_type: "extras.tag", csv_data: csv }, true);
    expect(dry).toMatchObject({ status: "SUCCESS", result: { applied: false, errors: [{ row: 2 }, { row: 3 }, { row: 4 }] } });
    expect((await client.query(`{ tags(name: ["good", "bad", "worse"]) { name } }`)).tags).toEqual([]);
  });

  test("values of JSON that are no rows, or cannot be stored, are told in the log", async () => {
    const { client } = await openTestApp({}, SYSTEM_JOBS);
    const json_data = JSON.stringify([null, { name: "a" }, 7, { name: "b\0" }, { name: null, color: 1 }]);
    const { status, stored } = await runExample(client, IMPORT, { content_type: "extras.tag", json_data });
    expect([status, stored.map((line) => `${line.log_object} ${line.message.slice(0, 24)}`)]).toEqual([
      "FAILURE",
      [
        "row 1 The row must be an objec",
        "row 3 The row must be an objec",
        "row 4 name: A text holds NUL (",
        "row 5 name: This field cannot ",
        "row 5 color: String cannot rep",
      ],
    ]);
  });

  test.for([
    ["nothing at all", {}, "Give the objects as one of csv_data, csv_file, json_data and json_file."],
    [
      "two at once",
      { csv_data: "a", json_data: "[]" },
      "Give the objects as one of csv_data, csv_file, json_data and json_file.",
    ],
    ["a header alone", { csv_data: "name\n" }, "There is no row to import."],
    ["a quote that does not end", { csv_data: 'name\n"a' }, "The text is no CSV: Quote Not Closed"],
    ["a file that is no text", { csv_file: { name: "a.csv", base64: "/w==" } }, 'The file "a.csv" is not UTF-8 text.'],
    ["no JSON", { json_data: "{" }, "The text is no JSON: "],
    ["no list", { json_data: "{}" }, "The JSON must be a list of objects."],
    [
      "a row that is no object",
      { json_data: "[1]" },
      "1 of 1 row does not fit, so none is imported. Row 1: The row must be an object, with values by field.",
    ],
    [
      "too many rows",
      { csv_data: `name\n${Array.from({ length: 2001 }, (_, n) => `t${n}`).join("\n")}` },
      "rows: There are 2001 rows, and 2000 at most are imported at once",
    ],
    [
      "a kind without a mutation",
      { content_type: "extras.job", csv_data: "name\na" },
      "content_type: Objects of the kind extras.job cannot be imported",
    ],
  ] as const)("an invalid import is refused: %s", async ([, data, message]) => {
    const { client } = await openTestApp({}, SYSTEM_JOBS);
    const { status, error } = await runToEnd(client, IMPORT, { content_type: "extras.tag", ...data });
    expect([status, error?.message]).toEqual(["FAILURE", expect.stringContaining(message)]);
  });
});

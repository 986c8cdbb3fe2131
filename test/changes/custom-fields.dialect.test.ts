import { ALL_RIGHTS } from "../../src/access/rights.ts";
import { graphql } from "graphql";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { type Database, openDatabase } from "../../src/entities/database.ts";
import { createContext } from "../../src/schema/context.ts";
import { createSchema } from "../../src/schema/index.ts";
import { openTestApp, restart } from "../support/app.ts";
import { freshDatabaseUrl } from "../support/database.ts";
import { databaseOf, storeRun } from "../support/rows.ts";
import { changesOf, countChanges } from "./changeable.ts";

const JOBS = { "a.ts": `export const A = defineJob({ name: "A", enabled: true, run() {} });` };

const { customFields } = loadConfig({
  CUSTOM_FIELDS:
    "job.owner,job.tier:integer,job.ratio:float,job.watched:boolean,job.since:date,job.more:json,jobqueue.site,jobhook.site,tag.site,jobresult.ticket:integer,gitrepository.site",
});

const open = () => openTestApp(JOBS, { customFields });

const ALL = "cf_owner cf_tier cf_ratio cf_watched cf_since cf_more";

const UPDATE_JOB = `mutation ($data: UpdateJobInput!) { update_job(name: "A", data: $data) { id last_updated ${ALL} _custom_field_data } }`;

test("a site's own fields are read and written under their names, each by its kind", async () => {
  const { client } = await open();
  const values = { cf_owner: "ada", cf_tier: 2, cf_ratio: 0.5, cf_watched: true, cf_since: "2024-02-29", cf_more: { a: [1] } };
  const { update_job: first } = await client.query(UPDATE_JOB, { data: values });
  const data = { owner: "ada", tier: 2, ratio: 0.5, watched: true, since: "2024-02-29", more: { a: [1] } };
  expect(first).toMatchObject({ ...values, _custom_field_data: data });

  // One at a time: the others stay, null removes one, and an equal value is no change.
  const change = async (wanted: object) => (await client.query(UPDATE_JOB, { data: wanted })).update_job;
  expect(await change({ cf_owner: "bob", cf_tier: null })).toMatchObject({
    cf_owner: "bob",
    cf_tier: null,
    cf_ratio: 0.5,
    _custom_field_data: { owner: "bob", ratio: 0.5, watched: true, since: "2024-02-29", more: { a: [1] } },
  });
  const settled = await change({ _custom_field_data: { owner: "x", other: 7 }, cf_tier: 3, cf_owner: null });
  expect(settled).toMatchObject({ cf_tier: 3, cf_owner: null, _custom_field_data: { other: 7, tier: 3 } });
  expect(await change({ cf_tier: 3, cf_owner: null })).toEqual(settled);
  const [, , , last] = await changesOf(client, first.id);
  expect(last.differences.added).toEqual({ _custom_field_data: { other: 7, tier: 3 } });
  expect(await changesOf(client, first.id)).toHaveLength(4);

  expect(await change({ _custom_field_data: null })).toMatchObject({ cf_tier: null, _custom_field_data: null });
  expect(await change({ cf_tier: null })).toMatchObject({ _custom_field_data: null });
  expect(await change({ cf_tier: 4 })).toMatchObject({ _custom_field_data: { tier: 4 } });
  expect((await client.refused(UPDATE_JOB, { data: { _custom_field_data: [1], cf_tier: 1 } })).extensions.details).toMatchObject([
    { field: "data._custom_field_data" },
  ]);
});

test("a value that is not of the field's kind is refused when it is written, and null when it is read", async () => {
  const app = await open();
  const { client } = app;
  const before = await countChanges(client);
  const wrong: Record<string, unknown[]> = {
    cf_owner: [1, true, ["x"], {}],
    cf_tier: ["1", 1.5, true, 2 ** 53, -(2 ** 53)],
    cf_ratio: ["1", true],
    cf_watched: ["true", 1],
    cf_since: ["2026-02-30", "2026-1-1", "yesterday", "2026-01-01T00:00:00Z", 2026],
    cf_nobody: ["x"],
  };
  for (const [name, values] of Object.entries(wrong))
    for (const value of values) {
      const { extensions } = await client.refused(UPDATE_JOB, { data: { [name]: value } });
      expect([name, value, extensions.code]).toEqual([name, value, "BAD_USER_INPUT"]);
    }
  const { details } = (await client.refused(UPDATE_JOB, { data: { cf_owner: "a\0b" } })).extensions;
  expect(details).toMatchObject([{ field: "data.cf_owner" }]);
  expect(await countChanges(client)).toBe(before);

  // Values that were stored before the site declared its fields, or when it declared other types.
  const stored = { owner: 1, tier: "1", ratio: "x", watched: 0, since: "2026-02-30" };
  const undeclared = await restart(app);
  const data = { _custom_field_data: stored };
  await undeclared.client.query(`mutation ($data: UpdateJobInput!) { update_job(name: "A", data: $data) { id } }`, { data });
  const again = await restart(undeclared, { customFields });
  const { jobs } = await again.client.query(`{ jobs { ${ALL} _custom_field_data } }`);
  expect(jobs[0]).toMatchObject({
    cf_owner: null,
    cf_tier: null,
    cf_ratio: null,
    cf_watched: null,
    cf_since: null,
    cf_more: null,
    _custom_field_data: stored,
  });
});

test("an integer may be the number of an autonomous system, and any other that JavaScript holds exactly", async () => {
  const { client } = await open();
  for (const number of [0, 65_535, 2 ** 31, 4_294_967_295, -(2 ** 53) + 1, 2 ** 53 - 1]) {
    expect((await client.query(UPDATE_JOB, { data: { cf_tier: number } })).update_job.cf_tier).toBe(number);
    const literal = `mutation { update_job(name: "A", data: { cf_tier: ${number} }) { cf_tier } }`;
    expect((await client.query(literal)).update_job.cf_tier).toBe(number);
  }
});

const IMPORT = `mutation ($rows: [GenericScalar!]!) {
  import_objects(content_type: "extras.tag", rows: $rows) { applied errors { row field } } }`;

test("values that are given for all custom fields at once are of the kinds that the site declares", async () => {
  const kinds = { text: "x", integer: 4_294_967_295, float: 0.5, boolean: true, date: "2026-01-31", json: { a: [null] } };
  const declared = Object.keys(kinds).map((kind) => ({ model: "tag" as const, key: kind, kind: kind as keyof typeof kinds }));
  const { client } = await openTestApp({}, { customFields: declared });
  const create = `mutation ($data: CreateTagInput!) { create_tag(data: $data) { id } }`;
  const update = `mutation ($id: ID!, $data: UpdateTagInput!) { update_tag(id: $id, data: $data) { _custom_field_data } }`;
  const { create_tag } = await client.query(create, { data: { name: "a", _custom_field_data: { ...kinds, other: [1] } } });
  const nothing = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, null]));
  await client.query(update, { id: create_tag.id, data: { _custom_field_data: nothing } });
  for (const [key, right] of Object.entries(kinds))
    for (const [from, value] of Object.entries(kinds)) {
      const isFit =
        from === key || key === "json" || (key === "text" && from === "date") || (key === "float" && from === "integer");
      if (isFit) continue;
      const data = { _custom_field_data: { [key]: value, other: value } };
      const details = [{ field: `data._custom_field_data.${key}` }];
      expect((await client.refused(create, { data: { name: "b", ...data } })).extensions.details).toMatchObject(details);
      expect((await client.refused(update, { id: create_tag.id, data })).extensions.details).toMatchObject(details);
      const { import_objects } = await client.query(IMPORT, {
        rows: [
          { name: "b", ...data },
          { name: "c", [`cf_${key}`]: right },
        ],
      });
      expect(import_objects).toEqual({ applied: false, errors: [{ row: 1, field: `_custom_field_data.${key}` }] });
    }
  const both = await client.refused(create, { data: { name: "b", _custom_field_data: { text: 1, float: "x", boolean: true } } });
  expect(both.extensions.details?.map(({ field }) => field)).toEqual([
    "data._custom_field_data.text",
    "data._custom_field_data.float",
  ]);
});

test("every model with custom fields has them, in lists and below, and in each of its mutations", async () => {
  const app = await open();
  const { client } = app;
  const run = await storeRun(await databaseOf(app), { _customFieldData: { ticket: 7 } });
  const made = await client.query(`mutation {
    tag: create_tag(data: { name: "t", cf_site: "paris" }) { id cf_site }
    queue: create_job_queue(data: { name: "q", cf_site: "lyon", _custom_field_data: { site: "nice", a: 1 }, tags: ["t"] }) {
      id cf_site _custom_field_data tags { cf_site }
    }
  }`);
  expect(made).toMatchObject({
    tag: { cf_site: "paris" },
    queue: { cf_site: "lyon", _custom_field_data: { site: "lyon", a: 1 }, tags: [{ cf_site: "paris" }] },
  });
  const { update_jobs } = await client.query(`mutation {
    update_jobs(name: "A", data: { cf_owner: "ada", job_queues: ["default", "q"] }) { outcomes { changed job { cf_owner } } }
  }`);
  expect(update_jobs.outcomes).toEqual([{ changed: true, job: { cf_owner: "ada" } }]);
  const read = await client.query(`{
    jobs { cf_owner job_queues(name: "q") { cf_site tags { mine: cf_site } } }
    job_results_connection { nodes { cf_ticket } }
    git_repositories { cf_site }
    job_hooks { cf_site }
  }`);
  expect(read).toEqual({
    jobs: [{ cf_owner: "ada", job_queues: [{ cf_site: "lyon", tags: [{ mine: "paris" }] }] }],
    job_results_connection: { nodes: [{ cf_ticket: 7 }] },
    git_repositories: [],
    job_hooks: [],
  });
  const { update_job_result } = await client.query(
    `mutation ($id: ID!) { update_job_result(id: $id, data: { cf_ticket: 8 }) { cf_ticket name } }`,
    { id: run },
  );
  expect(update_job_result).toEqual({ cf_ticket: 8, name: "A run" });
  expect(await client.query(`query { __type(name: "TagType") { fields { name } } }`)).toMatchObject({
    __type: { fields: expect.arrayContaining([{ name: "cf_site" }]) },
  });
});

test("their column is read only where one of them is asked for", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  const read: string[] = [];
  const watched: Database = { ...database, read: (statement) => (read.push(statement.sql), database.read(statement)) };
  const viewer = {
    id: "018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f",
    username: "tester",
    isStaff: true,
    isSuperuser: true,
    rights: ALL_RIGHTS,
  };
  for (const selection of ["name", "cf_owner name"]) {
    const contextValue = createContext(
      { database: watched, runner: undefined as never, limits: { ...loadConfig({}), maxPageSize: 9 } },
      viewer,
    );
    await graphql({ schema: createSchema(customFields), source: `{ jobs { ${selection} } }`, contextValue });
  }
  expect(read.map((text) => text.includes("_custom_field_data"))).toEqual([false, true]);
  await database.close();
});

test("the record of a run takes a site's fields, which the change log tells without the run's data", async () => {
  const app = await openTestApp({});
  const { client } = app;
  const id = await storeRun(await databaseOf(app), { name: "Backup", taskKwargs: { password: "secret" }, result: "secret" });
  const document = `mutation ($id: ID!, $data: UpdateJobResultInput!) {
    update_job_result(id: $id, data: $data) { name status result _custom_field_data }
  }`;
  const change = (data: object) => client.query(document, { id, data });
  const changed = { name: "Backup", status: "SUCCESS", result: "secret", _custom_field_data: { ticket: 7 } };
  expect(await change({ _custom_field_data: { ticket: 7 } })).toEqual({ update_job_result: changed });
  expect(await change({ _custom_field_data: { ticket: 7 } })).toEqual({ update_job_result: changed });
  expect(await change({})).toEqual({ update_job_result: changed });
  const log = await changesOf(client, id);
  expect(log).toMatchObject([
    {
      action: "UPDATE",
      user_name: "admin",
      change_context: "WEB",
      object_repr: "Backup",
      changed_object_type: { label: "extras.jobresult" },
      prechange: { _custom_field_data: {} },
      postchange: { _custom_field_data: { ticket: 7 }, status: "SUCCESS" },
      differences: { removed: { _custom_field_data: {} }, added: { _custom_field_data: { ticket: 7 } } },
    },
  ]);
  expect(JSON.stringify(log)).not.toContain("secret");

  const refused = async (variables: object) => (await client.refused(document, variables)).extensions;
  expect(await refused({ id, data: { _custom_field_data: [] } })).toMatchObject({
    code: "BAD_USER_INPUT",
    details: [{ field: "data._custom_field_data" }],
  });
  for (const unknown of ["018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f", "nonsense"])
    expect(await refused({ id: unknown, data: {} })).toMatchObject({ code: "NOT_FOUND" });
  expect(await refused({ id, data: { status: "FAILURE" } })).toMatchObject({ code: "BAD_USER_INPUT" });
  expect(await changesOf(client, id)).toHaveLength(1);
});

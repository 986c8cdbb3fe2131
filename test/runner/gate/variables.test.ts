import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { openTestApp, restart, writeJobs } from "../../support/app.ts";
import { runToEnd } from "../../support/runs.ts";

const FILES = {
  "v.ts": `
    import { booleanVar, dateTimeVar, fileVar, multiObjectVar, objectVar, stringVar } from "jobgraph";
    export const All = defineJob({
      name: "All", enabled: true,
      variables: z.object({
        name: stringVar({ label: "Name", maxLength: 5 }),
        queue: objectVar({ model: "extras.jobqueue", description: "Where it waits" }),
        jobs: multiObjectVar({ model: "extras.job", required: false }),
        when: dateTimeVar({ required: false }),
        file: fileVar({ required: false }),
        force: booleanVar(),
      }),
      run: ({ data }) => ({ ...data, when: data.when instanceof Date && data.when.getTime(), file: data.file && new TextDecoder().decode(data.file.content) }),
    });
    export const Foreign = defineJob({
      name: "Foreign", enabled: true, variables: z.object({ device: objectVar({ model: "dcim.device" }) }), run() {},
    });
  `,
};

const RUN = `mutation ($name: String!, $data: GenericScalar) { run_job(name: $name, data: $data) { task_kwargs } }`;

test("objects are named by id or name, kept as ids, and arrive loaded; other kinds arrive as their job takes them", async () => {
  const { client } = await openTestApp(FILES);
  const { create_job_queue: night, jobs } = await client
    .query(`mutation { create_job_queue(data: { name: "night", description: "after hours" }) { id } }`)
    .then(async (made) => ({ ...made, ...(await client.query(`{ jobs { id name } }`)) }));
  const idOf = (name: string) => jobs.find((job) => job.name === name)!.id;
  const data = {
    name: "ams",
    queue: "night",
    jobs: [idOf("All").toUpperCase(), "Foreign"],
    when: "2026-11-24T12:00:00Z",
    file: { name: "a.txt", base64: "aGVsbG8=" },
  };
  const { run_job } = await client.query(RUN, { name: "All", data });
  expect(run_job.task_kwargs).toEqual({ ...data, queue: night.id, jobs: [idOf("All"), idOf("Foreign")] });
  const { result } = await runToEnd(client, "v.All", data);
  expect(result).toMatchObject({
    name: "ams",
    queue: { id: night.id, object_type: "extras.jobqueue", name: "night", description: "after hours" },
    jobs: [{ name: "All" }, { name: "Foreign" }],
    when: Date.UTC(2026, 10, 24, 12),
    file: "hello",
    force: false,
  });
});

test("a value that names no object, and a kind that is not kept here, are refused by variable", async () => {
  const { client } = await openTestApp(FILES);
  const refused = async (name: string, data: object) => {
    const { extensions } = await client.refused(RUN, { name, data });
    return [extensions.code, ...(extensions.details ?? []).map(({ field }) => field)];
  };
  expect(await refused("All", { name: "ams", queue: "nowhere" })).toEqual(["BAD_USER_INPUT", "data.queue"]);
  expect(await refused("All", { name: "ams", queue: "default", jobs: ["All", "Nobody", "Neither"] })).toEqual([
    "BAD_USER_INPUT",
    "data.jobs",
    "data.jobs",
  ]);
  expect(await refused("All", { name: "too long", queue: "default" })).toEqual(["BAD_USER_INPUT", "data.name"]);
  expect(await refused("Foreign", { device: "ams01" })).toEqual(["BAD_USER_INPUT", "data.device"]);
  expect((await client.query(`{ job_results { id } }`)).job_results).toEqual([]);
});

test("the job's variables are told as JSON Schema with the facts for a form", async () => {
  const { client } = await openTestApp(FILES);
  const { jobs } = await client.query(`{ jobs(name: "All") { variables_schema } }`);
  expect(jobs[0]!.variables_schema).toMatchObject({
    required: ["name", "queue"],
    properties: {
      name: { type: "string", title: "Name", maxLength: 5, "x-kind": "string" },
      queue: { type: "string", description: "Where it waits", "x-kind": "object", "x-model": "extras.jobqueue" },
      jobs: { type: "array", items: { type: "string" }, "x-kind": "multiobject" },
      force: { type: "boolean", default: false },
    },
  });
});

const FORM = {
  "f.ts": `
    import * as v from "jobgraph";
    const ROLES = ["spine", ["leaf", "Leaf switch"]] as const;
    export const Form = defineJob({ name: "Form", enabled: true, variables: z.object({
      zone: v.stringVar({ label: "Zone" }), a: v.integerVar({ default: 1 }), long_name: v.textVar({ required: false }),
      role: v.choiceVar({ choices: ROLES }), roles: v.multiChoiceVar({ choices: ROLES, required: false }),
      b: v.booleanVar(), address: v.ipAddressVar({ required: false }), mask: v.ipAddressWithMaskVar({ required: false }),
      network: v.ipNetworkVar({ required: false }), any: v.jsonVar({ required: false }), day: v.dateVar({ required: false }),
      when: v.dateTimeVar({ required: false }), file: v.fileVar({ required: false }),
      queue: v.objectVar({ model: "extras.jobqueue", required: false }), jobs: v.multiObjectVar({ model: "extras.job", required: false }),
      pair: z.tuple([z.string(), z.int()]).optional(), nested: z.object({ y: z.string(), x: z.string().nullable() }).optional(),
    }), run() {} });
  `,
};
const FORM_ORDER = /(\w+): (?:v\.|z\.(?:tuple|object\(\{ y))/g;

test("variables_schema keeps its author's order, also when only that changes, and after a restart", async () => {
  const app = await openTestApp(FORM);
  const names = async ({ client }: typeof app) => {
    const { jobs } = await client.query(`{ jobs { variables_schema } }`);
    const { properties } = jobs[0]!.variables_schema;
    return [Object.keys(properties), Object.keys(properties.nested.properties)];
  };
  const order = [...FORM["f.ts"].matchAll(FORM_ORDER)].map(([, name]) => name);
  expect(order).toHaveLength(17);
  expect(await names(app)).toEqual([order, ["y", "x"]]);
  const again = await restart(app);
  expect(await names(again)).toEqual([order, ["y", "x"]]);
  const swapped = FORM["f.ts"].replace(
    `zone: v.stringVar({ label: "Zone" }), a: v.integerVar({ default: 1 }),`,
    `a: v.integerVar({ default: 1 }), zone: v.stringVar({ label: "Zone" }),`,
  );
  await writeJobs({ "f.ts": swapped }, again.config.jobsRoot);
  await again.client.query(`mutation { refresh_jobs { id } }`);
  expect(await names(again)).toEqual([
    ["a", "zone", ...order.slice(2)],
    ["y", "x"],
  ]);
});

test("variables_schema is taken as it is by validators of forms, and choices have titles where forms look for them", async () => {
  const { client } = await openTestApp(FORM);
  const { jobs } = await client.query(`{ jobs { variables_schema } }`);
  const schema = jobs[0]!.variables_schema;
  expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
  const titled = [
    { const: "spine", title: "spine" },
    { const: "leaf", title: "Leaf switch" },
  ];
  expect(schema.properties.role).toMatchObject({ type: "string", oneOf: titled });
  expect(schema.properties.role).not.toHaveProperty("enum");
  expect(schema.properties.roles.items).toEqual({ type: "string", oneOf: titled });
  // As the validators of form libraries are set up: they know no keywords of ours.
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  const good = { zone: "z", role: "leaf" };
  for (const data of [
    good,
    { ...good, roles: ["spine", "leaf"], pair: ["a", 1], nested: { y: "y", x: null }, any: { a: [1] } },
  ]) {
    expect([validate(data), validate.errors]).toEqual([true, null]);
    await client.query(RUN, { name: "Form", data });
  }
  for (const wrong of [
    { zone: "z" },
    { ...good, role: "Leaf switch" },
    { ...good, roles: ["other"] },
    { ...good, a: "1" },
    { ...good, pair: [1, 1] },
  ]) {
    expect(validate(wrong)).toBe(false);
    expect((await client.refused(RUN, { name: "Form", data: wrong })).extensions.code).toBe("BAD_USER_INPUT");
  }
});

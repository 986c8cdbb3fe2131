import { getNamedType, isInputObjectType, isNonNullType } from "graphql";
import { expect, test } from "vitest";
import { createSchema } from "../../../../src/schema/index.ts";
import { KEY, openTestApp } from "../../../support/app.ts";
import { post } from "../../../support/client.ts";
import { objectWith, required } from "../../../support/hostile-requests/values.ts";
import { databaseOf, storeRun } from "../../../support/rows.ts";

/** Texts that are no time, for any argument. */
const NO_TIMES = [
  "1",
  "2027",
  "2027-01-01T00:00:00",
  "2027-02-30T00:00:00Z",
  "2027-02-29T00:00:00+01:00",
  "Fri, 01 Jan 2027 00:00:00 GMT",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59-01:00",
  "+010000-01-01T00:00:00Z",
];

const schema = createSchema();

/** Every place that takes a DateTime, as a request with one variable. */
function* places(): Generator<{ words: string; query: string; variables: (time: string) => string }> {
  for (const kind of ["query", "mutation"] as const) {
    const type = kind === "query" ? schema.getQueryType()! : schema.getMutationType()!;
    for (const field of Object.values(type.getFields()))
      for (const arg of field.args) {
        const named = getNamedType(arg.type);
        const inputs = isInputObjectType(named) ? Object.values(named.getFields()) : [];
        const args = [...new Set([...required(field.args), arg])];
        const head = `${kind} (${args.map((one) => `$${one.name}: ${one.type}`).join(", ")})`;
        const query = `${head} { ${field.name}(${args.map(({ name }) => `${name}: $${name}`).join(", ")}) { __typename } }`;
        const needed = inputs.filter(({ type: wanted }) => isNonNullType(wanted));
        for (const place of [arg, ...inputs]) {
          if (getNamedType(place.type).name !== "DateTime") continue;
          const variables = (time: string) =>
            objectWith(args, {
              [arg.name]: place === arg ? JSON.stringify(time) : objectWith(needed, { [place.name]: JSON.stringify(time) }),
            });
          yield { words: `${field.name}(${arg.name}.${place.name})`, query, variables };
        }
      }
  }
}

test("every DateTime of every input refuses a text that is no time with a zone, by its name", async () => {
  const app = await openTestApp({});
  let count = 0;
  for (const { words, query, variables } of places()) {
    count += 1;
    for (const time of NO_TIMES) {
      const { body } = await post(app.url, KEY, { query, variables: JSON.parse(variables(time)) });
      const place = words.slice(0, -1).split(".").at(-1)!;
      expect
        .soft([words, time, body.errors?.[0].message])
        .toEqual([words, time, expect.stringContaining("a time of ISO 8601 with its zone")]);
      expect.soft(JSON.stringify(body.errors)).toContain(place);
      expect.soft(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"]).toContain(body.errors?.[0].extensions.code);
    }
  }
  expect(count).toBeGreaterThan(20);
});

test("filters by time refuse it too, and understand microseconds as Nautobot writes them", async () => {
  const app = await openTestApp({});
  const run = await storeRun(await databaseOf(app), {}, [
    { created: "2026-01-01T00:00:00.122Z" },
    { created: "2026-01-01T00:00:00.123Z" },
    { created: "2026-01-01T00:00:00.124Z" },
  ]);
  const query = (lookup: string) =>
    `query ($time: [String]) { job_log_entries(job_result: "${run}", created${lookup}: $time, sort: ["sequence"]) { sequence } }`;
  const lookups = ["", "__n", "__lt", "__lte", "__gt", "__gte"];
  for (const lookup of lookups)
    for (const time of NO_TIMES.filter((text) => text !== "2027-01-01T00:00:00"))
      expect.soft([time, await app.client.refused(query(lookup), { time })]).toMatchObject([
        time,
        {
          extensions: {
            code: "BAD_USER_INPUT",
            details: [{ field: `created${lookup}`, message: expect.stringContaining("with its zone") }],
          },
        },
      ]);
  const found = async (time: string) =>
    Object.fromEntries(
      await Promise.all(
        lookups.map(async (lookup) => {
          const { job_log_entries } = await app.client.query(query(lookup), { time });
          return [lookup, job_log_entries.map(({ sequence }: { sequence: number }) => sequence).join("")];
        }),
      ),
    );
  const exact = { "": "2", __n: "13", __lt: "1", __lte: "12", __gt: "3", __gte: "23" };
  for (const time of [
    "2026-01-01T00:00:00.123Z",
    "2026-01-01T01:00:00.123+01:00",
    "2026-01-01 00:00:00.123000+00:00",
    "2026-01-01T00:00:00.123",
  ])
    expect.soft([time, await found(time)]).toEqual([time, exact]);
  expect(await found("2026-01-02")).toEqual({ "": "", __n: "123", __lt: "123", __lte: "123", __gt: "", __gte: "" });
  expect(await found("2026-01-01T00:00:00.123456+00:00")).toEqual({ ...exact, __lt: "12", __gte: "3" });
});

test("a schedule's time without a zone is one of the time zone that is given with it", async () => {
  const app = await openTestApp({ "a.ts": `export const A = defineJob({ name: "A", enabled: true, run() {} });` });
  const preview = async (times: object) =>
    (
      await app.client.query(
        `query ($start_time: DateTime, $time_zone: String, $expires: DateTime) {
          preview_schedule(interval: DAILY, start_time: $start_time, time_zone: $time_zone, expires: $expires, count: 5) { next_runs }
        }`,
        times,
      )
    ).preview_schedule.next_runs;
  const year = new Date().getUTCFullYear() + 1;
  const time = { start_time: `${year}-07-01T09:00:00`, expires: `${year}-07-03T09:00` };
  const at = (hour: number) => [`${year}-07-01T0${hour}:00:00.000Z`, `${year}-07-02T0${hour}:00:00.000Z`];
  expect(await preview({ ...time, time_zone: "Europe/Paris" })).toEqual(at(7));
  expect(await preview({ ...time, time_zone: "EUROPE_LONDON" })).toEqual(at(8));
  expect(await preview({ ...time, time_zone: "UTC" })).toEqual(at(9));
  const days = { start_time: `${year}-07-01`, expires: `${year}-07-02` };
  expect(await preview({ ...days, time_zone: "Europe/Paris" })).toEqual([`${year}-06-30T22:00:00.000Z`]);
  expect(await preview(days)).toEqual([`${year}-07-01T00:00:00.000Z`]);
  expect(
    await preview({ start_time: `${year}-07-01T09:00:00+02:00`, expires: `${year}-07-03T07:00:00Z`, time_zone: "UTC" }),
  ).toEqual(at(7));

  const { schedule_job } = await app.client.query(
    `mutation ($schedule: ScheduleInput!) { schedule_job(name: "A", schedule: $schedule) { id start_time } }`,
    { schedule: { name: "In Paris", interval: "DAILY", ...time, time_zone: "Europe/Paris" } },
  );
  expect(schedule_job.start_time).toBe(at(7)[0]);
  const update = `mutation ($id: ID!, $data: UpdateScheduledJobInput!) { update_scheduled_job(id: $id, data: $data) { start_time } }`;
  const { id } = schedule_job;
  const { update_scheduled_job } = await app.client.query(update, {
    id,
    data: { start_time: time.start_time, time_zone: "UTC" },
  });
  expect(update_scheduled_job.start_time).toBe(at(9)[0]);
  expect(await app.client.refused(update, { id, data: { start_time: time.start_time, time_zone: null } })).toMatchObject({
    extensions: { code: "BAD_USER_INPUT", details: [{ field: "data.start_time" }] },
  });
});

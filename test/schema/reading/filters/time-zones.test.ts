import { expect, test } from "vitest";
import { TimeZone, zoneNamed } from "../../../../src/entities/times/time-zones.ts";
import { openTestApp } from "../../../support/app.ts";

const JOBS = {
  "jobs.ts": `export const Plain = defineJob({ name: "Plain", enabled: true, isolation: "shared", run: () => null });`,
};

const CREATE = `mutation ($data: CreateScheduledJobInput!) { create_scheduled_job(data: $data) { time_zone time_zone_name describe } }`;
const LIST = `query ($zone: [String]) { scheduled_jobs(time_zone: $zone) { time_zone_name next_runs(count: 1) } }`;
const PREVIEW = `query ($zone: String) { preview_schedule(interval: CUSTOM, crontab: "0 0 * * *", time_zone: $zone) { errors { field } } }`;

/** Zones by their names on the wire: links to other zones, zones of no place, names with signs and digits. */
const ZONES: Readonly<Record<string, string>> = {
  UTC: "UTC",
  ETC_UTC: "Etc/UTC",
  EST: "EST",
  EST5EDT: "EST5EDT",
  JAPAN: "Japan",
  GB_EIRE: "GB-Eire",
  AMERICA_MONTREAL: "America/Montreal",
  AMERICA_PORT_AU_PRINCE: "America/Port-au-Prince",
  AMERICA_NORTH_DAKOTA_NEW_SALEM: "America/North_Dakota/New_Salem",
  US_MICHIGAN: "US/Michigan",
  EUROPE_KYIV: "Europe/Kyiv",
  EUROPE_KIEV: "Europe/Kiev",
  ETC_GMT_PLUS_5: "Etc/GMT+5",
  ETC_GMT_MINUS_5: "Etc/GMT-5",
};

test("every zone has one name on the wire, is known to Intl, and is named by either spelling in any case", () => {
  const all = Object.entries(TimeZone);
  expect(all.length).toBeGreaterThanOrEqual(597);
  expect(new Set(Object.values(TimeZone)).size).toBe(all.length);
  for (const listed of Intl.supportedValuesOf("timeZone")) expect(Object.values(TimeZone)).toContain(listed);
  for (const [wire, name] of all) {
    expect(() => new Intl.DateTimeFormat("en", { timeZone: name })).not.toThrow();
    expect(wire).toMatch(/^[A-Z][A-Z0-9_]*$/);
    for (const text of [wire, name, wire.toLowerCase(), name.toLowerCase(), name.toUpperCase()])
      expect([text, zoneNamed(text)]).toEqual([text, name]);
  }
});

test("a schedule in any zone tells it by both names, and is found by either", async () => {
  const { client } = await openTestApp(JOBS);
  for (const [n, [wire, name]] of Object.entries(ZONES).entries()) {
    const time_zone = [wire, name, name.toLowerCase()][n % 3]!;
    const data = { name, job_model: "Plain", interval: "CUSTOM", crontab: "0 12 * * *", time_zone };
    const { create_scheduled_job: made } = await client.query(CREATE, { data });
    expect(made).toEqual({ time_zone: wire, time_zone_name: name, describe: expect.stringContaining(`(${name})`) });
  }
  for (const [wire, name] of Object.entries(ZONES))
    for (const spelling of [wire, name]) {
      const { scheduled_jobs: found } = await client.query(LIST, { zone: [spelling] });
      expect(found.map(({ time_zone_name }) => time_zone_name)).toEqual([name]);
    }
  const noonIn = async (zone: string) =>
    (await client.query(LIST, { zone: [zone] })).scheduled_jobs[0]!.next_runs[0]!.slice(11, 16);
  // The sign of these is POSIX's: west of Greenwich is ahead.
  expect(await Promise.all(["Etc/UTC", "Etc/GMT+5", "Etc/GMT-5", "Japan"].map(noonIn))).toEqual([
    "12:00",
    "17:00",
    "07:00",
    "03:00",
  ]);
});

test("a text that is no zone of the IANA database is refused by name", async () => {
  const { client } = await openTestApp(JOBS);
  for (const zone of ["", " ", "+05:00", "Factory", "localtime", "Europe", "Europe/", "Europe/Paris ", "ETC_GMT_5", "../UTC"]) {
    const { preview_schedule } = await client.query(PREVIEW, { zone });
    expect([zone, preview_schedule]).toEqual([zone, { errors: [{ field: "time_zone" }] }]);
    // As a filter, an empty text says nothing.
    if (zone !== "")
      expect((await client.refused(LIST, { zone: [zone] })).extensions.details).toMatchObject([{ field: "time_zone" }]);
  }
});

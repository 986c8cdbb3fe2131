import { expect, test } from "vitest";
import { cronText, nextRuns, type Schedule } from "../../../src/entities/times/schedule.ts";

const schedule = (more: Partial<Schedule>): Schedule => ({
  interval: "CUSTOM",
  crontab: "",
  startTime: new Date("2026-01-01T00:00:00Z"),
  timeZone: "UTC",
  enabled: true,
  state: "ACTIVE",
  oneOff: false,
  lastRunAt: null,
  expires: null,
  ...more,
});
const now = new Date("2026-03-28T12:00:00Z");
const next = (more: Partial<Schedule>, count = 2) =>
  nextRuns(schedule(more), count, now).map((time) => time.toISOString().slice(0, 16));

test("intervals as cron spells them, in the schedule's own time zone", () => {
  const startTime = new Date("2026-01-04T23:15:40Z");
  const text = (interval: Schedule["interval"]) =>
    cronText(schedule({ interval, startTime, timeZone: "Europe/Paris", crontab: "1 2 3 4 5" }));
  expect(text("HOURLY")).toBe("15 * * * *");
  expect(text("DAILY")).toBe("15 0 * * *");
  expect(text("WEEKLY")).toBe("15 0 * * 1");
  expect(text("CUSTOM")).toBe("1 2 3 4 5");
  expect(text("FUTURE")).toBeNull();
  expect(text("IMMEDIATELY")).toBeNull();
});

test("the first run is at the start itself, none before", () => {
  const startTime = new Date("2026-06-01T08:30:00Z");
  expect(next({ interval: "HOURLY", startTime })).toEqual(["2026-06-01T08:30", "2026-06-01T09:30"]);
});

test("a daily run keeps its hour when the clocks change", () => {
  const startTime = new Date("2026-01-01T07:00:00Z");
  expect(next({ interval: "DAILY", startTime, timeZone: "Europe/Paris" })).toEqual(["2026-03-29T06:00", "2026-03-30T06:00"]);
});

test("day of the month and day of the week must both fit", () => {
  expect(next({ crontab: "0 0 13 * 5" })).toEqual(["2026-11-13T00:00", "2027-08-13T00:00"]);
});

test("one that is run once has one time to come, until it has run", () => {
  const startTime = new Date("2026-03-01T00:00:00Z");
  expect(next({ interval: "FUTURE", startTime })).toEqual(["2026-03-01T00:00"]);
  expect(next({ interval: "FUTURE", startTime, lastRunAt: startTime })).toEqual([]);
  expect(next({ crontab: "0 * * * *", oneOff: true })).toEqual(["2026-03-28T13:00"]);
  expect(next({ interval: "FUTURE", startTime }, 0)).toEqual([]);
});

test("one that is off, waits for an approval, or has expired, does not run", () => {
  const hourly = { interval: "HOURLY" } as const;
  expect(next({ ...hourly, enabled: false })).toEqual([]);
  expect(next({ ...hourly, state: "PENDING" })).toEqual([]);
  expect(next({ ...hourly, expires: new Date("2026-03-28T13:30:00Z") })).toEqual(["2026-03-28T13:00"]);
  expect(next({ crontab: "0 0 30 2 *" })).toEqual([]);
});

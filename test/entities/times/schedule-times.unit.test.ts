import fc from "fast-check";
import { expect, test } from "vitest";
import { nextTime } from "../../../src/entities/times/schedule.ts";
import { dueTimes } from "../../support/draws/cron-oracle.ts";

const DAY = 86_400_000;
const BEGIN = Date.parse("2026-01-01T00:00:00Z");
const END = BEGIN + 2 * 365 * DAY;
const MOST = 3000;

function ours(text: string, timeZone: string, begin = BEGIN, end = END): number[] {
  const schedule = {
    interval: "CUSTOM",
    crontab: text,
    timeZone,
    startTime: new Date(0),
    oneOff: false,
    lastRunAt: null,
    expires: null,
  } as const;
  const times: number[] = [];
  for (let time = new Date(begin); ;) {
    time = nextTime(schedule, time)!;
    if (!time || time.getTime() > end) return times;
    times.push(time.getTime());
  }
}

const oneOf = (...values: string[]) => fc.constantFrom(...values);
const number = (min: number, max: number) => fc.integer({ min, max }).map(String);
const crontab = fc
  .tuple(
    fc.oneof(number(0, 59), oneOf("*/15", "0,30", "10-12", "*/25")),
    fc.oneof(number(0, 23), number(0, 3), oneOf("*", "*", "*/2", "0-3", "1,2,23")),
    fc.oneof(number(1, 28), oneOf("*", "*", "1-8", "*/5", "25-31")),
    fc.oneof(number(1, 12), oneOf("*", "3,4,10,11", "*/3")),
    fc.oneof(number(0, 7), oneOf("*", "*", "0", "6,0", "1-5")),
  )
  .map((fields) => fields.join(" "))
  .filter((text) => dueTimes(text, "UTC", BEGIN, END, MOST) !== undefined);

test.for(["America/New_York", "Europe/Paris", "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana", "Asia/Kathmandu"])(
  "every time in two years is the one that another library and the rule for clock changes name: %s",
  (zone) => {
    fc.assert(
      fc.property(crontab, (text) => {
        // A crontab with times in UTC may have none here: the last of its days may end too late.
        expect(ours(text, zone)).toEqual(dueTimes(text, zone, BEGIN, END) ?? []);
      }),
      { numRuns: 15 },
    );
  },
);

const shown = (text: string, timeZone: string, from: string, to: string) =>
  ours(text, timeZone, Date.parse(`${from}Z`) - 1, Date.parse(`${to}Z`)).map((time) => new Date(time).toISOString().slice(0, 16));

test("a time that the clocks skip runs at the first moment after the gap, one that they show twice the first time", () => {
  expect(shown("30 2 * * *", "America/New_York", "2026-03-08T00:00", "2026-03-10T00:00")).toEqual([
    "2026-03-08T07:00",
    "2026-03-09T06:30",
  ]);
  expect(shown("30 1 * * *", "America/New_York", "2026-11-01T00:00", "2026-11-03T00:00")).toEqual([
    "2026-11-01T05:30",
    "2026-11-02T06:30",
  ]);
  // Half an hour on Lord Howe.
  expect(shown("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00", "2026-10-05T00:00")).toEqual([
    "2026-10-03T15:30",
    "2026-10-04T15:15",
  ]);
  expect(shown("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00", "2026-04-06T00:00")).toEqual([
    "2026-04-04T14:45",
    "2026-04-05T15:15",
  ]);
  // Several skipped ticks are one, and join a tick that is due then anyway.
  expect(shown("*/30 1-3 * * *", "America/New_York", "2026-03-08T00:00", "2026-03-09T00:00")).toEqual([
    "2026-03-08T06:00",
    "2026-03-08T06:30",
    "2026-03-08T07:00",
    "2026-03-08T07:30",
  ]);
});

test("a crontab for every hour goes by the clock: through an hour that comes twice, and past one that does not", () => {
  const quarters = shown("*/15 * * * *", "America/New_York", "2026-11-01T05:00", "2026-11-01T07:00");
  expect(quarters).toHaveLength(9);
  expect(shown("*/15 * * * *", "America/New_York", "2026-03-08T06:30", "2026-03-08T07:30")).toHaveLength(5);
  expect(shown("0 * * * *", "Europe/Paris", "2026-10-24T23:00", "2026-10-25T02:00")).toHaveLength(4);
  // Two o'clock is skipped.
  expect(shown("0 * * * *", "Australia/Lord_Howe", "2026-10-03T14:00", "2026-10-03T16:00")).toEqual([
    "2026-10-03T14:30",
    "2026-10-03T16:00",
  ]);
});

test("readings that the clocks showed a first time do not come again for a schedule that is made between the two", () => {
  const [next] = shown("15,45 1 * * *", "America/New_York", "2026-11-01T06:10", "2026-11-03T00:00");
  expect(next).toBe("2026-11-02T06:15");
});

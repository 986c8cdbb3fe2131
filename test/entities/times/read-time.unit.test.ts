import fc from "fast-check";
import { expect, test } from "vitest";
import { isDay, readTime, readWallTime } from "../../../src/entities/times/read-time.ts";

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysOf = (year: number, month: number) => (month === 2 && isLeap(year) ? 29 : DAYS[month - 1]!);
const pad = (value: number, length = 2) => String(value).padStart(length, "0");

/** A day and a time of day, many of which there are not. */
const parts = fc.record({
  year: fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(0, 1, 99, 100, 1900, 2000, 2028, 9999)),
  month: fc.integer({ min: 0, max: 13 }),
  day: fc.integer({ min: 0, max: 32 }),
  hour: fc.integer({ min: 0, max: 25 }),
  minute: fc.integer({ min: 0, max: 61 }),
  second: fc.integer({ min: 0, max: 61 }),
  micros: fc.integer({ min: 0, max: 999_999 }),
  between: fc.constantFrom("T", " ", "t"),
});

test("a time is read if its day and its time of day exist, and has the value of its parts", () => {
  fc.assert(
    fc.property(parts, fc.integer({ min: -24, max: 24 }), fc.constantFrom(0, 30, 59, 60), (given, hours, minutes) => {
      const { year, month, day, hour, minute, second, micros, between } = given;
      const local = `${pad(year, 4)}-${pad(month)}-${pad(day)}${between}${pad(hour)}:${pad(minute)}:${pad(second)}.${pad(micros, 6)}`;
      const offset = `${hours < 0 ? "-" : "+"}${pad(Math.abs(hours))}:${pad(minutes)}`;
      const exists =
        month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month) && hour <= 23 && minute <= 59 && second <= 59;
      const reading = new Date(0);
      reading.setUTCFullYear(year, month - 1, day);
      reading.setUTCHours(hour, minute, second, Math.floor(micros / 1000));
      const moment = reading.getTime() - Math.sign(hours || 1) * (Math.abs(hours) * 60 + minutes) * 60_000;
      const ofMoment = new Date(moment).getUTCFullYear();
      const isRead = exists && Math.abs(hours) <= 23 && minutes <= 59 && ofMoment >= 1 && ofMoment <= 9999;
      expect(readTime(local + offset)?.getTime()).toBe(isRead ? moment : undefined);
      expect(readTime(local + offset, "after")?.getTime() ?? moment).toBe(isRead ? moment + Number(micros % 1000 > 0) : moment);
      expect(readTime(local)).toBeUndefined();
      expect(readWallTime(local)?.getTime()).toBe(exists && year >= 1 ? reading.getTime() : undefined);
      expect(readWallTime(local + offset)).toBeUndefined();
      expect(isDay(local.slice(0, 10))).toBe(month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month) && year >= 1);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  "",
  "1",
  "2027",
  "2027-01",
  "20270101T000000Z",
  "2027-01-01Z",
  "2027-01-01T00Z",
  "2027-001T00:00:00Z",
  "2027-W01-1T00:00:00Z",
  "+002027-01-01T00:00:00Z",
  "-000001-01-01T00:00:00Z",
  "+010000-01-01T00:00:00Z",
  "10000-01-01T00:00:00Z",
  "2027-1-1T00:00:00Z",
  "Fri, 01 Jan 2027 00:00:00 GMT",
  "Jan 1 2027",
  "1/1/2027",
  "1798761600000",
  "2027-01-01T00:00:00",
  "2027-01-01T00:00:00 Z",
  "2027-01-01T00:00:00Zulu",
  "2027-01-01T00:00:00 Europe/Paris",
  "2027-01-01T00:00:00[Europe/Paris]",
  "2027-01-01T00:00:00.Z",
  "2027-01-01T24:00:00Z",
  "2027-06-30T23:59:60Z",
  "infinity",
  "now",
])("%j is no time", (text) => {
  expect(readTime(text)).toBeUndefined();
});

test.each([
  ["2026-11-24T08:24:11.300Z", "2026-11-24T08:24:11.300Z"],
  ["2026-11-24T08:24:11.300123+00:00", "2026-11-24T08:24:11.300Z"],
  ["2026-11-24 08:24:11.300123+00:00", "2026-11-24T08:24:11.300Z"],
  ["2026-11-24T09:24+0100", "2026-11-24T08:24:00.000Z"],
  ["2026-11-24T09:24:00+01", "2026-11-24T08:24:00.000Z"],
  ["2026-11-24", "2026-11-24T00:00:00.000Z"],
  ["2026-11-24t08:24:00z", "2026-11-24T08:24:00.000Z"],
])("%s is %s", (text, moment) => {
  expect(readTime(text)?.toISOString()).toBe(moment);
});

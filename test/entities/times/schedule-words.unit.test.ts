import fc from "fast-check";
import { expect, test } from "vitest";
import { wrongCrontab } from "../../../src/entities/times/schedule.ts";
import { describeSchedule } from "../../../src/entities/times/schedule-words.ts";

const describe = (crontab: string) =>
  describeSchedule({
    interval: "CUSTOM",
    crontab,
    startTime: new Date("2027-01-01T00:00:00Z"),
    timeZone: "UTC",
    oneOff: false,
    expires: null,
  });

/** A field of a crontab, with all that anybody has ever written into one. */
function field(min: number, max: number, words: readonly string[]): fc.Arbitrary<string> {
  const number = fc.integer({ min, max }).map(String);
  const one = fc.oneof({ weight: 4, arbitrary: number }, { weight: 2, arbitrary: fc.constantFrom("*", ...words) });
  const item = fc.oneof(
    { weight: 4, arbitrary: one },
    fc.tuple(number, number).map((both) =>
      both
        .map(Number)
        .toSorted((a, b) => a - b)
        .join("-"),
    ),
    fc.tuple(fc.constantFrom("*", `${min}-${max}`), fc.integer({ min: 1, max })).map((both) => both.join("/")),
  );
  const list = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(","));
  return fc.tuple(fc.constantFrom("", "", "", "", "+"), list).map((both) => both.join(""));
}

const crontabs = fc
  .tuple(
    field(0, 59, []),
    field(0, 23, []),
    field(1, 31, ["L", "LW", "15W", "1W"]),
    field(1, 12, ["JAN", "feb", "Dec"]),
    field(0, 7, ["SUN", "mon", "5L", "1#2", "FRIL", "MON#1", "L"]),
  )
  .map((fields) => fields.join(" "))
  .filter((crontab) => wrongCrontab(crontab) === undefined);

test("every crontab that is accepted can be described, in words or by itself", () => {
  let inWords = 0;
  fc.assert(
    fc.property(crontabs, (crontab) => {
      const words = describe(crontab);
      if (words === `By the crontab ${crontab} (UTC)`) return;
      inWords += 1;
      expect(words).toMatch(/^\w[^*+]* \(UTC\)$/);
      expect(words).not.toMatch(/undefined|null|NaN|aN/);
    }),
    { numRuns: 2000 },
  );
  expect(inWords).toBeGreaterThan(200);
});

test.each([
  ["0 0 1,15W * *", "By the crontab 0 0 1,15W * * (UTC)"],
  ["0 0 1 1 +MON", "By the crontab 0 0 1 1 +MON (UTC)"],
  ["0 0 * * *,*", "By the crontab 0 0 * * *,* (UTC)"],
  ["46 *,7  * * *", "By the crontab 46 *,7 * * * (UTC)"],
  ["30 7 * * 1-5", "At 07:30, Monday through Friday (UTC)"],
  ["*/5 * * * *", "Every 5 minutes (UTC)"],
])("%s is described as %s", (crontab, words) => {
  expect(wrongCrontab(crontab)).toBeUndefined();
  expect(describe(crontab)).toBe(words);
});

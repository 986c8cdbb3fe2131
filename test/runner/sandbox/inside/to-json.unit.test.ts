import fc from "fast-check";
import { expect, test } from "vitest";
import { fitText } from "../../../../src/runner/sandbox/redaction/fit-text.ts";
import { toJson } from "../../../../src/runner/sandbox/inside/to-json.ts";

test("values that JSON can hold come through as JSON would give them back", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: true }), (value) => {
      expect(toJson(value)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("dates become text, undefined is left out, and the same object twice is not a cycle", () => {
  const shared = { a: 1 };
  expect(toJson({ when: new Date(0), gone: undefined, list: [undefined, shared, shared] })).toEqual({
    when: "1970-01-01T00:00:00.000Z",
    list: [null, { a: 1 }, { a: 1 }],
  });
  expect(toJson(undefined)).toBeNull();
});

test.for<[unknown, string]>([
  [Symbol("s"), "result is a symbol"],
  [[Number.NaN], "result[0] is NaN"],
  [{ a: { b: Infinity } }, "result.a.b is Infinity"],
  [{ a: new Set() }, "result.a is a Set"],
  [/x/, "result is a RegExp"],
  [{ a: [() => 1] }, "result.a[0] is a function"],
])("%o is refused by its place", ([value, message]) => {
  expect(() => toJson(value)).toThrow(message);
});

test("text that fits is storable text, never longer than allowed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.integer({ min: 60, max: 200 }), (text, max) => {
      const fit = fitText(text, max);
      expect(fit.length).toBeLessThanOrEqual(max);
      expect(fit.isWellFormed()).toBe(true);
      expect(fit).not.toContain("\u0000");
      if (text.length <= max && text.isWellFormed() && !text.includes("\u0000")) expect(fit).toBe(text);
    }),
  );
});

test("a cut says how much is gone", () => {
  expect(fitText("x".repeat(1000), 100)).toMatch(/^x+… \[9\d\d characters cut\]$/);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { cutText } from "../src/cut-text.ts";

/** Characters as people see them, of one to eleven units. */
const CHARACTERS = ["a", "é", "e\u0301", "ü", "漢", "😀", "👩‍🚀", "👨‍👩‍👧‍👦", "🇫🇷", "\r\n", "\n", " ", "👍🏽", "각", "नि"];

test("a text is cut between characters, as late as it may be", () => {
  const characters = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 60 });
  const mark = fc.constantFrom("", "…", " (cut)");
  fc.assert(
    fc.property(characters, fc.nat(80), mark, (given, maxLength, end) => {
      const whole = given.join("");
      const cut = cutText(whole, maxLength, end);
      if (whole.length <= maxLength) return void expect(cut).toBe(whole);
      const shapes = [...new Intl.Segmenter().segment(whole)].map(({ segment }) => segment);
      let kept = "";
      for (const shape of shapes) {
        if (kept.length + shape.length > Math.max(0, maxLength - end.length)) break;
        kept += shape;
      }
      expect(cut).toBe(kept + end);
    }),
    { numRuns: 2000 },
  );
});

test("a character that never ends is cut between its code points", () => {
  expect(cutText(`e${"\u0301".repeat(1000)}`, 500)).toHaveLength(500);
  const flags = "👍🏽".repeat(2) + "😀\u200d".repeat(500);
  for (let length = 300; length < 320; length++) {
    const cut = cutText(flags, length);
    expect(cut.isWellFormed()).toBe(true);
    expect(cut.length).toBeGreaterThanOrEqual(length - 64);
  }
});

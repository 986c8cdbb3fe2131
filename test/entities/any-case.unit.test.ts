import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { anyCaseLike, holdsInAnyCase } from "../../src/entities/any-case.ts";

const characters = function* (from: number): Generator<string> {
  for (let code = from; code <= 0x10_ff_ff; code++) if (code < 0xd8_00 || code > 0xdf_ff) yield String.fromCodePoint(code);
};

test("no character that another is the same as in any case is asked of SQLite as itself, but for letters of ASCII", () => {
  const plain = (character: string) => anyCaseLike(character, "whole").exact;
  const cased = [...characters(0x80)].filter((character) => /^[\p{CWCM}\p{CWCF}]$/u.test(character));
  expect(cased.length).toBeGreaterThan(2500);
  expect(cased.filter(plain)).toEqual([]);
  const strangers = [...characters(0x80)].filter((character) => /[\0-\x7f]/iu.test(character));
  const letters = "abcdefghijklmnopqrstuvwxyz".split("");
  const known = letters.filter((letter) => strangers.some((character) => holdsInAnyCase(character, letter, "whole")));
  expect(known).toEqual(["k", "s"]);
  expect(letters.filter((letter) => !plain(letter))).toEqual(known);
});

test("texts are the same in any case where RE2 says so", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."kK\u212asS\u017fßẞéÉσςΣiİıI.*-"), maxLength: 4 });
  fc.assert(
    fc.property(letters, letters, (text, wanted) => {
      const quoted = RE2JS.quote(wanted);
      expect(holdsInAnyCase(text, wanted, "anywhere")).toBe(RE2JS.compile(`(?i)${quoted}`).test(text));
      expect(holdsInAnyCase(text, wanted, "whole")).toBe(RE2JS.compile(`(?i)^(?:${quoted})$`).test(text));
    }),
    { numRuns: 5000 },
  );
});

import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { openTestApp } from "../../../support/app.ts";
import { sized } from "../../../support/full.ts";
import { databaseOf, storeRun } from "../../../support/rows.ts";

/*
 * A regular expression finds on every database what RE2 finds. RE2 itself, asked of each text, is the oracle.
 */

const TEXTS = [
  "",
  "Hello",
  "say Hello",
  "sayHello",
  "hello\nHello\n",
  "a",
  "A",
  "aaa",
  "ab",
  "b\n",
  "\n",
  "a\nb\nc",
  "é",
  "École",
  "ÉCOLE",
  "straße",
  "STRASSE",
  "ß",
  "ẞ",
  "k",
  "\u212a",
  "s",
  "\u017f",
  "İstanbul",
  "ıstanbul",
  "Σίσυφος",
  "σισυφοσ",
  "😀",
  "a😀b",
  "日本語",
  "v1.2.3",
  "10.0.0.1/24",
  "a.b",
  "a_b",
  "a-b",
  "[a]",
  "(a)",
  "{a}",
  "a{2}",
  "a{,2}",
  "\\d",
  "***:a",
  "tab\there",
  "\u00a0",
  "\u2028",
  "\r\n",
  "x".repeat(299),
  "x".repeat(300),
];

/** Words of RE2's syntax that PostgreSQL has not, or means something else by. */
const WORDS = [
  "\\bHello",
  "\\BHello",
  "o\\b",
  "\\bé",
  "\\p{Lu}",
  "\\pL+",
  "\\PL",
  "\\p{^Lu}",
  "[^\\P{Greek}]",
  "\\p{Any}",
  "(?P<x>a)",
  "(?<x>a)b",
  "a\\z",
  "b$",
  "(?m)b$",
  "(?m)^b",
  "^b",
  "\\Ab",
  "(?i:hello)",
  "(?i)É",
  "(?i:k)",
  "(?i)[j-l]",
  "(?i)s",
  "(?i)ß",
  "(?i)σ",
  "(?i)i",
  "(?i:a)B",
  "a(?i)B|L",
  "(?i-i:A)",
  "(?-s)a.b",
  "(?s)a.b",
  "a.b",
  "(?U)a+?b",
  "\\x{48}",
  "\\x48",
  "\\x{1F600}",
  "\\110",
  "\\07",
  "\\t",
  "\\v",
  "\\.",
  "\\-",
  "\\d+",
  "\\w\\W\\w",
  "\\s",
  "\\S",
  "\\D",
  "[[:alpha:]]+",
  "[[:^alpha:]]",
  "[[:word:]]",
  "[\\d-z]",
  "[]a]",
  "[^]a]",
  "[a-]",
  "[-a]",
  "[a\\]]",
  "[\\x{1F600}-\\x{1F64F}]",
  "[^\\x00-\\x{10FFFF}]",
  "\\Qa.b\\E",
  "\\Qa.b",
  "\\Q[a]\\E*",
  "\\Q***\\E:",
  "a{2}",
  "a{2,}",
  "a{0}b",
  "a{,2}",
  "a{02}",
  "^x{300}$",
  "^x{299,}$",
  "^x{0,299}$",
  "^(?:x{30}){10}$",
  "x{1000}",
  "(?:^)*a",
  "(?:\\b)+H",
  "(|a)*b",
  "|||",
  "()",
  "(?:)",
  "a||b",
  "(?i)",
  "{",
  "a{",
  "}",
  "]",
  "$^",
  "^^a$$",
  "\\m",
  "\\y",
];

async function setup() {
  const app = await openTestApp({});
  const run = await storeRun(
    await databaseOf(app),
    {},
    TEXTS.map((message) => ({ message })),
  );
  const list = "job_log_entries";
  return {
    find: async (lookup: string, pattern: string) =>
      (
        await app.client.query(
          `query ($run: [String], $pattern: [String]) { ${list}(job_result: $run, message__${lookup}: $pattern, sort: ["sequence"]) { message } }`,
          { run: [run], pattern: [pattern] },
        )
      ).job_log_entries.map(({ message }: { message: string }) => message),
    refused: (pattern: string) =>
      app.client.refused(`query ($pattern: [String]) { ${list}(message__re: $pattern) { id } }`, { pattern: [pattern] }),
  };
}

/** Returns the texts in which RE2 finds a pattern; undefined for an invalid pattern. */
function found(pattern: string, ignoreCase = false): string[] | undefined {
  try {
    const re2 = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return TEXTS.filter((text) => re2.test(text));
  } catch {
    return undefined;
  }
}

test("each word of RE2's syntax means the same on every database", async () => {
  const { find, refused } = await setup();
  for (const pattern of WORDS) {
    const wanted = found(pattern);
    if (wanted) {
      expect.soft([pattern, await find("re", pattern)]).toEqual([pattern, wanted]);
      expect.soft([pattern, await find("ire", pattern)]).toEqual([pattern, found(pattern, true)]);
    } else
      expect
        .soft([pattern, await refused(pattern)])
        .toMatchObject([pattern, { extensions: { code: "BAD_USER_INPUT", details: [{ field: "message__re" }] } }]);
  }
});

/** Patterns of any structure. */
const patterns = fc.letrec<{ whole: string; part: string; one: string }>((tie) => ({
  whole: fc
    .array(fc.array(tie("part"), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((branches) => branches.map((parts) => parts.join("")).join("|")),
  part: fc
    .tuple(tie("one"), fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "{0}", "*?", "{260}", "{0,260}"))
    .map((both) => both.join("")),
  one: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(..."aAbkKsßéÉσxHelo.1-"),
    fc.constantFrom(
      "^",
      "$",
      "\\b",
      "\\B",
      "\\A",
      "\\z",
      "\\d",
      "\\W",
      "\\s",
      "\\pL",
      "\\p{Lu}",
      "[a-c]",
      "[^a]",
      "[^\\w]",
      "[[:upper:]é]",
    ),
    fc.constantFrom("(?i)", "(?s)", "(?m)", "(?-i)", "\\Qa*\\E", "\\n", "\\x{e9}", "{2", "{,2}"),
    fc.tuple(fc.constantFrom("(", "(?:", "(?i:", "(?m:", "(?s-i:"), tie("whole")).map(([open, inner]) => `${open}${inner})`),
  ),
})).whole;

test("any pattern finds the same on every database", async () => {
  const { find, refused } = await setup();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(patterns, fc.boolean(), async (pattern, ignoreCase) => {
      const wanted = found(pattern, ignoreCase);
      if (!wanted) {
        expect(await refused(pattern)).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
        return;
      }
      const texts = await find(ignoreCase ? "ire" : "re", pattern).catch((error: Error) => {
        expect(error.message).toMatch(/it has more than (2000 steps|12 places|256 characters)/);
      });
      if (!texts) return;
      count += 1;
      expect(texts).toEqual(wanted);
    }),
    { numRuns: sized(300, 6000) },
  );
  expect(count).toBeGreaterThan(100);
});

test.each([
  ["a{1000}".repeat(3), "2000 steps"],
  ["(?:(?:ab){100}c){10}", "2000 steps"],
  ["(?i)é{200}".repeat(11), "2000 steps"],
  ["\\pL".repeat(40), "20000 ranges"],
  ["a".repeat(2001), "2000 characters"],
  ["(?:a|\\b){7}", "12 places"],
  ["(?m)(?:a|^|$){16}", "12 places"],
  ["(?:a|o*){255}", "256 characters"],
  ["(?:|o*){260}", "256 characters"],
  ["x(?:(?:a|b?)(?:c?|d?)){70}", "256 characters"],
  ["a".repeat(10_001), "10000 characters"],
])("a pattern that would take long is refused with the number, on every database: %#", async (pattern, number) => {
  const { refused } = await setup();
  const { message, extensions } = await refused(pattern);
  expect(extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field: "message__re" }] });
  expect(message).toContain(number);
});

import { expect, test } from "vitest";
import { dedent } from "../../src/sdk/dedent.ts";

// As Python's `textwrap.dedent(text).strip()`.
test.each([
  ["", ""],
  [" \n\t\n ", ""],
  ["One line.", "One line."],
  ["  One line.  ", "One line."],
  ["\n    First.\n    Second.\n", "First.\nSecond."],
  ["\n    First.\n\n      - deeper\n    Last.\n  ", "First.\n\n  - deeper\nLast."],
  ["Title:\n  1. one\n  2. two", "Title:\n  1. one\n  2. two"],
  ["\r\n\tFirst.\r\n\tSecond.\r\n", "First.\nSecond."],
  ["\n\tA\n    B\n", "A\n    B"],
  ["\n    a\n  \n    b", "a\n\nb"],
])("%j is %j", (text, dedented) => {
  expect(dedent(text)).toBe(dedented);
  expect(dedent(dedented)).toBe(dedented);
});

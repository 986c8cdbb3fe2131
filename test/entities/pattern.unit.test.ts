import { expect, test } from "vitest";
import { translatePattern } from "../../src/entities/pattern.ts";

/* PostgreSQL takes six seconds for ten rows where a pattern such as the first has a group more than it needs, and a tenth of a second otherwise. */

test.for([
  ["((((.?)))){200}x", "(?:.?){200}x"],
  ["(((a)))+(b)*", "a+b*"],
  ["((a|b)){2}((c))", "(?:a|b){2}c"],
  ["(?:(?:ab)?c)", "(ab)?c"],
  ["(((^a)))$", "^a$"],
])("%s is spelled as %s is, without groups of no use", ([many, few]) => {
  expect(translatePattern(many!)).toBe(translatePattern(few!));
});

test("a group stands where it is needed", () => {
  expect(translatePattern("(ab)+")).toBe("(?:ab){1}(?:ab)*");
  expect(translatePattern("(?:a|b)c")).toBe("(?:a|b)c");
  expect(translatePattern("(a{2}){3}")).toBe("(?:a{2}){3}");
});

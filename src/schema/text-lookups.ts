import type { RawBuilder, SqlBool } from "kysely";
import { RE2JS } from "re2js";
import type { Database } from "../entities/database.ts";
import { refuse, valuesOf } from "./condition.ts";

/** Values of a text lookup; patterns are checked. */
export function readTexts(lookup: string, argument: string, given: unknown): string[] {
  const texts = valuesOf(given).map(String);
  return lookup.endsWith("re") ? texts.map((text) => checkPattern(argument, text)) : texts;
}

/** Text for a `like` pattern that stands for itself. */
export const escapeLike = (text: string) => text.replace(/[\\%_]/g, "\\$&");
type TextTest = (database: Database, ref: RawBuilder<unknown>, value: string) => RawBuilder<SqlBool>;

/** What a text can be asked, by lookup. */
export const TEXT_TESTS: readonly (readonly [lookup: string, words: string, test: TextTest])[] = [
  ["ic", "contains, in any case,", (database, ref, value) => database.like(ref, `%${escapeLike(value)}%`)],
  ["isw", "starts, in any case, with", (database, ref, value) => database.like(ref, `${escapeLike(value)}%`)],
  ["iew", "ends, in any case, with", (database, ref, value) => database.like(ref, `%${escapeLike(value)}`)],
  ["ie", "is, in any case,", (database, ref, value) => database.like(ref, escapeLike(value))],
  ["re", "matches the regular expression", (database, ref, value) => database.matches(ref, value, false)],
  ["ire", "matches, in any case, the regular expression", (database, ref, value) => database.matches(ref, value, true)],
];

/** Patterns that need more than linear time (back-references, look-around) are not in RE2's syntax. */
function checkPattern(argument: string, pattern: string): string {
  try {
    RE2JS.compile(pattern);
    return pattern;
  } catch (error) {
    return refuse(argument, `"${pattern}" is not a regular expression of RE2's syntax: ${(error as Error).message}.`);
  }
}

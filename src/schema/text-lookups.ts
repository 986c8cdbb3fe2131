import type { RawBuilder, SqlBool } from "kysely";
import type { Database } from "../entities/database.ts";
import { translatePattern } from "../entities/pattern.ts";
import { shown } from "../entities/shown.ts";
import { refuse, valuesOf } from "./condition.ts";

/** Most texts that one filter looks for: each is compared with each row. */
const MAX_TEXTS = 100;
/** Longest text that is looked for, in characters; SQLite compares with patterns of 50,000 bytes. */
const MAX_LENGTH = 10_000;

/** Values of a text lookup; patterns are checked. @throws {@link AppError} BAD_USER_INPUT for too many, too long ones, and what is no pattern. */
export function readTexts(lookup: string, argument: string, given: unknown): string[] {
  const texts = [...new Set(valuesOf(given).map(String))];
  if (texts.length > MAX_TEXTS) refuse(argument, `${texts.length} texts are too many: look for ${MAX_TEXTS} at a time.`);
  if (texts.some(({ length }) => length > MAX_LENGTH))
    refuse(argument, `A text of more than ${MAX_LENGTH} characters cannot be looked for.`);
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
    translatePattern(pattern);
    return pattern;
  } catch (error) {
    return refuse(
      argument,
      `${shown(pattern)} cannot be used as a regular expression, in RE2's syntax: ${(error as Error).message}.`,
    );
  }
}

import type { Reader } from "../reader.ts";
import type { RawBuilder, SqlBool } from "kysely";
import type { Place } from "../../../entities/any-case.ts";
import { translatePattern } from "../../../entities/pattern.ts";
import { shown } from "../../../entities/mapping/shown.ts";
import { anyOf, refuse, valuesOf } from "../condition.ts";

/** Most texts that one filter looks for: each is compared with each row. */
const MAX_TEXTS = 100;
/** Longest text that is looked for, in characters; SQLite compares with patterns of 50,000 bytes. */
const MAX_LENGTH = 10_000;

/**
 * Returns the values of a text lookup; patterns are checked.
 * @throws {@link AppError} BAD_USER_INPUT for too many or too long values, and for an invalid pattern.
 */
export function readTexts(lookup: string, argument: string, given: unknown): string[] {
  const texts = [...new Set(valuesOf(given).map(String))];
  if (texts.length > MAX_TEXTS) refuse(argument, `${texts.length} texts are too many: give at most ${MAX_TEXTS}.`);
  if (texts.some(({ length }) => length > MAX_LENGTH))
    refuse(argument, `A text has more than ${MAX_LENGTH} characters: give a shorter one.`);
  return lookup.endsWith("re") ? texts.map((text) => checkPattern(argument, text)) : texts;
}

type TextTest = (reader: Reader, ref: RawBuilder<unknown>, values: readonly string[]) => RawBuilder<SqlBool>;

/** Tells whether a text holds one of these at a place, in any case; none holds one of none. */
const held =
  (place: Place): TextTest =>
  (reader, ref, values) =>
    values.length === 0 ? anyOf([]) : reader.database.holdsInAnyCase(ref, values, place);
const matched =
  (ignoreCase: boolean): TextTest =>
  (reader, ref, values) =>
    anyOf(values.map((value) => reader.database.matches(ref, value, ignoreCase)));

/** Tests of a text against several values, by lookup. */
export const TEXT_TESTS: readonly (readonly [lookup: string, words: string, test: TextTest])[] = [
  ["ic", "contains, in any case,", held("anywhere")],
  ["isw", "starts, in any case, with", held("start")],
  ["iew", "ends, in any case, with", held("end")],
  ["ie", "is, in any case,", held("whole")],
  ["re", "matches, as a regular expression,", matched(false)],
  ["ire", "matches, as a regular expression in any case,", matched(true)],
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

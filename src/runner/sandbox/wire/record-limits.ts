import type { LogLevel } from "../../../entities/choices.ts";

/** Longest texts of a line, in characters; the columns' lengths where they have one. */
export const MAX_LINE = { message: 100_000, grouping: 255, log_object: 200, absolute_url: 255 };

/** Longest text of one write to the console, in characters. */
export const MAX_PRINTED = 100_000;

/** Longest message of a progress, in characters; the column's length. */
export const MAX_PROGRESS_MESSAGE = 255;

/** Longest name of a file, in characters; the column's length. */
export const MAX_FILE_NAME = 255;

/** Bytes of a file in one record of the pipe, which several must fit into. */
export const MAX_CHUNK_BYTES = 48 * 1024;

/** Longest document of an operation, in characters. */
export const MAX_DOCUMENT = 100_000;

/** Longest result, in characters of JSON. */
export const MAX_RESULT = 16_000_000;

/** Longest record in bytes: the longest result, with room for characters of three bytes. */
export const MAX_RECORD_BYTES = 3 * MAX_RESULT + 1_000_000;

/** The levels of a line. */
export const LEVELS: { readonly [level in LogLevel]: true } = {
  DEBUG: true,
  INFO: true,
  SUCCESS: true,
  WARNING: true,
  FAILURE: true,
  ERROR: true,
  CRITICAL: true,
};

/** Returns true for a name that a file can have anywhere: no path, no control characters. */
export function isFileName(name: unknown): name is string {
  if (typeof name !== "string" || name.length === 0 || name.length > MAX_FILE_NAME) return false;
  if (/[/\\]/.test(name) || [...name].some((character) => character < " " || character === "\u007f")) return false;
  return name !== "." && name !== ".." && name.isWellFormed();
}

/** JSON shorter than this is not worth remembering. */
const SHORT = 256;
/** JSON longer than this is passed on as text. */
const LONG = 64 * 1024;

/**
 * A long value that is passed on as the text that the database keeps: to parse it, and to write it again, would hold the thread and take
 * its memory twice more.
 */
export class LongJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Returns the value, for callers that do not write the text as it stands. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

// Bounds have to know how long a value will be, and to write it once more only to count would take as long as to answer.
const lengths = new WeakMap<object, number>();

/** Returns the value of a text of JSON; how long a text was that is not short is remembered. */
export function parseStoredJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (text.length > SHORT && typeof value === "object" && value !== null) lengths.set(value, text.length);
  return value;
}

/**
 * Returns the value of a text of JSON, or the text of a long one.
 * @param isJson of a database that takes any text for JSON: tells whether a long one is.
 */
export const passStoredJson = (text: string, isJson?: (text: string) => boolean): unknown =>
  text.length > LONG && (isJson?.(text) ?? true) ? new LongJson(text) : parseStoredJson(text);

/** Lists and objects in each other that an answer may have: to write far more of them ends the stack. */
const DEEPEST = 1000;

/** Tells whether a stored value is nested too deeply to be written. */
export function isTooDeep(value: unknown): boolean {
  // A short text has no room for so many.
  return jsonLength(value) > 2 * DEEPEST && isDeep(value);
}

/** The check of {@link isTooDeep}, for a value of unknown length. */
export const isDeep = (value: unknown): boolean => isDeeper(value, DEEPEST);

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || value instanceof LongJson) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeper(value[key as never], levels - 1)) return true;
  return false;
}

/** About how many characters a stored value has as JSON. */
export function jsonLength(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (value instanceof LongJson) return value.text.length;
  return typeof value === "object" && value !== null ? (lengths.get(value) ?? SHORT / 2) : 0;
}

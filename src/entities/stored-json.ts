/** JSON shorter than this is not worth remembering. */
const SHORT = 256;
/** JSON longer than this is passed on as text. */
const LONG = 64 * 1024;

/**
 * A long value that is passed on as the text that the database keeps: to parse it, and to write it again, would hold the thread and take
 * its memory twice more. The text is this server's own, and so is JSON.
 */
export class LongJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Returns the value, for whoever does not write the text as it stands. */
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

/** Returns the value of a text of JSON, or the text of a long one. */
export const passStoredJson = (text: string): unknown => (text.length > LONG ? new LongJson(text) : parseStoredJson(text));

/** About how many characters a stored value has as JSON. */
export function jsonLength(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (value instanceof LongJson) return value.text.length;
  return typeof value === "object" && value !== null ? (lengths.get(value) ?? SHORT / 2) : 0;
}

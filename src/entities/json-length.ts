/** JSON shorter than this is not worth remembering. */
const SHORT = 256;

// Bounds have to know how long a value will be, and to write it once more only to count would take as long as to answer.
const lengths = new WeakMap<object, number>();

/** The value of a text of JSON; how long a long text was is remembered. */
export function parseStoredJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (text.length > SHORT && typeof value === "object" && value !== null) lengths.set(value, text.length);
  return value;
}

/** About how many characters a stored value has as JSON. */
export function jsonLength(value: unknown): number {
  if (typeof value === "string") return value.length;
  return typeof value === "object" && value !== null ? (lengths.get(value) ?? SHORT / 2) : 0;
}

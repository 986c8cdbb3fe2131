import { fitText } from "./fit-text.ts";

/** Longest text inside a result, in characters. */
const MAX_TEXT = 10_000_000;

/** What becomes of a text. */
type Fit = (text: string) => string;

/**
 * The JSON value that a job's value stands for, as it would come back from `JSON.parse(JSON.stringify(value))`; `undefined` counts as null.
 * @param place what the value is called.
 * @param fit what becomes of its texts; they are made fit for storage when absent.
 * @throws TypeError that names the place of what JSON cannot hold, instead of losing it.
 */
export function toJson(value: unknown, place = "result", fit: Fit = (text) => fitText(text, MAX_TEXT)): unknown {
  return convert(value === undefined ? null : value, place, fit, new Set());
}

function convert(value: unknown, place: string, fit: Fit, above: Set<object>): unknown {
  switch (typeof value) {
    case "string":
      return fit(value);
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${place} is ${value}, which JSON cannot hold.`);
      // JSON has no -0.
      return value + 0;
    case "object":
      return value === null ? null : convertObject(value, place, fit, above);
    default:
      throw new TypeError(`${place} is a ${typeof value}, which JSON cannot hold.`);
  }
}

function convertObject(value: object, place: string, fit: Fit, above: Set<object>): unknown {
  if ("toJSON" in value && typeof value.toJSON === "function") return convert(value.toJSON(), place, fit, above);
  if (above.has(value)) throw new TypeError(`${place} contains itself, which JSON cannot hold.`);
  if (!Array.isArray(value) && Object.prototype.toString.call(value) !== "[object Object]") {
    throw new TypeError(`${place} is a ${value.constructor?.name ?? "object"}, which JSON cannot hold.`);
  }
  above.add(value);
  const json = Array.isArray(value)
    ? value.map((item, i) => convert(item === undefined ? null : item, `${place}[${i}]`, fit, above))
    : Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([key, item]) => [fit(key), convert(item, `${place}.${key}`, fit, above)]),
      );
  above.delete(value);
  return json;
}

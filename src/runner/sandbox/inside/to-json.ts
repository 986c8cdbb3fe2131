import { fitText } from "../redaction/fit-text.ts";

import { MAX_DEPTH } from "../wire/json-shape.ts";

/** Longest text inside a result, in characters. */
const MAX_TEXT = 10_000_000;

/** Converts a text. */
type Fit = (text: string) => string;

/**
 * Returns the JSON value of a job's value, as it would come back from `JSON.parse(JSON.stringify(value))`; `undefined` counts as null.
 * @param place name of the value in errors.
 * @param fit changes its texts; they are made fit for storage when absent.
 * @throws TypeError that names the place of a part that JSON cannot hold, instead of losing it.
 */
export function toJson(value: unknown, place = "result", fit: Fit = (text) => fitText(text, MAX_TEXT)): unknown {
  return convert(value === undefined ? null : value, [place], fit, []);
}

/** @param path the names that lead to the value, joined only for an error. */
function convert(value: unknown, path: string[], fit: Fit, above: object[]): unknown {
  switch (typeof value) {
    case "string":
      return fit(value);
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${placeOf(path)} is ${value}, which JSON cannot hold.`);
      // JSON has no -0.
      return value + 0;
    case "object":
      return value === null ? null : convertObject(value, path, fit, above);
    default:
      throw new TypeError(`${placeOf(path)} is a ${typeof value}, which JSON cannot hold.`);
  }
}

function convertObject(value: object, path: string[], fit: Fit, above: object[]): unknown {
  // The limit also ends a `toJSON` that returns itself.
  if (above.length === MAX_DEPTH)
    throw new TypeError(`${path[0]} is nested deeper than ${MAX_DEPTH} lists and objects. Leave it as a file.`);
  const within = (inner: unknown, name: string) => {
    path.push(name);
    const json = convert(inner, path, fit, above);
    path.pop();
    return json;
  };
  const seen = above.includes(value);
  above.push(value);
  try {
    if ("toJSON" in value && typeof value.toJSON === "function") return convert(value.toJSON(), path, fit, above);
    if (seen) throw new TypeError(`${placeOf(path)} contains itself, which JSON cannot hold.`);
    if (Array.isArray(value)) return Array.from(value, (item, i) => within(item === undefined ? null : item, `[${i}]`));
    if (Object.prototype.toString.call(value) !== "[object Object]")
      throw new TypeError(`${placeOf(path)} is a ${value.constructor?.name ?? "object"}, which JSON cannot hold.`);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [fit(key), within(item, `.${key}`)]),
    );
  } finally {
    above.pop();
  }
}

const placeOf = (path: readonly string[]) => path.join("");

import { LongJson } from "../../entities/stored-json.ts";
import { isSliceOver, nextSlice, type Sliced } from "./slices.ts";

/** Values that are written at once: some 0.3 ms. */
const VALUES_AT_ONCE = 2000;

/** Characters of a piece, from which on it is not made longer. */
const PIECE = 64 * 1024;

/** Writes a value as `JSON.stringify` does, in slices: pieces that make one text, of some 64 KiB each unless single texts are longer. */
export async function writeJson(value: unknown, sliced: Sliced): Promise<string[]> {
  const pieces: string[] = [];
  let piece = "";
  for (const part of partsOf(value, VALUES_AT_ONCE)) {
    piece += part;
    if (piece.length >= PIECE) {
      pieces.push(piece);
      piece = "";
    }
    if (isSliceOver(sliced)) await nextSlice(sliced);
  }
  pieces.push(piece);
  return pieces;
}

/** Yields the parts of a value's text, each of `most` values at most, and some more where a list's are counted together. */
export function* partsOf(value: unknown, most: number): Generator<string> {
  if (value instanceof LongJson) yield value.text;
  else if (countValues(value, most) <= most) yield JSON.stringify(value) ?? "null";
  else if (Array.isArray(value)) yield* partsOfList(value, most);
  else yield* partsOfObject(value as Record<string, unknown>, most);
}

function* partsOfList(list: readonly unknown[], most: number): Generator<string> {
  let isFirst = true;
  let together: unknown[] = [];
  let count = 0;
  const comma = () => {
    if (isFirst) isFirst = false;
    else return ",";
    return "";
  };
  yield "[";
  for (const item of list) {
    const values = countValues(item, most);
    if (count > 0 && count + values > most) {
      yield comma() + JSON.stringify(together).slice(1, -1);
      together = [];
      count = 0;
    }
    if (values <= most) {
      together.push(item);
      count += values;
    } else {
      yield comma();
      yield* partsOf(item, most);
    }
  }
  if (count > 0) yield comma() + JSON.stringify(together).slice(1, -1);
  yield "]";
}

function* partsOfObject(object: Readonly<Record<string, unknown>>, most: number): Generator<string> {
  let before = "{";
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(key)}:`;
    yield* partsOf(value, most);
    before = ",";
  }
  yield before === "{" ? "{}" : "}";
}

/** Returns the number of values in a value of JSON, itself included; of more than `most`, as of {@link LongJson}, only that there are more. */
export function countValues(value: unknown, most: number): number {
  if (typeof value !== "object" || value === null) return 1;
  if (value instanceof LongJson) return most + 1;
  let count = 1;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) if ((count += countValues(item, most - count)) > most) return count;
    return count;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key in object) {
    const inner = object[key];
    count += typeof inner === "object" && inner !== null ? countValues(inner, most - count) : 1;
    if (count > most) return count;
  }
  return count;
}

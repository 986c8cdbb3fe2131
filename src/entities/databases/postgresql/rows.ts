import type { FieldDef } from "pg";
import { passStoredJson } from "../../stored-json.ts";

/* Rows are made from the bytes that a server sends: those that arrive together become one text, and rows share it. */

/** A row by column. */
export type Row = Record<string, unknown>;

/** Bytes of a message's code. */
export const CODE_BYTES = 1;
/** Bytes of a message's code and its length. The length counts itself. */
export const HEADER_BYTES = 5;
/** Bytes of a row's number of fields, and of the length before each field. A negative length stands for null. */
const COUNT_BYTES = 2;
const LENGTH_BYTES = 4;
/** Code of a message that is a row. */
export const DATA_ROW = 0x44;

/** Returns whether a whole message stands at an offset. */
export const isWhole = (bytes: Buffer, at: number): boolean =>
  at + HEADER_BYTES <= bytes.length && at + CODE_BYTES + bytes.readUInt32BE(at + CODE_BYTES) <= bytes.length;

/** Returns the offset behind the whole rows that stand from an offset on. */
export function behindRows(bytes: Buffer, from: number): number {
  let at = from;
  while (isWhole(bytes, at) && bytes[at] === DATA_ROW) at += CODE_BYTES + bytes.readUInt32BE(at + CODE_BYTES);
  return at;
}

/** Ids of PostgreSQL's own types. */
const BOOLEAN = 16;
const JSONS: ReadonlySet<number> = new Set([114, 3802]);
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 700, 701]);
const TIMESTAMP = 1184;
const UUID = 2950;

/** Makes a value of the characters from one offset to another; each stands where its byte does. */
type ReadField = (text: string, from: number, to: number, bytes: Buffer) => unknown;

function readerOf(type: number): ReadField {
  if (type === BOOLEAN) return (text, from) => text[from] === "t";
  if (type === UUID) return (text, from, to) => text.slice(from, to);
  if (type === TIMESTAMP) return (text, from, to) => text.slice(from, text[from + ISO_BYTES - 1] === "Z" ? from + ISO_BYTES : to);
  if (NUMBERS.has(type)) return (text, from, to) => Number(text.slice(from, to));
  if (JSONS.has(type)) return (text, from, to, bytes) => passStoredJson(readText(text, from, to, bytes));
  return readText;
}

/** Bytes from which on Node finds out faster than code which characters they are. */
const LONG_BYTES = 4096;

const readText = (text: string, from: number, to: number, bytes: Buffer): string => {
  if (to - from > LONG_BYTES) return bytes.toString("utf8", from, to);
  for (let at = from; at < to; at++) if (bytes[at]! > 0x7f) return bytes.toString("utf8", from, to);
  return text.slice(from, to);
};

/** Bytes of `2026-11-24T08:24:11.300Z`. */
const ISO_BYTES = 24;
const [T, Z, ZERO, PLUS, POINT] = Buffer.from("TZ0+.") as unknown as [number, number, number, number, number];

/** Turns `2026-11-24 08:24:11.3+00` into ISO 8601 in its place. A time without a fraction, or without room for three digits, stays as it is. */
function writeIso(bytes: Buffer, from: number, to: number): void {
  const zone = to - 3;
  if (to - from < ISO_BYTES || bytes[from + 19] !== POINT || bytes[zone] !== PLUS) return;
  bytes[from + 10] = T;
  bytes.fill(ZERO, zone, from + ISO_BYTES - 1);
  bytes[from + ISO_BYTES - 1] = Z;
}

/** Adds the rows of the whole messages from an offset on to others. @returns the offset behind them. */
export type ReadRows = (bytes: Buffer, from: number, rows: Row[]) => number;

/** Returns a reader of rows of these fields. */
export function createRowsReader(fields: readonly FieldDef[]): ReadRows {
  const readers = fields.map(({ dataTypeID }) => readerOf(dataTypeID));
  const isTime = fields.map(({ dataTypeID }) => dataTypeID === TIMESTAMP);
  // Code that names the columns makes rows that are small, and of one shape.
  const members = fields.map(({ name }, n) => `${JSON.stringify(name)}: values[${n}]`);
  // oxlint-disable-next-line typescript/no-implied-eval -- of quoted names
  const makeRow = new Function("values", `return { ${members.join(", ")} }`) as (values: readonly unknown[]) => Row;
  const values: unknown[] = fields.map(() => null);

  return (bytes, from, rows) => {
    const bounds: number[] = [];
    let end = from;
    while (isWhole(bytes, end) && bytes[end] === DATA_ROW) {
      let at = end + HEADER_BYTES + COUNT_BYTES;
      for (let n = 0; n < fields.length; n++) {
        const length = bytes.readInt32BE(at);
        at += LENGTH_BYTES;
        bounds.push(length < 0 ? -1 : at);
        if (length > 0) at += length;
        if (isTime[n]) writeIso(bytes, at - length, at);
        bounds.push(at);
      }
      end = at;
    }
    const text = bytes.toString("latin1", 0, end);
    for (let bound = 0; bound < bounds.length;) {
      for (let n = 0; n < fields.length; n++) {
        const start = bounds[bound++]!;
        const stop = bounds[bound++]!;
        values[n] = start < 0 ? null : readers[n]!(text, start, stop, bytes);
      }
      rows.push(makeRow(values));
    }
    return end;
  };
}

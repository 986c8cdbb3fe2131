import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import type { ModelField } from "./object-model.ts";

/*
 * Objects as CSV and back, without loss. No value is an empty cell, an empty text is `""`; JSON and links are JSON text. A text that a spreadsheet
 * would take for a formula has an apostrophe before it, and so has one that begins with apostrophes before such a one: reading takes one away.
 */

/** Content of a cell. */
export type Cell = boolean | number | string | null;

const FORMULA = /^'*[=+\-@\t\r]/;
const GUARDED = /^'+[=+\-@\t\r]/;

/** Returns a value as a cell. Texts are guarded; a value that is not plain becomes JSON. */
export function cellOf(value: unknown, kind: string): Cell {
  if (value === null || value === undefined) return null;
  if (kind === "json" || typeof value === "object") return JSON.stringify(value);
  return typeof value === "string" && FORMULA.test(value) ? `'${value}` : (value as Cell);
}

/** Lines of CSV, each ended. */
export function writeCsv(rows: readonly (readonly Cell[])[]): string {
  return stringify(rows as Cell[][], { quoted_match: /^$|[\r\n]/, record_delimiter: "\r\n", cast: { boolean: String } });
}

/** A line of a CSV text by column; null for an empty cell. */
export type CsvRow = Record<string, string | null>;

/** @throws Error that says where the text is no CSV. */
export function readCsv(text: string): CsvRow[] {
  const [header = [], ...lines] = parse(text, {
    bom: true,
    record_delimiter: ["\r\n", "\n"],
    skip_empty_lines: true,
    cast: (value, { quoting }) => (value !== "" || quoting ? value : null),
  }) as (string | null)[][];
  const names = header.map((name) => name?.trim() ?? "");
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice !== undefined) throw new Error(`The column ${JSON.stringify(twice)} is there twice.`);
  return lines.map((cells) => Object.fromEntries(names.map((name, n) => [name, cells[n]!])));
}

/**
 * Returns the value of a cell; undefined for no value at all.
 * @throws Error that names the mistake. A text that only the API can judge stays a text, for the API to reject.
 */
export function valueOf(cell: string | null, field: ModelField | undefined): unknown {
  if (cell === null) return field?.nullable ? null : undefined;
  const text = GUARDED.test(cell) ? cell.slice(1) : cell;
  switch (field?.kind) {
    case "boolean":
      return /^(true|yes|1)$/i.test(text) ? true : /^(false|no|0)$/i.test(text) ? false : text;
    case "float":
    case "integer":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    case "json":
      return jsonOf(text);
    case "links":
      return text.trimStart().startsWith("[") ? jsonOf(text) : text.split(",").flatMap((name) => name.trim() || []);
    default:
      return text;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${(error as Error).message}.`, { cause: error });
  }
}

import { type GivenFile, JobFailure } from "jobgraph";
import { readCsv, valueOf } from "./csv.ts";
import type { ObjectModel } from "./object-model.ts";

/** Objects as they were given, in one of four ways. */
export interface GivenRows {
  csv_data?: string | undefined;
  csv_file?: GivenFile | undefined;
  json_data?: string | undefined;
  json_file?: GivenFile | undefined;
}

/** Rows to import, and the errors of unreadable ones. */
export interface ReadRows {
  rows: unknown[];
  errors: { row: number; field: string; message: string }[];
}

/** @throws JobFailure when there is not one text, or it has not the stated format. */
export function readRows({ csv_data, csv_file, json_data, json_file }: GivenRows, model: ObjectModel): ReadRows {
  const all = [csv_data, csv_file, json_data, json_file].filter((given) => given !== undefined);
  if (all.length !== 1) throw new JobFailure("Give the objects as one of csv_data, csv_file, json_data and json_file.");
  const csv = csv_data ?? (csv_file && textOf(csv_file));
  return csv === undefined ? { rows: readJson(json_data ?? textOf(json_file!)), errors: [] } : readCsvRows(csv, model);
}

function textOf({ name, content }: GivenFile): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (error) {
    throw new JobFailure(`The file ${JSON.stringify(name)} is not UTF-8 text.`, { cause: error });
  }
}

function readJson(text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JobFailure(`The text is no JSON: ${(error as Error).message}.`, { cause: error });
  }
  if (!Array.isArray(value)) throw new JobFailure("The JSON must be a list of objects.");
  return value as unknown[];
}

function readCsvRows(text: string, { fields }: ObjectModel): ReadRows {
  let lines: ReturnType<typeof readCsv>;
  try {
    lines = readCsv(text);
  } catch (error) {
    throw new JobFailure(`The text is no CSV: ${(error as Error).message}`, { cause: error });
  }
  const known = new Map(fields.map((field) => [field.name, field]));
  const errors: ReadRows["errors"] = [];
  const rows = lines.map((line, n) => {
    const values: [name: string, value: unknown][] = [];
    for (const [name, cell] of Object.entries(line)) {
      try {
        const value = valueOf(cell, known.get(name));
        if (value !== undefined) values.push([name, value]);
      } catch (error) {
        errors.push({ row: n + 1, field: name, message: (error as Error).message });
      }
    }
    return Object.fromEntries(values);
  });
  return { rows, errors };
}

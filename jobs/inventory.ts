import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "jobgraph";

const FILE = join(import.meta.dirname, "devices.csv");

const deviceSchema = z.object({
  name: z.string().min(1),
  site: z.string().min(1),
  role: z.string(),
  model: z.string(),
  /** As it was typed: blank when nobody looked, and not always in the same spelling. */
  serial: z.string(),
  management_ip: z.ipv4(),
});

/** A row of `devices.csv`. */
export type Device = z.infer<typeof deviceSchema>;

/**
 * The devices in `devices.csv`, in the file's order.
 * @throws Error that names the row and the column that is not as it should be.
 */
export async function readInventory(): Promise<Device[]> {
  const [header = [], ...rows] = parseCsv(await readFile(FILE, "utf8"));
  return rows.map((row, index) => {
    const fields = Object.fromEntries(header.map((column, i) => [column, row[i]]));
    const device = deviceSchema.safeParse(fields);
    if (device.success) return device.data;
    const problems = device.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`devices.csv, row ${index + 2}: ${problems.join("; ")}`);
  });
}

/** What a log line about a device links to; pass it as the line's `object`. */
export function linkTo({ name }: Device): { display: string; absoluteUrl: string } {
  return { display: name, absoluteUrl: `https://inventory.example/devices/${encodeURIComponent(name)}/` };
}

/** Rows of fields. A field in double quotes may hold commas, line breaks and, doubled, double quotes; a blank line is no row. */
export function parseCsv(text: string): string[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/y;
  const source = text.endsWith("\n") ? text : `${text}\n`;
  const rows: string[][] = [];
  let row: string[] = [];
  while (field.lastIndex < source.length) {
    const match = field.exec(source);
    if (!match) throw new Error(`Row ${rows.length + 1}, field ${row.length + 1}: a double quote is out of place.`);
    const [, quoted, plain = "", end] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    const isBlankLine = row.length === 1 && row[0] === "";
    if (!isBlankLine) rows.push(row);
    row = [];
  }
  return rows;
}

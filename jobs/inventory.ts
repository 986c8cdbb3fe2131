import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
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
  const rows = parse(await readFile(FILE, "utf8"), {
    columns: true,
    skip_empty_lines: true,
    // The schema names the column that a row lacks.
    relax_column_count: true,
  });
  return rows.map((row, index) => {
    const device = deviceSchema.safeParse(row);
    if (device.success) return device.data;
    const problems = device.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`devices.csv, row ${index + 2}: ${problems.join("; ")}`);
  });
}

/** Returns the link of a log line about a device; pass it as the line's `object`. */
export function linkTo({ name }: Device): { display: string; absoluteUrl: string } {
  return { display: name, absoluteUrl: `https://inventory.example/devices/${encodeURIComponent(name)}/` };
}

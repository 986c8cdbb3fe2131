import { randomUUID } from "node:crypto";
import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { inject } from "vitest";

/** The example jobs. */
export const JOBS_ROOT = resolve(import.meta.dirname, "../../jobs");

/** Columns of `devices.csv` that the tests look at. */
export interface Row {
  name: string;
  site: string;
  serial: string;
}

/** The shipped rows, read without the jobs' own reader: no field that is of interest here stands behind one in quotes, seen from its end. */
export async function shippedRows(): Promise<Row[]> {
  const [, ...lines] = (await readFile(join(JOBS_ROOT, "devices.csv"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => {
    const fields = line.split(",");
    return { name: fields[0]!, site: fields[1]!, serial: fields.at(-2)! };
  });
}

/** A copy of the example jobs with another inventory, given as the text of its file; returns its path. */
export async function jobsWithInventory(csv: string): Promise<string> {
  const root = join(inject("scratch"), randomUUID());
  await cp(JOBS_ROOT, root, { recursive: true });
  // Node looks for packages beside a job file, and above it.
  await symlink(resolve(JOBS_ROOT, "../node_modules"), join(root, "node_modules"));
  await writeFile(join(root, "devices.csv"), csv);
  return root;
}

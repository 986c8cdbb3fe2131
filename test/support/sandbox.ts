import { readFile } from "node:fs/promises";
import { loadConfig } from "../../src/config.ts";
import { openSandbox as openReal } from "../../src/runner/sandbox/host/cells.ts";
import type { FileDescription } from "../../src/runner/sandbox/sandbox.ts";

/** Folder of the jobs that come with the server. */
export const SYSTEM_JOBS_ROOT = loadConfig({}).systemJobsRoot!;

/** Descriptions that this worker of vitest has heard, by the text of the file; of the server's own, which no test changes, by its path. */
const heard = new Map<string, FileDescription>();

/** Words that make more of a file than its text: its further imports, and its use of the process. */
const LOOKS_AROUND = /\bimport\b[^]*\bimport\b|\bprocess\b/;

async function keyOf(file: string): Promise<string | undefined> {
  if (file.startsWith(SYSTEM_JOBS_ROOT)) return file;
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined || LOOKS_AROUND.test(text) ? undefined : text;
}

/**
 * Opens a sandbox that loads a job file of one text once. Most tests of a file have the same jobs, and to load them in a fresh thread takes longer than the
 * rest of a start; the contract of sandboxes is held by the sandbox itself.
 */
export const openSandbox: typeof openReal = (kind, options) => {
  const sandbox = openReal(kind, options);
  return {
    ...sandbox,
    async describe(files) {
      const keys = await Promise.all(files.map(keyOf));
      const isHeard = (n: number) => keys[n] !== undefined && heard.has(keys[n]);
      // Also without files: the call gives up files that were loaded before.
      const described = await sandbox.describe(files.filter((_, n) => !isHeard(n)));
      return files.map((_, n) => {
        if (isHeard(n)) return heard.get(keys[n]!)!;
        const description = described.shift()!;
        if (keys[n] !== undefined && "jobs" in description) heard.set(keys[n], description);
        return description;
      });
    },
  };
};

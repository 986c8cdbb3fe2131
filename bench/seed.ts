import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { KEY } from "./server.ts";

const SEED = fileURLToPath(new URL("../dist/cli/seed.js", import.meta.url));

/** Fills a database in a process of its own. @throws Error with the command's output when it failed. */
export async function seed(databaseUrl: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const env = { PATH: process.env["PATH"], DATABASE_URL: databaseUrl, ADMIN_TOKEN: KEY };
  await promisify(execFile)(process.execPath, [SEED, ...args], { env, signal });
}

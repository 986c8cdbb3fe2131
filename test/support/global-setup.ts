import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** `sqlite:` or the URL of a PostgreSQL database in which databases may be made. */
    databaseUrl: string;
    /** Folder that is removed when the tests are over. */
    scratch: string;
  }
}

/** A folder for what tests write: databases of SQLite, job files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(join(tmpdir(), "jobgraph-test-"));
  project.provide("scratch", scratch);
  return () => rm(scratch, { recursive: true, force: true });
}

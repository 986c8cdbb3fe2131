import { onTestFinished } from "vitest";
import { type Database, type Hold, type LineRow, openDatabase } from "../../src/entities/database.ts";
import { JobResult } from "../../src/entities/index.ts";
import { newId } from "../../src/entities/new-id.ts";
import type { TestApp } from "./app.ts";

/** The app's database, from outside; closed when the test is over. */
export async function databaseOf(app: TestApp): Promise<Database> {
  const database = await openDatabase(app.config.databaseUrl);
  onTestFinished(() => database.close());
  return database;
}

/** Stores a run that a worker has begun. @returns the right to write to it. */
export async function storeHeldRun(database: Database): Promise<Hold> {
  const workerId = newId();
  const id = await storeRun(database, { status: "STARTED", dateDone: null, workerId, attempt: 1 });
  return { job_result_id: id, worker_id: workerId, attempt: 1 };
}

/** Stores a run that has ended, with lines of these messages. @returns its id. */
export async function storeRun(
  database: Database,
  values: Omit<Partial<JobResult>, "jobModel"> & { jobModel?: JobResult["jobModel"] | string },
  lines: readonly Partial<LineRow>[] = [],
): Promise<string> {
  const em = database.fork();
  const run = em.create(JobResult, { name: "A run", status: "SUCCESS", dateDone: new Date(), ...values }, { partial: true });
  await em.flush();
  const stored = lines.map((line, n) => ({
    id: newId(),
    job_result_id: run.id,
    sequence: n + 1,
    log_level: "INFO" as const,
    grouping: "main",
    message: "",
    created: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
    log_object: "",
    absolute_url: "",
    ...line,
  }));
  if (stored.length > 0) await database.appendLines(stored);
  return run.id;
}

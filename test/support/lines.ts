import type { Database } from "../../src/entities/database.ts";
import { JobResult } from "../../src/entities/index.ts";
import { newId } from "../../src/entities/new-id.ts";

/** Stores a run with lines of these messages. @returns the run's id. */
export async function storeLines(database: Database, messages: readonly string[]): Promise<string> {
  const em = database.fork();
  const run = em.create(JobResult, { name: "run", dateCreated: new Date() } as never, { partial: true });
  await em.flush();
  const created = new Date().toISOString();
  const rows = messages.map((message, n) => ({
    id: newId(),
    job_result_id: run.id,
    sequence: n + 1,
    log_level: "INFO" as const,
    grouping: "main",
    message,
    created,
    log_object: "",
    absolute_url: "",
  }));
  for (let at = 0; at < rows.length; at += 2000) await database.appendLines(rows.slice(at, at + 2000));
  return run.id;
}

import type { TestClient } from "../support/client.ts";
import { type FinishedRun, runToEnd } from "../support/runs.ts";

/** A log line with its object. */
export interface StoredLine {
  log_level: string;
  message: string;
  grouping: string;
  log_object: string;
  absolute_url: string;
}

const STORED = `query ($id: ID!) { job_result(id: $id) { job_log_entries { log_level message grouping log_object absolute_url } } }`;

/** Runs a job to its end; its lines are told with their objects. */
export async function runExample(
  client: TestClient,
  classPath: string,
  data: object = {},
): Promise<FinishedRun & { stored: StoredLine[] }> {
  const run = await runToEnd(client, classPath, data);
  const { job_result } = await client.query(STORED, { id: run.id });
  return { ...run, stored: job_result.job_log_entries };
}

/** The stored line about a device. */
export function deviceLine(name: string, line: Pick<StoredLine, "log_level" | "message" | "grouping">): StoredLine {
  return { ...line, log_object: name, absolute_url: `https://inventory.example/devices/${name}/` };
}

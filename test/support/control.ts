import { expect } from "vitest";
import type { TestClient } from "./client.ts";
import { ENDING, expectOneFailure } from "./failures.ts";

/** Fields of a run for tests of cancel, gate and retry. */
export const RUN_FIELDS = `id ${ENDING} attempt date_done date_next_attempt waits_for_slot cancel_type cancel_reason
  canceled_by_user_name date_canceled canceled_by { username } rerun_of { id } celery_kwargs warning_log_count
  job_log_entries { sequence log_level grouping message }`;

/** Asks for a run of a job; `args` is the rest of the arguments of `run_job`. @returns its id. */
export async function start(client: TestClient, classPath: string, args = ""): Promise<string> {
  const { run_job } = await client.query(`mutation { run_job(class_path: "${classPath}"${args && `, ${args}`}) { id } }`);
  return run_job.id;
}

/** Starts a run, and waits for its first line. */
export async function startAndHear(client: TestClient, classPath: string, args = ""): Promise<string> {
  const id = await start(client, classPath, args);
  await client.followLog(id, { limit: 1 });
  return id;
}

export async function read(client: TestClient, id: string) {
  const { job_result } = await client.query(`query ($id: ID!) { job_result(id: $id) { ${RUN_FIELDS} } }`, { id });
  expectOneFailure(job_result);
  return job_result;
}

/** A run that has ended. */
export async function finished(client: TestClient, id: string) {
  await client.followLog(id);
  return read(client, id);
}

/** Waits until a run has a status on its way. */
export async function reaches(client: TestClient, id: string, status: string) {
  await expect.poll(async () => (await read(client, id)).status).toBe(status);
  return read(client, id);
}

/** Cancels a run. @returns it as the answer has it. */
export async function cancel(client: TestClient, id: string, reason?: string) {
  const { cancel_job_result } = await client.query(
    `mutation ($id: ID!, $reason: String) { cancel_job_result(id: $id, reason: $reason) { ${RUN_FIELDS} } }`,
    { id, reason },
  );
  return cancel_job_result;
}

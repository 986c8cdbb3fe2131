import type { Line, TestClient } from "./client.ts";
import { ENDING, expectOneFailure } from "./failures.ts";

/** A run that has ended, with its log. */
export interface FinishedRun {
  id: string;
  status: string;
  result: any;
  traceback: string | null;
  error: { type: string; message: string; traceback: string | null } | null;
  lines: Line[];
}

/** Runs a job and follows it to its end. */
export async function runToEnd(client: TestClient, classPath: string, data: object = {}, dryrun?: boolean): Promise<FinishedRun> {
  const { run_job } = await client.query(
    `mutation ($job: String!, $data: GenericScalar, $dryrun: Boolean) { run_job(class_path: $job, data: $data, dryrun: $dryrun) { id } }`,
    { job: classPath, data, dryrun },
  );
  const lines = await client.followLog(run_job.id);
  const { job_result } = await client.query(`query ($id: ID!) { job_result(id: $id) { id ${ENDING} } }`, {
    id: run_job.id,
  });
  expectOneFailure(job_result);
  return { ...job_result, lines };
}

import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "./client.ts";

/** Times of a run's creation, start and end, in milliseconds since the epoch. */
export interface FinishedRun {
  id: string;
  created: number;
  started: number;
  done: number;
}

/** Milliseconds between two looks whether a run has ended. */
const POLL_MS = 20;

/** Asks for a run of a job of `bench/jobs`. @returns its id. */
export async function launch(
  client: Client,
  job: "Lines" | "Noop" | "PacedLines" | "SharedNoop",
  data: object = {},
): Promise<string> {
  const { run_job } = await client.query<{ run_job: { id: string } }>(
    `mutation ($job: String!, $data: GenericScalar) { run_job(class_path: $job, data: $data) { id } }`,
    { job: `bench_jobs.${job}`, data },
  );
  return run_job.id;
}

/** Polls until a run has ended. @throws Error when it did not succeed. */
export async function finished(client: Client, id: string): Promise<FinishedRun> {
  for (;;) {
    const { job_result: run } = await client.query<{
      job_result: Record<"status" | "date_created" | "date_started" | "date_done", string>;
    }>(`query ($id: ID!) { job_result(id: $id) { status date_created date_started date_done } }`, { id });
    if (run.status === "SUCCESS") {
      return {
        id,
        created: Date.parse(run.date_created),
        started: Date.parse(run.date_started),
        done: Date.parse(run.date_done),
      };
    }
    if (run.status !== "PENDING" && run.status !== "STARTED")
      throw new Error(`A bench run ended with ${run.status}: job result ${id}.`);
    await delay(POLL_MS);
  }
}

import type { FollowLogSubscription, RunJobMutation, RunJobMutationVariables, RunStateQuery } from "./generated.ts";

/** Reference to a job; a text is its class path. */
export type JobReference = string | { id: string } | { name: string } | { class_path: string };

/** Further arguments of `run_job`, by their names. Without an `idempotency_key` each call gets a new one. */
export type RunOptions = Omit<RunJobMutationVariables, "id" | "class_path" | "name" | "data">;

/** A run that was just made. */
export type StartedRun = RunJobMutation["run_job"];

/** A line of a run's log. */
export type LogLine = FollowLogSubscription["job_log_entries"][number];

type RunState = NonNullable<RunStateQuery["job_result"]>;

/** Reason for which a run failed, or was canceled. */
export type RunError = NonNullable<RunState["error"]>;

/** A run that has ended, and stays as it is. */
export type FinishedRun<Result = unknown> = Omit<RunState, "status" | "result" | "error"> &
  (
    | { status: "SUCCESS"; /** The value that the job returned. */ result: Result; error: null }
    | { status: "FAILURE" | "REVOKED"; /** The error as Nautobot has it. */ result: unknown; error: RunError }
  );

/** True when the run has ended. */
export function isFinished(run: RunState): run is RunState & FinishedRun {
  return run.status === "SUCCESS" || run.status === "FAILURE" || run.status === "REVOKED";
}

/** A key that nobody else has. A page without TLS has no `crypto.randomUUID`. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The job, as arguments of `run_job`. */
export function referenceTo(job: JobReference): Pick<RunJobMutationVariables, "id" | "class_path" | "name"> {
  return typeof job === "string" ? { class_path: job } : job;
}

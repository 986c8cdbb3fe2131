import { mayOn, type Rights } from "../../access/rights.ts";
import { JobResult } from "../../entities/index.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { AppError, fieldError } from "../../errors.ts";
import { findRequested } from "./admit.ts";
import { enqueue, type EnqueueDeps } from "./enqueue.ts";
import type { SensitiveKwargs } from "../secrets/sensitive-inputs.ts";

/** A run that is to be repeated. */
export interface RerunRequest {
  jobResultId: string;
  /** Inputs that are to be others; the rest is taken over. */
  data: Record<string, unknown> | undefined;
  userId: string;
  /** Rights of the user: a run that the user may not view is not repeated. */
  rights: Rights;
}

interface RunKwargs extends SensitiveKwargs {
  queue?: string;
  dryrun?: boolean;
  console_log?: boolean;
}

/**
 * Runs a job again with the inputs and options of an earlier run, through the gate that every launch passes. It waits in the same queue, unless the job may no
 * longer use that.
 * @returns the id of the new JobResult, which refers to the earlier one.
 * @throws {@link AppError} NOT_FOUND, BAD_USER_INPUT, and errors of {@link enqueue}.
 */
export async function rerun(deps: EnqueueDeps, { jobResultId, data, userId, rights }: RerunRequest): Promise<string> {
  const where = { id: uuidOf(jobResultId) ?? [] };
  const run =
    (await mayOn(deps.database, rights, "view", JobResult, jobResultId)) &&
    (await deps.database.fork().findOne(JobResult, where, { populate: ["jobModel.jobQueues"] }));
  if (!run) throw new AppError("NOT_FOUND", `There is no run with id "${jobResultId}".`);
  const job = run.jobModel;
  if (!job) throw new AppError("NOT_FOUND", `The job of the run ${jobResultId} is deleted.`);
  const via = job.isJobHookReceiver ? "hook" : job.isJobButtonReceiver ? "button" : undefined;
  if (via && data) {
    const message = `A run of a job ${via} is repeated with its own inputs: remove data.`;
    throw fieldError("BAD_USER_INPUT", "data", message);
  }
  const { queue, dryrun, console_log, sensitive_variables = [] } = (run.celeryKwargs ?? {}) as RunKwargs;
  const missing = sensitive_variables.filter((name) => !(data && name in data));
  if (missing.length > 0) {
    const message = "This input is sensitive, and not kept: give it again.";
    const details = missing.map((name) => ({ field: `data.${name}`, message }));
    throw new AppError(
      "BAD_USER_INPUT",
      `The run ${jobResultId} had sensitive inputs: give ${missing.join(", ")} again.`,
      details,
    );
  }
  const request = await findRequested(deps, {
    job: { id: job.id },
    data: { ...run.taskKwargs, ...data },
    dryRun: dryrun,
    consoleLog: console_log,
    jobQueue: job.jobQueues.getItems().some(({ name }) => name === queue) ? queue : undefined,
    rerunOf: run.id,
    userId,
    via,
  });
  return enqueue(deps, request);
}

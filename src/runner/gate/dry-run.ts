import type { EnqueueDeps, RunRequest } from "./enqueue.ts";
import { findJob } from "../catalog/find-job.ts";

/**
 * Returns a request whose `dryrun` among the inputs asks for a dry run, as Nautobot's clients have it: of a job that supports one, has no variable of
 * that name, and is not asked otherwise.
 * @throws {@link AppError} NOT_FOUND, BAD_USER_INPUT.
 */
export async function withDryRun({ database }: Pick<EnqueueDeps, "database">, request: RunRequest): Promise<RunRequest> {
  const { dryrun, ...data } = request.data;
  if (typeof dryrun !== "boolean" || request.dryRun !== undefined) return request;
  const { job } = await findJob(database, request.job);
  const variables = (job.variablesSchema as { properties?: object }).properties ?? {};
  return job.supportsDryrun && !Object.hasOwn(variables, "dryrun") ? { ...request, data, dryRun: dryrun } : request;
}

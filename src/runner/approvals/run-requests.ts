import { sql } from "kysely";
import { ALL_RIGHTS } from "../../access/rights.ts";
import { type Author, createObject, transact } from "../../changes/index.ts";
import { ScheduledJob } from "../../entities/index.ts";
import { newId } from "../../entities/new-id.ts";
import { fieldError } from "../../errors.ts";
import { requestApproval } from "./approvals.ts";
import { findRequested, type FoundRequest, type RunRequest, withDryRun } from "../gate/admit.ts";
import { enqueue, type KeyColumns } from "../gate/enqueue.ts";
import { classPathOf } from "../catalog/find-job.ts";
import type { FireDeps } from "../gate/fire-deps.ts";
import { newRun, storeRuns } from "../runs/new-run.ts";
import { kwargsOf, type ScheduleKwargs } from "../gate/schedule-kwargs.ts";
import { partInputs } from "../secrets/sensitive-inputs.ts";
import { sourceVersion } from "../gate/source-version.ts";

/*
 * A run that needs an approval is recorded at its request, so that its requester can follow it from then on; `awaits_approval` of its row keeps workers from
 * it. It belongs to a schedule that is PENDING, and takes the place of the first run of that.
 */

/**
 * Launches a run, or requests its approval where it needs one.
 * @returns the id of the JobResult.
 * @throws errors of {@link enqueue}; BAD_USER_INPUT for a job with `has_sensitive_variables`: an approver could see none of its inputs.
 */
export async function runOrRequest(deps: FireDeps, author: Author, given: RunRequest): Promise<string> {
  const request = withDryRun(await findRequested(deps, given));
  return enqueue(deps, request, (launch, key) => requestRun(deps, author, launch, key));
}

async function requestRun(deps: FireDeps, author: Author, launch: FoundRequest, key: KeyColumns): Promise<string> {
  const { job, data } = launch;
  if (job.hasSensitiveVariables) {
    const message =
      "All inputs of the job are sensitive, so that nobody could see what is to be approved: it cannot be asked for.";
    throw fieldError("BAD_USER_INPUT", "data", message);
  }
  const { sensitive, rest } = partInputs(job, data);
  const sensitiveVariables = Object.keys(sensitive);
  const task = classPathOf(job);
  const version = await sourceVersion(deps.catalog, task);
  const id = newId();
  const now = new Date(deps.clock.now());
  // Who may run the job may also ask for it: the schedule is a part of the run.
  const { changes } = await transact(deps.database, { ...author, rights: ALL_RIGHTS }, async (unit) => {
    const schedule = await createObject(unit, ScheduledJob, {
      name: `${job.name} ${id}`,
      task,
      jobModel: job.id,
      interval: "IMMEDIATELY",
      oneOff: true,
      startTime: now,
      jobQueue: launch.jobQueue === undefined ? null : launch.queue,
      kwargs: rest,
      // They wait with the run, sealed: an approver sees that they are there.
      celeryKwargs: {
        ...kwargsOf(launch),
        ...(sensitiveVariables.length > 0 && { sensitive_variables: sensitiveVariables }),
      } satisfies ScheduleKwargs,
      user: launch.userId,
    });
    await requestApproval(unit, schedule, version, now);
    await unit.em.flush();
    const columns = { id, status: "PENDING", awaits_approval: sql.lit(true), ...key } as const;
    await storeRuns(unit.em, [await newRun(deps, unit.em, { ...launch, scheduledJobId: schedule.id }, columns)]);
  });
  deps.broker.notify(`result:${id}`);
  await deps.changed(changes);
  return id;
}

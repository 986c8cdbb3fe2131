import { sql } from "kysely";
import { type Author, createObject, transact } from "../changes/index.ts";
import { ScheduledJob } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import { AppError } from "../errors.ts";
import { asked } from "./approvals.ts";
import { enqueue, keyedRequest, type RunRequest } from "./enqueue.ts";
import { classPathOf, findJob } from "./find-job.ts";
import type { FireDeps } from "./fire.ts";
import { findKeyed, freeKey } from "./idempotency.ts";
import { needsApproval, newRun, storeRuns } from "./new-run.ts";
import { kwargsOf, reviewScheduled } from "./schedule-request.ts";
import { sourceVersion } from "./source-version.ts";

/*
 * A run that needs an approval is recorded when it is asked for, so that whoever asks can follow it from then on; `awaits_approval` of its row
 * keeps workers from it. It belongs to a schedule that is PENDING, and takes the place of the first run of that.
 */

/**
 * Launches a run, or asks for its approval where it needs one.
 * @returns the id of the JobResult.
 * @throws what {@link enqueue} throws; BAD_USER_INPUT for a job with sensitive variables: they are not kept until somebody has decided.
 */
export async function runOrAsk(deps: FireDeps, author: Author, request: RunRequest): Promise<string> {
  const { job } = await findJob(deps.database, request.job);
  return needsApproval(job, request.dryRun) ? ask(deps, author, request) : enqueue(deps, request);
}

async function ask(deps: FireDeps, author: Author, request: RunRequest): Promise<string> {
  const { database, clock, broker } = deps;
  const keyed = await keyedRequest(deps, request);
  const known = keyed && (await findKeyed(database, keyed));
  if (known !== undefined) return known;
  const { admitted, data } = await reviewScheduled(deps, request).catch(asBadInput);
  const { job } = admitted;
  const task = classPathOf(job);
  const version = await sourceVersion(deps.catalog, task);
  if (keyed) await freeKey(database, keyed);
  const key = keyed && { idempotency_key: keyed.key, idempotency_hash: keyed.hash };
  const id = newId();
  const schedule = {
    name: `${job.name} ${id}`,
    task,
    jobModel: job.id,
    interval: "IMMEDIATELY",
    oneOff: true,
    startTime: new Date(clock.now()),
    jobQueue: request.jobQueue === undefined ? null : admitted.queue,
    kwargs: data,
    celeryKwargs: kwargsOf(request),
    user: request.userId,
    ...asked(version),
  };
  try {
    const { changes } = await transact(database, author, async (unit) => {
      const made = await createObject(unit, ScheduledJob, schedule);
      await unit.em.flush();
      const columns = { id, status: "PENDING", awaits_approval: sql.lit(true), ...key };
      const wishes = { ...request, data, scheduledJobId: made.id };
      await storeRuns(unit.em, [await newRun(deps, unit.em, admitted, wishes, columns)]);
    });
    broker.notify(`result:${id}`);
    await deps.changed(changes);
    return id;
  } catch (error) {
    // The same request, a moment earlier, may be what stands in the way.
    const first = keyed && (await findKeyed(database, keyed));
    if (first === undefined) throw error;
    return first;
  }
}

function asBadInput(error: unknown): never {
  if (!(error instanceof AppError) || error.code !== "INVALID_SCHEDULE") throw error;
  const message =
    "It has sensitive variables, which are not kept until somebody has approved it: such a job cannot be asked for.";
  throw new AppError("BAD_USER_INPUT", `${error.message} ${message}`, [{ field: "data", message }]);
}

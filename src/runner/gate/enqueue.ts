import type { SqlEntityManager } from "@mikro-orm/sql";
import { ALL_RIGHTS } from "../../access/rights.ts";
import { Job, User } from "../../entities/index.ts";
import { AppError } from "../../errors.ts";
import { admit, type AdmitDeps, type FoundRequest, mustBeApproved } from "./admit.ts";
import { cancel, type CancelDeps } from "../runs/cancel.ts";
import { canonical, checkKey, findKeyed, freeKey, type KeyedRequest } from "./idempotency.ts";
import { newRun, type NewRun, storeRuns } from "../runs/new-run.ts";
import type { TimeLimits } from "../sandbox/sandbox.ts";
import { findOldest, hasLimit } from "../runs/slots.ts";
import type { Vault } from "../secrets/vault.ts";

/** Dependencies of {@link enqueue}. */
export interface EnqueueDeps extends AdmitDeps, CancelDeps {
  /** Limits of jobs that name none. */
  timeLimits: TimeLimits;
  /** Milliseconds that an idempotency key stands for its run. */
  idempotencyTtlMs: number;
  vault: Vault;
}

/** Columns by which a run is found again under its idempotency key; undefined for a run without one. */
export type KeyColumns = Readonly<Record<"idempotency_hash" | "idempotency_key", string>> | undefined;

/** Turns a run that needs an approval into a request. @returns the id of the JobResult. */
export type RequestApproval = (launch: FoundRequest, key: KeyColumns) => Promise<string>;

/**
 * The only gate, which every launch passes: checks the request, writes a PENDING run, and sends it off. The row is the promise: a lost delivery is made again
 * from it.
 * @param requestApproval takes a request that needs an approval; without it, such a request is rejected.
 * @returns the id of the JobResult.
 * @throws {@link AppError} errors of {@link admit}, JOB_ALREADY_RUNNING, FORBIDDEN, BAD_USER_INPUT, or CONFLICT for an idempotency key that stands for another
 * request.
 */
export async function enqueue(deps: EnqueueDeps, request: FoundRequest, requestApproval?: RequestApproval): Promise<string> {
  const { database } = deps;
  const keyed = keyedRequest(deps, request);
  const known = keyed && (await findKeyed(database, keyed));
  if (known !== undefined) return known;
  try {
    const { launch, needsApproval } = await admit(deps, request);
    if (needsApproval && !requestApproval) throw mustBeApproved(launch.job);
    if (keyed) await freeKey(database, keyed);
    const key = keyed && { idempotency_key: keyed.key, idempotency_hash: keyed.hash };
    if (needsApproval) return await requestApproval!(launch, key);
    const store = async (em: SqlEntityManager) => {
      const made = await newRun(deps, em, launch, key);
      await storeRuns(em, [made]);
      return made;
    };
    const isLimited = hasLimit(launch.job, launch.ignoreSingletonLock);
    const run = await (isLimited ? database.transaction(store) : store(database.fork()));
    await send(deps, run);
    return run.row.id;
  } catch (error) {
    // The same request, a moment earlier, may be the obstacle.
    const first = keyed && (await findKeyed(database, keyed));
    if (first === undefined) throw error;
    return first;
  }
}

/** Returns a request's key and fingerprint; undefined without a key. */
function keyedRequest({ clock, idempotencyTtlMs, vault }: EnqueueDeps, request: FoundRequest): KeyedRequest | undefined {
  const { idempotencyKey: key, userId, job, data, dryRun, consoleLog, jobQueue, ignoreSingletonLock = false } = request;
  if (key === undefined || userId === null) return undefined;
  checkKey(key);
  const hash = vault.digest(canonical({ job: job.id, data, dryRun, consoleLog, jobQueue, ignoreSingletonLock }));
  return { key, userId, hash, since: new Date(clock.now() - idempotencyTtlMs) };
}

/**
 * Sends a run to the workers of its queue, once its row is stored for them to find. A run that waits for others is sent when they have ended. A rejected run
 * is only announced.
 */
export async function send(deps: CancelDeps, run: NewRun): Promise<void> {
  deps.broker.notify(`result:${run.row.id}`);
  if (run.row.status !== "PENDING") return;
  if (run.waits) await replaceOldest(deps, run);
  else await deps.broker.enqueue({ id: run.row.id, queue: run.queue });
}

/** Cancels the oldest runs of a job with `REPLACE`, so that as many remain as may be under way. */
async function replaceOldest(deps: CancelDeps, { row }: NewRun): Promise<void> {
  const em = deps.database.fork();
  const job = await em.findOne(Job, { id: row.job_model_id! });
  if (job?.onLimit !== "REPLACE") return;
  const user = row.user_id === null ? null : await em.findOne(User, { id: row.user_id });
  // The job says that the oldest run goes, and the user may run the job.
  const by = { userId: user?.id ?? null, username: user?.username ?? "", rights: ALL_RIGHTS };
  for (const id of await findOldest(deps.database, job.id, job.maxConcurrent!)) {
    await cancel(deps, { id, by, reason: `replaced by the run ${row.id}` }).catch((error: unknown) => {
      // A run that has ended by itself meanwhile has made room as well.
      if (!(error instanceof AppError)) throw error;
    });
  }
}

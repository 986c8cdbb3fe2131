import { setImmediate } from "node:timers/promises";
import type { SqlEntityManager } from "@mikro-orm/sql";
import type { Logger } from "pino";
import { type Database, statementsOf } from "../../entities/database.ts";
import { type Job, JobHook } from "../../entities/index.ts";
import { DEFAULT_QUEUE } from "../../entities/models/job-queue.ts";
import { AppError } from "../../errors.ts";
import { admit, findRequested, mustBeApproved } from "../gate/admit.ts";
import { type EnqueueDeps, send } from "../gate/enqueue.ts";
import { asRefusal, type Launch, newRun, type NewRun, refused, type RunWishes, storeRuns } from "../runs/new-run.ts";
import { hasLimit } from "../runs/slots.ts";
import { keepApart, throwPassing } from "../messaging/apart.ts";
import { createWaker, type Waker } from "../messaging/waker.ts";

/** Runs that are recorded in one transaction. */
const BATCH = 50;
/** Deliveries that another server was to carry out, and did not, are found after this long. */
const SAFETY_MS = 15_000;

/**
 * Launches the jobs of hooks that changes have set off. A hook whose change is committed stays in `job_hook_delivery` until its run is, in one
 * transaction: none is lost, and none is run twice.
 */
export function createHooks(deps: EnqueueDeps & { log: Logger }): Waker {
  const { database, clock, log } = deps;
  const apart = keepApart(log, "job_hook", "a job hook could not be launched");
  return createWaker({
    clock,
    async work(isClosed) {
      // Hooks that cannot be launched now.
      const passed = new Map<string, unknown>();
      for (;;) {
        const deliveries = isClosed() ? [] : await waiting(database, [...passed.keys()]);
        if (deliveries.length === 0) {
          throwPassing(passed.values());
          return clock.now() + SAFETY_MS;
        }
        const { hookId } = deliveries[0]!;
        let runs: NewRun[] = [];
        const error = await apart(hookId, async () => void (runs = await launch(deps, deliveries)));
        if (runs.length === 0) passed.set(hookId, error);
        for (const run of runs) await send(deps, run);
        // SQLite answers at once: without a pause nobody else would have a turn until the last hook is launched.
        await setImmediate();
      }
    },
    log,
    failure: "job hooks could not be launched",
  });
}

interface Waiting {
  /** Id of the delivery. */
  id: string;
  hookId: string;
  changeId: string;
  userId: string | null;
}

/** The oldest deliveries of the hook whose turn it is, without hooks that had theirs. */
function waiting(database: Database, passed: readonly string[]): Promise<Waiting[]> {
  let turn = database.rows.selectFrom("job_hook_delivery").select("job_hook_id").orderBy("id").limit(1);
  if (passed.length > 0) turn = turn.where("job_hook_id", "not in", passed);
  return database.rows
    .selectFrom("job_hook_delivery as delivery")
    .leftJoin("object_change as change", "change.id", "delivery.object_change_id")
    .select([
      "delivery.id as id",
      "delivery.job_hook_id as hookId",
      "delivery.object_change_id as changeId",
      "change.user_id as userId",
    ])
    .where("delivery.job_hook_id", "=", turn)
    .orderBy("delivery.id")
    .limit(BATCH)
    .execute();
}

async function launch(deps: EnqueueDeps & { log: Logger }, deliveries: readonly Waiting[]): Promise<NewRun[]> {
  const { database } = deps;
  const hook = await database.fork().findOne(JobHook, { id: deliveries[0]!.hookId }, { populate: ["job.defaultJobQueue"] });
  // Deleted meanwhile, and its deliveries with it.
  if (!hook) return [];
  const asked = deliveries.map(({ id, changeId, userId }) => ({ id, wishes: wishesOf(changeId, userId) }));
  // Each user runs the job with rights of their own; the runs of one user differ in the change alone.
  const byUser = new Map<string | null, AppError | Place>();
  for (const { wishes } of asked)
    if (!byUser.has(wishes.userId)) byUser.set(wishes.userId, await admitHook(deps, hook, wishes).catch(asRefusal));
  return database.transaction(async (em) => {
    const runs: NewRun[] = [];
    const unstored: NewRun[] = [];
    const claimed = await claim(em, deliveries);
    const meta = JSON.stringify({ job_hook: hook.name });
    for (const { wishes } of asked.filter(({ id }) => claimed.has(id))) {
      const fail = (refusal: AppError) =>
        newRun(deps, em, { ...wishes, ...unadmitted(hook.job) }, { ...refused(refusal, deps.clock), meta });
      const admitted = byUser.get(wishes.userId)!;
      const run =
        admitted instanceof AppError
          ? await fail(admitted)
          : await newRun(deps, em, { ...wishes, ...admitted }, { meta }).catch((error: unknown) => fail(asRefusal(error)));
      runs.push(run);
      unstored.push(run);
      // The next one is let in only if those before count.
      if (hasLimit(hook.job)) await storeRuns(em, unstored.splice(0));
    }
    await storeRuns(em, unstored);
    return runs;
  });
}

/** Job and queue of a run. */
type Place = Pick<Launch, "job" | "queue">;

/** Asks the gate for the runs of a hook as a user, of which each is like the first. */
async function admitHook(deps: EnqueueDeps, { job: { id } }: JobHook, wishes: RunWishes): Promise<Place> {
  const admission = await admit(deps, await findRequested(deps, { ...wishes, job: { id } }));
  const { job, queue } = admission.launch;
  if (admission.needsApproval) throw mustBeApproved(job);
  return { job, queue };
}

/** Takes deliveries off the list, unless another process was faster. */
async function claim(em: SqlEntityManager, deliveries: readonly Waiting[]): Promise<ReadonlySet<string>> {
  const rows = await statementsOf(em)
    .deleteFrom("job_hook_delivery")
    .where(
      "id",
      "in",
      deliveries.map(({ id }) => id),
    )
    .returning("id")
    .execute();
  return new Set(rows.map(({ id }) => id as string));
}

function wishesOf(changeId: string, userId: string | null): RunWishes {
  return { data: { object_change: changeId }, userId, via: "hook" };
}

/** For a run that is only recorded. */
const unadmitted = (job: Job): Place => ({ job, queue: job.defaultJobQueue?.name ?? DEFAULT_QUEUE });

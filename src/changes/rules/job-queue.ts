import { statementsOf } from "../../entities/database.ts";
import { Job, JobResult, JobQueue, ScheduledJob } from "../../entities/index.ts";
import { DEFAULT_QUEUE } from "../../entities/models/job-queue.ts";
import { wrongQueueName } from "../../entities/queue-names.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { tagsMayBeOn } from "./tag.ts";

/** Rules of JobQueue. Runs name the queue they wait in: it must not go, nor change its name, under them. */
export const jobQueueRules = {
  async check(queue: JobQueue, unit: Unit): Promise<ErrorDetail[]> {
    const details: ErrorDetail[] = [];
    const wrong = wrongQueueName(queue.name);
    if (wrong !== undefined) details.push({ field: "data.name", message: wrong });
    const before = await nameOf(unit, queue);
    if (before !== undefined && before !== queue.name) {
      if (before === DEFAULT_QUEUE)
        details.push({
          field: "data.name",
          message: `The queue "${DEFAULT_QUEUE}" takes every job that names no other: it keeps its name.`,
        });
      details.push(...(await waitingIn(unit, before, "data.name")));
    }
    return [...details, ...(await tagsMayBeOn(queue, "extras.jobqueue"))];
  },

  async mayDelete(queue: JobQueue, unit: Unit): Promise<ErrorDetail[]> {
    if (queue.name === DEFAULT_QUEUE)
      return [{ field: "id", message: `The queue "${DEFAULT_QUEUE}" takes every job that names no other: it has to stay.` }];
    const jobs = await unit.em.find(Job, { defaultJobQueue: queue }, { orderBy: { name: "asc" } });
    // They stay, for the default queue of their job, and that is a change of theirs.
    for (const schedule of await unit.hold(ScheduledJob, { jobQueue: queue }))
      unit.because(schedule, `the queue "${queue.name}" was deleted`);
    const defaults = jobs.map(({ name }) => ({ field: "id", message: `The queue is the default of the job "${name}".` }));
    return [...defaults, ...(await waitingIn(unit, queue.name, "id"))];
  },
};

/** The name that is stored: another one may be assigned already. */
async function nameOf({ em }: Unit, { id }: JobQueue): Promise<string | undefined> {
  const rows = statementsOf(em);
  return (await rows.selectFrom("job_queue").select("name").where("id", "=", id).executeTakeFirst())?.name;
}

async function waitingIn({ em }: Unit, queue: string, field: string): Promise<ErrorDetail[]> {
  const runs: Pick<JobResult, "celeryKwargs">[] = await em.find(
    JobResult,
    { status: "PENDING" },
    { fields: ["celeryKwargs"] as never },
  );
  const waiting = runs.filter(({ celeryKwargs }) => celeryKwargs?.["queue"] === queue).length;
  return waiting > 0
    ? [{ field, message: `${waiting} ${waiting === 1 ? "run waits" : "runs wait"} in the queue "${queue}".` }]
    : [];
}

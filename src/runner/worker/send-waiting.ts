import type { Database } from "../../entities/database.ts";
import type { Broker } from "../messaging/broker.ts";
import { MAY_BE_CLAIMED } from "../runs/claim.ts";
import { queueOf } from "../runs/run-options.ts";

/**
 * Sends off the runs that wait for a worker, oldest first; those that are in flight already are not sent twice. A release of a slot and an approval send the
 * runs that wait for them.
 * @param lately times of requests whose delivery may be about to come: their runs are left out. Without it, none are.
 */
export async function sendWaiting(
  { database, broker }: { database: Database; broker: Broker },
  lately: { from: Date; to: Date } | undefined = undefined,
): Promise<void> {
  let waiting = database.rows.selectFrom("job_result").select(["id", "celery_kwargs"]).where(MAY_BE_CLAIMED);
  // A run with a later time was requested before the clock was set back.
  if (lately) {
    const { from, to } = lately;
    waiting = waiting
      .where((eb) => eb.or([eb("date_created", "<", from.toISOString()), eb("date_created", ">", to.toISOString())]))
      .limit(MOST);
  }
  for (const { id, celery_kwargs } of await waiting.orderBy("date_created").orderBy("id").execute())
    await broker.enqueue({ id, queue: queueOf(database, celery_kwargs) });
}

/** Runs that are looked after at a time; more of them wait for those before. */
const MOST = 500;

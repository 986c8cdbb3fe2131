import type { Logger } from "pino";
import type { Database } from "../entities/database.ts";
import { isoTime } from "../entities/timestamp.ts";
import type { Broker } from "./broker.ts";
import type { Clock } from "./clock.ts";
import { releaseAllWaiting } from "./slots.ts";

/** Sends off runs whose next attempt is due. */
export interface Retries {
  /** Looks for what is due, now if nobody does yet, and waits for what is due next. */
  wake(): void;
  /** Waits for what is under way; what is due later is sent off after the next start. */
  close(): Promise<void>;
}

/** What should have been sent off by somebody who failed to is found after this long. */
const SAFETY_MS = 60_000;

/** A run between two attempts is a row with a time; this only watches the clock. */
export function createRetries(deps: { database: Database; broker: Broker; clock: Clock; log: Logger }): Retries {
  const { database, broker, clock, log } = deps;
  let working: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let forget: (() => void) | undefined;

  async function sendDue(): Promise<void> {
    const due = await database.rows
      .updateTable("job_result")
      .set({ status: "PENDING", date_next_attempt: null })
      .where("status", "=", "RETRY")
      .where("date_next_attempt", "<=", new Date(clock.now()).toISOString())
      .returning(["id", "celery_kwargs"])
      .execute();
    for (const { id, celery_kwargs } of due) {
      broker.notify(`result:${id}`);
      const { queue } = database.readJson(celery_kwargs) as { queue: string };
      await broker.enqueue({ id: id as string, queue });
    }
    await releaseAllWaiting(deps);
  }

  async function nextTime(): Promise<number> {
    const row = await database.rows
      .selectFrom("job_result")
      .select((eb) => eb.fn.min("date_next_attempt").as("next"))
      .where("status", "=", "RETRY")
      .executeTakeFirst();
    const latest = clock.now() + SAFETY_MS;
    return row?.next ? Math.min(latest, Date.parse(isoTime(row.next as Date | string))) : latest;
  }

  async function work(): Promise<void> {
    do {
      again = false;
      await sendDue();
      const time = await nextTime();
      forget?.();
      if (!closed) forget = clock.wakeAt(time, () => retries.wake());
    } while (again && !closed);
  }

  const retries: Retries = {
    wake() {
      again = true;
      if (closed) return;
      working ??= work()
        .catch((error: unknown) => {
          log.error({ err: error }, "runs that are due could not be sent off; trying again");
          forget?.();
          if (!closed) forget = clock.wakeAt(clock.now() + SAFETY_MS / 60, () => retries.wake());
        })
        .finally(() => {
          working = undefined;
          if (again) retries.wake();
        });
    },
    async close() {
      closed = true;
      await working;
      forget?.();
    },
  };
  return retries;
}

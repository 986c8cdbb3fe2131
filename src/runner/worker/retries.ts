import { sql } from "kysely";
import type { Logger } from "pino";
import type { Database } from "../../entities/database.ts";
import { readStoredTime } from "../../entities/times/stored-time.ts";
import { keepApart } from "../messaging/apart.ts";
import type { Broker } from "../messaging/broker.ts";
import type { Clock } from "../messaging/clock.ts";
import { sendWaiting } from "./send-waiting.ts";
import { releaseAllWaiting } from "../runs/slots.ts";
import { nextAttemptAt } from "../runs/retry.ts";
import { queueOf, readRunOptions } from "../runs/run-options.ts";
import { createWaker, type Waker } from "../messaging/waker.ts";

/** Runs that somebody failed to send off, or to let in, are found after this long. The clocks of servers differ by less. */
const SAFETY_MS = 15_000;

/**
 * Sends off runs that wait for a worker: those whose next attempt is due, and those whose delivery was lost with the process that had it. A run between two
 * attempts is a row with a time; this only watches the clock.
 */
export function createRetries(deps: { database: Database; broker: Broker; clock: Clock; log: Logger }): Waker {
  const { database, broker, clock, log } = deps;

  const apart = keepApart(log, "job", "waiting runs of a job could not be let in");
  let lookedAt = -Infinity;

  /** Runs that wait for longer than they have to, since the clock has been set back, or for no time. They are looked for then, and now and then. */
  async function findLate(now: number): Promise<string[]> {
    if (now >= lookedAt && now < lookedAt + SAFETY_MS) return [];
    lookedAt = now;
    const statement = database.rows
      .selectFrom("job_result")
      .select(["id", "attempt", "celery_kwargs", "date_next_attempt"])
      .where("status", "=", "RETRY")
      .where((eb) =>
        eb.or([eb("date_next_attempt", ">", new Date(now + SAFETY_MS).toISOString()), eb("date_next_attempt", "is", null)]),
      );
    const rows = await database.read(statement.compile());
    return rows.flatMap(({ id, attempt, celery_kwargs, date_next_attempt }) => {
      const latest = nextAttemptAt(readRunOptions(database, celery_kwargs) ?? {}, attempt, now);
      const next = readStoredTime(date_next_attempt);
      return next === undefined || Date.parse(next) > latest + SAFETY_MS ? [id] : [];
    });
  }

  async function isAnyDue(now: string): Promise<boolean> {
    const statement = database.rows
      .selectFrom("job_result")
      .select("id")
      .where("status", "=", "RETRY")
      .where("date_next_attempt", "<=", now)
      .limit(1);
    return (await database.read(statement.compile())).length > 0;
  }

  /** Lets runs wait for a worker whose next attempt is due, and those that wait for longer than they have to. */
  const takeUp = (now: string, late: readonly string[]) =>
    database.rows
      .updateTable("job_result")
      .set({ status: "PENDING", date_next_attempt: null })
      .where("status", "=", "RETRY")
      .where((eb) => eb.or([eb("date_next_attempt", "<=", now), database.isOneOf(sql.ref("id"), late, "uuid")]))
      .returning(["id", "celery_kwargs"])
      .execute();

  /** @returns the time by which what is due was sent off. */
  async function sendDue(): Promise<number> {
    const now = clock.now();
    const time = new Date(now).toISOString();
    const late = await findLate(now);
    // An update that changes nothing needs the lock of a SQLite file all the same.
    const due = late.length > 0 || (await isAnyDue(time)) ? await takeUp(time, late) : [];
    for (const { id, celery_kwargs } of due) {
      broker.notify(`result:${id}`);
      await broker.enqueue({ id, queue: queueOf(database, celery_kwargs) });
    }
    await releaseAllWaiting(deps, apart);
    await sendWaiting(deps, { from: new Date(now - SAFETY_MS), to: new Date(now + SAFETY_MS) });
    return now;
  }

  async function nextTime(after: number): Promise<number> {
    const latest = clock.now() + SAFETY_MS;
    const row = await database.rows
      .selectFrom("job_result")
      .select((eb) => eb.fn.min("date_next_attempt").as("next"))
      .where("status", "=", "RETRY")
      .where("date_next_attempt", ">=", new Date(after).toISOString())
      .where("date_next_attempt", "<=", new Date(latest).toISOString())
      .executeTakeFirst();
    const next = readStoredTime(row?.next);
    return next === undefined ? latest : Date.parse(next);
  }

  return createWaker({
    clock,
    async work() {
      return nextTime(await sendDue());
    },
    log,
    failure: "runs that are due could not be sent off",
  });
}

import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import type { Logger } from "pino";
import { readStoredTime } from "../../entities/times/stored-time.ts";
import type { FireDeps } from "../gate/fire-deps.ts";
import { fire } from "./fire.ts";
import { keepApart, throwPassing } from "../messaging/apart.ts";
import { createWaker, type Waker } from "../messaging/waker.ts";

/** Runs the jobs of schedules when their time comes. */
export interface Scheduler extends Waker {
  /** Carries out all that is due by now. */
  tick(): Promise<void>;
}

/** Changes of other servers are found after this long, since no notification crosses between servers. */
const SAFETY_MS = 15_000;
/** Schedules that are looked up, and carried out side by side. */
const BATCH = 8;

/**
 * Fires schedules that are due. `next_run_at` of their rows is the only record of it, and this part watches the clock. Any number of servers may do
 * so on one database.
 */
export function createScheduler(deps: FireDeps & { log: Logger }): Scheduler {
  const { database, clock, log } = deps;
  // Written so that an index is of use: SQLite looks nothing up by a mere truth.
  const active = () =>
    database.rows
      .selectFrom("scheduled_job")
      .where(sql<boolean>`enabled = true`)
      .where("state", "=", "ACTIVE");

  const apart = keepApart(log, "scheduled_job", "a schedule could not be carried out");

  /** @returns the time by which all due schedules are carried out. */
  async function tick(isClosed = () => false): Promise<number> {
    const passed = new Map<string, unknown>();
    for (;;) {
      const now = clock.now();
      let due = active().select(["id", "next_run_at"]).where("next_run_at", "<=", new Date(now).toISOString());
      // A failed schedule does not block the others.
      if (passed.size > 0) due = due.where("id", "not in", [...passed.keys()]);
      const rows = isClosed() ? [] : await database.read(due.orderBy("next_run_at").orderBy("id").limit(BATCH).compile());
      if (rows.length === 0) {
        throwPassing(passed.values());
        return now;
      }
      await Promise.all(
        rows.map(async ({ id, next_run_at }) => {
          const time = readStoredTime(next_run_at);
          // Another spelling of a time sorts before the others of its day.
          if (time !== undefined && Date.parse(time) > now) return void passed.set(id, undefined);
          const error = await apart(id, async () => {
            if (time === undefined) throw new Error("its next_run_at is no time");
            await fire(deps, id, new Date(time));
          });
          if (error) passed.set(id, error);
        }),
      );
      // SQLite answers at once: without a pause nobody else would have a turn until the last one is carried out.
      await setImmediate();
    }
  }

  async function nextTime(after: number): Promise<number> {
    const latest = clock.now() + SAFETY_MS;
    const earliest = active()
      .select((eb) => eb.fn.min("next_run_at").as("next"))
      .where("next_run_at", ">", new Date(after).toISOString())
      .where("next_run_at", "<=", new Date(latest).toISOString());
    const [row] = await database.read(earliest.compile());
    const next = readStoredTime(row?.next);
    return next === undefined ? latest : Date.parse(next);
  }

  const waker = createWaker({
    clock,
    async work(isClosed) {
      return nextTime(await tick(isClosed));
    },
    log,
    failure: "schedules that are due could not be carried out",
  });
  return { ...waker, tick: async () => void (await tick()) };
}

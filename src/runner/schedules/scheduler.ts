import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import type { Logger } from "pino";
import { isoTime } from "../../entities/times/timestamp.ts";
import type { FireDeps } from "../gate/fire-deps.ts";
import { fire } from "./fire.ts";
import { logFailure } from "../messaging/log-failure.ts";
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

  async function tick(isClosed = () => false): Promise<void> {
    const failed = new Map<string, unknown>();
    while (!isClosed()) {
      let due = active().select(["id", "next_run_at"]).where("next_run_at", "<=", new Date(clock.now()).toISOString());
      // A failed schedule does not block the others.
      if (failed.size > 0) due = due.where("id", "not in", [...failed.keys()]);
      const rows = await database.read(due.orderBy("next_run_at").orderBy("id").limit(BATCH).compile());
      if (rows.length === 0) break;
      await Promise.all(
        rows.map(({ id, next_run_at }) =>
          fire(deps, id, new Date(isoTime(next_run_at!))).catch((error: unknown) => {
            logFailure(log, error, "a schedule could not be carried out", { scheduled_job: id });
            failed.set(id, error);
          }),
        ),
      );
      // SQLite answers at once: without a pause nobody else would have a turn until the last one is carried out.
      await setImmediate();
    }
    const [error] = failed.values();
    if (error) throw error;
  }

  async function nextTime(): Promise<number> {
    const earliest = active().select((eb) => eb.fn.min("next_run_at").as("next"));
    const [row] = await database.read(earliest.compile());
    const latest = clock.now() + SAFETY_MS;
    return row?.next ? Math.min(latest, Date.parse(isoTime(row.next))) : latest;
  }

  const waker = createWaker({
    clock,
    async work(isClosed) {
      await tick(isClosed);
      return nextTime();
    },
    log,
    failure: "schedules that are due could not be carried out",
  });
  return { ...waker, tick: () => tick() };
}

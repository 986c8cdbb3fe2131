import { sql } from "kysely";
import type { Database } from "../entities/database.ts";
import { AppError, counted } from "../errors.ts";
import type { Session } from "./authenticate.ts";

/** Sessions that last: those of sockets and streams. */
export interface Sessions {
  /**
   * Says that a session lasts, until the returned function is called. `onEnd` is called once when its key is no longer good: deleted, expired, or its
   * user disabled.
   * @throws {@link AppError} LIMIT_EXCEEDED when its user has too many.
   */
  open(session: Session, onEnd: () => void): () => void;
  /** Number of open sessions. */
  readonly size: number;
  close(): void;
}

/** The clock and timers of sessions. */
export interface SessionClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls once at that time, unless the returned function is called before. */
  wakeAt(time: number, act: () => void): () => void;
}

/** Keys in one statement. */
const MAX_KEYS = 500;

/**
 * @param checkMs how often keys are looked up again, all that are in use with one statement.
 * @param mostPerUser sessions that a user may have at a time.
 */
export function createSessions(
  database: Database,
  { checkMs, mostPerUser, clock }: { checkMs: number; mostPerUser: number; clock: SessionClock },
): Sessions {
  const byKey = new Map<string, Set<() => void>>();
  const byUser = new Map<string, number>();
  let size = 0;
  let cancel: (() => void) | undefined;

  async function goodOnes(keys: readonly string[]): Promise<Set<string>> {
    const rows = await database.read(
      database.rows
        .selectFrom("token")
        .innerJoin("user", "user.id", "token.user_id")
        .select("token.key_hash")
        .where("token.key_hash", "in", keys)
        .where("user.is_active", "=", sql.lit(true))
        .where((eb) => eb.or([eb("token.expires", "is", null), eb("token.expires", ">", new Date(clock.now()).toISOString())]))
        .compile(),
    );
    return new Set(rows.map(({ key_hash }) => key_hash));
  }

  async function check(): Promise<void> {
    const keys = [...byKey.keys()];
    for (let at = 0; at < keys.length; at += MAX_KEYS) {
      const some = keys.slice(at, at + MAX_KEYS);
      const good = await goodOnes(some);
      for (const key of some) if (!good.has(key)) for (const end of byKey.get(key) ?? []) end();
    }
  }

  /** Starts the next check after the last one has ended. A failed check ends no session: while the database is away, clients get no rows anyway. */
  function keepChecking(): void {
    cancel ??= clock.wakeAt(clock.now() + checkMs, () => {
      void check()
        .catch(() => undefined)
        .finally(() => {
          cancel = undefined;
          if (size > 0) keepChecking();
        });
    });
  }

  return {
    get size() {
      return size;
    },
    open({ id, keyHash }, onEnd) {
      const count = byUser.get(id) ?? 0;
      if (count >= mostPerUser)
        throw new AppError(
          "LIMIT_EXCEEDED",
          `You have ${counted(count, "socket or stream", "sockets and streams")} open: MAX_STREAMS_PER_USER allows no more.`,
        );
      byUser.set(id, count + 1);
      size += 1;
      const ends = byKey.get(keyHash) ?? new Set();
      byKey.set(keyHash, ends);
      ends.add(end);
      keepChecking();

      function leave(): boolean {
        if (!ends.delete(end)) return false;
        if (ends.size === 0 && byKey.get(keyHash) === ends) byKey.delete(keyHash);
        const left = byUser.get(id)! - 1;
        if (left > 0) byUser.set(id, left);
        else byUser.delete(id);
        size -= 1;
        return true;
      }
      function end(): void {
        if (leave()) onEnd();
      }
      return () => void leave();
    },
    close: () => cancel?.(),
  };
}

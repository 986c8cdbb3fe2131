import { AppError, counted } from "../errors.ts";
import type { Key, Session } from "./authenticate.ts";
import type { Ended, KeyWatch } from "./key-watch.ts";

/** Sessions that last: those of sockets, streams, and requests that take a while. */
export interface Sessions {
  /**
   * Says that a socket or stream lasts, until the returned function is called. `onEnd` is called once when it cannot go on: its key was deleted, has
   * expired, or is limited in another way, its user was disabled, or the rights of its user are others.
   * @throws {@link AppError} LIMIT_EXCEEDED when its user has too many.
   */
  open(session: Session, onEnd: (why: Ended) => void): () => void;
  /** Says that a request lasts, until the returned function is called. `onEnd` is called once when its key is no longer good. */
  watch(session: Session, onEnd: () => void): () => void;
  /** Number of open sockets and streams. */
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

/** Dependencies of sessions. */
interface SessionDeps {
  keyWatch: KeyWatch;
  /** Has a key looked up again when it is used next. */
  forget(key: Key): void;
  /** Milliseconds between two looks at the keys in use, all of them at once. */
  checkMs: number;
  /** Sockets and streams that a user may have at a time. */
  mostPerUser: number;
  clock: SessionClock;
}

/** A session that lasts. */
interface Lasting {
  session: Session;
  end(why: Ended): void;
}

/** Sentence for a client whose key is no longer good. */
export const KEY_ENDED = "The key is no longer valid: connect again with another key.";

/** Returns the error of an operation whose key is no longer good. */
export const keyEnded = (): AppError => new AppError("UNAUTHENTICATED", KEY_ENDED);

/** Keeps sessions for as long as their keys are good. */
export function createSessions({ keyWatch, forget, checkMs, mostPerUser, clock }: SessionDeps): Sessions {
  const lasting = new Set<Lasting>();
  const byUser = new Map<string, number>();
  let size = 0;
  let cancel: (() => void) | undefined;

  async function check(): Promise<void> {
    const all = [...lasting];
    const ended = await keyWatch.check(all.map(({ session }) => session));
    for (const one of all) {
      const why = ended.get(one.session);
      if (!why) continue;
      // A client that connects again must not be given what was remembered.
      forget(one.session.key);
      one.end(why);
    }
  }

  /** Starts the next check after the last one has ended. A failed check ends no session: while the database is away, clients get no rows anyway. */
  function keepChecking(): void {
    cancel ??= clock.wakeAt(clock.now() + checkMs, () => {
      void check()
        .catch(() => undefined)
        .finally(() => {
          cancel = undefined;
          if (lasting.size > 0) keepChecking();
        });
    });
  }

  function last(one: Lasting): void {
    lasting.add(one);
    keepChecking();
  }

  return {
    get size() {
      return size;
    },
    open(session, onEnd) {
      const { id } = session;
      const count = byUser.get(id) ?? 0;
      if (count >= mostPerUser)
        throw new AppError(
          "LIMIT_EXCEEDED",
          `You have ${counted(count, "socket or stream", "sockets and streams")} open: MAX_STREAMS_PER_USER allows no more.`,
        );
      byUser.set(id, count + 1);
      size += 1;
      const one: Lasting = {
        session,
        end(why) {
          if (leave()) onEnd(why);
        },
      };
      last(one);

      function leave(): boolean {
        if (!lasting.delete(one)) return false;
        const left = byUser.get(id)! - 1;
        if (left > 0) byUser.set(id, left);
        else byUser.delete(id);
        size -= 1;
        return true;
      }
      return () => void leave();
    },
    watch(session, onEnd) {
      const one: Lasting = {
        session,
        end(why) {
          if (why === "key" && lasting.delete(one)) onEnd();
        },
      };
      last(one);
      return () => void lasting.delete(one);
    },
    close: () => cancel?.(),
  };
}

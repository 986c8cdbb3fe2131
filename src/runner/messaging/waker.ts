import type { Logger } from "pino";
import type { Clock } from "./clock.ts";
import { logFailure } from "./log-failure.ts";

/** Milliseconds after which failed work is tried again, such as work without a database. */
const RETRY_MS = 1000;

/** Somebody who works when there may be something to do. */
export interface Waker {
  /** Works, now if nothing is under way, and once more otherwise. */
  wake(): void;
  /** Waits for the work under way. The rest is done after the next start. */
  close(): Promise<void>;
}

interface Working {
  /** Tells the time, and wakes. */
  clock: Clock;
  /**
   * Does the work that is due.
   * @returns the time of the next work, in milliseconds since the epoch; undefined when only a wake brings more.
   */
  work(isClosed: () => boolean): Promise<number | undefined>;
  /** Is told why the work could not be done. */
  log: Logger;
  /** The work that could not be done, as the log has it. */
  failure: string;
}

/** Works once at a time, and again after a `wake` meanwhile. */
export function createWaker({ clock, work, log, failure }: Working): Waker {
  let working: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let forget: (() => void) | undefined;

  function wakeAt(time: number | undefined): void {
    forget?.();
    forget = closed || time === undefined ? undefined : clock.wakeAt(time, wake);
  }

  async function workOn(): Promise<void> {
    do {
      again = false;
      wakeAt(await work(() => closed));
    } while (again && !closed);
  }

  function wake(): void {
    again = true;
    if (closed) return;
    working ??= workOn()
      .catch((error: unknown) => {
        logFailure(log, error, failure);
        wakeAt(clock.now() + RETRY_MS);
      })
      .finally(() => {
        working = undefined;
        if (again) wake();
      });
  }

  return {
    wake,
    async close() {
      closed = true;
      await working;
      forget?.();
    },
  };
}

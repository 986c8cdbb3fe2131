import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { isPassing } from "../../entities/faults.ts";

/** First pause before failed work is tried again, in milliseconds; each further one is twice as long. */
const FIRST_PAUSE_MS = 50;
/** Longest pause in milliseconds: so late, at most, is work recorded that the database missed while it was away. */
const LONGEST_PAUSE_MS = 2000;

/** Writes records that must not be lost. */
export interface Recorder {
  /**
   * Does work, again and again while the database is away, full, or has no connection to give. Work whose answer was lost is done twice, so it must be such
   * that the second time changes nothing.
   * @throws errors of `work` for any other reason, and the last fault once {@link giveUp} was called.
   */
  record<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing is tried again from now on: the server stops. */
  giveUp(): void;
}

/** Makes a recorder; faults, and their end, are in the log. */
export function createRecorder(log: Logger): Recorder {
  const given = new AbortController();

  async function again<T>(work: () => Promise<T>, fault: unknown): Promise<T> {
    log.warn({ err: fault }, "the database is away; trying again until it is back");
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      await delay(pauseMs, undefined, { signal: given.signal }).catch(() => undefined);
      try {
        const done = await work();
        log.info("the database is back");
        return done;
      } catch (error) {
        if (given.signal.aborted || !isPassing(error)) throw error;
      }
    }
  }

  return {
    record: (work) =>
      work().catch((error: unknown) => {
        if (given.signal.aborted || !isPassing(error)) throw error;
        return again(work, error);
      }),
    giveUp: () => given.abort(),
  };
}

import type { Attempt } from "./attempt.ts";
import { ConnectionError } from "./errors.ts";

/** How long a connection may take to be opened, as a part of the silence that is allowed. */
const OPENING_SHARE = 1 / 3;

/** In so many steps the silence passes. */
const STEPS = 8;

/** Notices that nothing is heard any more: a link that is dead at its other end says nothing of it. */
export interface Silence {
  /** The connection stands. */
  opened(): void;
  /** Something was heard. */
  heard(): void;
  stop(): void;
}

/**
 * Fails an attempt whose connection is not opened in time, or falls silent later. It counts its own steps: while a process is held up, or its
 * machine sleeps, nobody has listened.
 * @param kind the connection, as a noun: a stream, or a WebSocket.
 */
export function watchSilence(attempt: Attempt, kind: string, limitMs: number): Silence {
  const openingMs = limitMs * OPENING_SHARE;
  const fail = (sentence: string) => attempt.fail(new ConnectionError(sentence));
  let steps = 0;
  const late = setTimeout(() => fail(`No ${kind} was opened within ${openingMs} ms.`), openingMs);
  const timer = setInterval(() => {
    if (++steps === STEPS) fail(`Nothing was heard for ${limitMs} ms.`);
  }, limitMs / STEPS);
  return {
    opened: () => clearTimeout(late),
    heard: () => void (steps = 0),
    stop() {
      clearTimeout(late);
      clearInterval(timer);
    },
  };
}

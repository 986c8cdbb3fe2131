import type { Clock } from "../../src/runner/index.ts";

/** A clock that a test moves: it goes on with the machine's, but wakes nobody by itself, except for a moment that has passed. */
export interface TestClock extends Clock {
  /** Goes forward, and wakes all who wanted to be woken until then; or is set back, and wakes everybody, as the machine's does. */
  advance(ms: number): void;
  /** Goes forward, and wakes nobody yet. */
  pass(ms: number): void;
  /** Resolves once somebody waits for a moment no further than so many milliseconds ahead. */
  waitedFor(withinMs: number): Promise<void>;
}

export function createTestClock(): TestClock {
  const wishes = new Set<{ time: number; act: () => void }>();
  const watchers = new Set<() => void>();
  let ahead = 0;
  const now = () => Date.now() + ahead;
  return {
    now,
    wakeAt(time, act) {
      const wish = { time, act };
      wishes.add(wish);
      // The clock may have passed the time while the caller was at work.
      if (time <= now()) setImmediate(() => wishes.delete(wish) && act());
      for (const watch of watchers) watch();
      return () => void wishes.delete(wish);
    },
    pass: (ms) => void (ahead += ms),
    advance(ms) {
      ahead += ms;
      const due = [...wishes].filter(({ time }) => ms < 0 || time <= now());
      for (const wish of due) if (wishes.delete(wish)) wish.act();
    },
    waitedFor: (withinMs) =>
      new Promise((resolve) => {
        const watch = () => {
          if (![...wishes].some(({ time }) => time <= now() + withinMs)) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
  };
}

/** What time it is, and who is to be woken when. A test brings its own, and moves it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls back once, when it is that time or, for one that has passed, soon.
   * @returns what takes the wish back.
   */
  wakeAt(time: number, act: () => void): () => void;
}

/** Longest delay of a timer, some 24 days; Node makes 1 ms of a longer one. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own. Whoever waits for it does not keep the process running. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wakeAt(time, act) {
    let timer: NodeJS.Timeout;
    const wait = () => {
      const rest = time - Date.now();
      timer = rest > 0 ? setTimeout(wait, Math.min(rest, MAX_TIMER_MS)).unref() : setTimeout(act).unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
};

/** Current time and timers. A test brings its own, and moves it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls back once: when it is that time, soon for one that has passed, and early when the clock is set back. The clock then shows another time than the
   * caller expected, so each caller looks again and waits again.
   * @returns a function that takes the wish back.
   */
  wakeAt(time: number, act: () => void): () => void;
}

/** Longest delay of a timer, some 24 days; Node makes 1 ms of a longer one. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Longest time in which the machine's clock is not read while somebody waits: a timer does not notice that the clock is set. */
const LOOK_MS = 60_000;
/** A timer may come so much early, and a clock be slowed by so much, without having been set back. */
const SLACK_MS = 1000;

/** The machine's own clock. Waits on it do not keep the process running. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wakeAt(time, act) {
    let timer: NodeJS.Timeout;
    function wait(earliest: number): void {
      const now = Date.now();
      const isOver = now >= time || now < earliest - SLACK_MS;
      const pause = Math.min(time - now, LOOK_MS);
      timer = (isOver ? setTimeout(act) : setTimeout(wait, pause, now + pause)).unref();
    }
    wait(-Infinity);
    return () => clearTimeout(timer);
  },
};

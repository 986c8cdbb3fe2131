/** Calls back for each operation that is late. All have the same time, so one timer is enough: a timer each takes longer than a small operation's cost. */
interface Deadlines {
  add(late: () => void): void;
  delete(late: () => void): void;
}

/** By their times in milliseconds. Groups and keys have times of their own, so those without operations are not kept. */
const kept = new Map<number, Deadlines>();

/** Has a function called when a time in milliseconds is over. */
export function addDeadline(timeout: number, late: () => void): void {
  let deadlines = kept.get(timeout);
  if (!deadlines) kept.set(timeout, (deadlines = createDeadlines(timeout, () => kept.delete(timeout))));
  deadlines.add(late);
}

/** Has a function that was added with this time not called any more. */
export const deleteDeadline = (timeout: number, late: () => void): void => kept.get(timeout)?.delete(late);

/** @param onEmpty is called when the timer has run out and nothing is waited for. */
function createDeadlines(timeout: number, onEmpty: () => unknown): Deadlines {
  // In the order in which they were added, and in which they are due.
  const dues = new Map<() => void, number>();
  let isTicking = false;

  function tick(): void {
    isTicking = false;
    const now = performance.now();
    for (const [late, due] of dues) {
      if (due > now) return wait(due - now);
      dues.delete(late);
      late();
    }
    if (!isTicking) onEmpty();
  }

  function wait(milliseconds: number): void {
    isTicking = true;
    setTimeout(tick, Math.ceil(milliseconds)).unref();
  }

  return {
    add(late) {
      dues.set(late, performance.now() + timeout);
      if (!isTicking) wait(timeout);
    },
    delete: (late) => void dues.delete(late),
  };
}

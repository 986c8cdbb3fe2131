/** Calls back for each operation that is late. All have the same time, so one timer is enough: a timer each takes longer than a small operation's cost. */
export interface Deadlines {
  add(late: () => void): void;
  delete(late: () => void): void;
}

const kept = new Map<number, Deadlines>();

/** Those with a time in milliseconds. */
export function deadlinesOf(timeout: number): Deadlines {
  let deadlines = kept.get(timeout);
  if (!deadlines) kept.set(timeout, (deadlines = createDeadlines(timeout)));
  return deadlines;
}

function createDeadlines(timeout: number): Deadlines {
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

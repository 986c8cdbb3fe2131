/** Starts to listen to something that may have changed; the returned function ends that at once. */
export type Listen = (notify: () => void) => () => void;

/** Somebody who looks whenever something may have changed. */
export interface Watch {
  /** No further look begins; resolves once the one under way has ended. */
  close(): Promise<void>;
}

interface Watching {
  notifications: readonly Listen[];
  /** Looks for news. False when there is nothing more to wait for. Must not reject. */
  look: () => Promise<boolean>;
  /** After a lost notification, the next look comes after this long. */
  safetyMs: number;
  /** Shortest time from the beginning of a look to the next. */
  pauseMs?: () => number;
}

/** Looks now, and again after each notification. Notifications during a look or a pause count as one. */
export function watch({ notifications, look, safetyMs, pauseMs = () => 0 }: Watching): Watch {
  let notified = false;
  let closed = false;
  let stir: (() => void) | undefined;
  const notify = () => {
    notified = true;
    stir?.();
  };
  const stops = notifications.map((listen) => listen(notify));

  /** Waits so long, or until something happens that ends the wait. */
  async function wait(ms: number, isOver: () => boolean): Promise<void> {
    if (ms <= 0 || isOver()) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      // A wait does not keep the process running: a start that fails must be able to end it.
      timer = setTimeout(resolve, ms).unref();
      stir = () => isOver() && resolve();
    });
    clearTimeout(timer);
    stir = undefined;
  }

  const working = (async () => {
    while (!closed) {
      const started = performance.now();
      notified = false;
      if (!(await look())) break;
      await wait(safetyMs, () => notified || closed);
      await wait(pauseMs() - (performance.now() - started), () => closed);
    }
    for (const stop of stops) stop();
  })();

  return {
    async close() {
      closed = true;
      stir?.();
      for (const stop of stops) stop();
      await working;
    },
  };
}

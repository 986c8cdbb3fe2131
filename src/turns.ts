/** Lets a fixed number in at once; the others wait for their turn, in their order. */
export interface Turns {
  /** Undefined when there is room at once; resolves when the turn has come otherwise. */
  enter(): Promise<void> | undefined;
  /** Leaves the place to the next. */
  leave(): void;
  /** Does work when its turn has come, and leaves the place once it is done. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * @param places the number that is let in.
 * @param onWaiting is told how many wait, whenever that changes.
 */
export function createTurns(places: number, onWaiting?: (waiting: number) => void): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;

  function enter(): Promise<void> | undefined {
    if (taken < places) {
      taken += 1;
      return undefined;
    }
    const turn = new Promise<void>((resolve) => void waiting.push(resolve));
    onWaiting?.(waiting.length);
    return turn;
  }

  function leave(): void {
    const next = waiting.shift();
    if (!next) {
      taken -= 1;
      return;
    }
    onWaiting?.(waiting.length);
    next();
  }

  return {
    enter,
    leave,
    async take(work) {
      const turn = enter();
      if (turn) await turn;
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}

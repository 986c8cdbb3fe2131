/** Lets so much work go on at a time; what comes later waits, in its order. */
export interface Turns {
  /** Does work when its turn has come. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

/** @param onWaiting is told how many wait, whenever that changes. */
export function createTurns(most: number, onWaiting: (waiting: number) => void): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return {
    async take(work) {
      if (taken < most) taken += 1;
      else {
        const turn = new Promise<void>((resolve) => waiting.push(resolve));
        onWaiting(waiting.length);
        await turn;
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) {
          onWaiting(waiting.length);
          next();
        } else taken -= 1;
      }
    },
  };
}

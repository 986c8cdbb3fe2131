/** Lets a fixed number in at once; the others wait for their turn. */
export interface Turns {
  /** Undefined when there is room at once; resolves when the turn has come otherwise. */
  enter(): Promise<void> | undefined;
  /** Leaves the place to the next. */
  leave(): void;
}

/** @param places the number that is let in. */
export function createTurns(places: number): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return {
    enter() {
      if (taken === places) return new Promise((resolve) => void waiting.push(resolve));
      taken += 1;
      return undefined;
    },
    leave() {
      const next = waiting.shift();
      if (next) next();
      else taken -= 1;
    },
  };
}

/** Operations and files that a run's code waits for: the run ends after them, and they keep the thread alive. */
export interface UnderWay {
  add<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is under way, however each came out. */
  settled(): Promise<void>;
}

/** @param onBusy hears whether anything is under way, each time that changes. */
export function createUnderWay(onBusy: (isBusy: boolean) => void): UnderWay {
  const all = new Set<Promise<unknown>>();
  return {
    add(work) {
      const over = work
        .catch(() => undefined)
        .finally(() => {
          all.delete(over);
          if (all.size === 0) onBusy(false);
        });
      all.add(over);
      if (all.size === 1) onBusy(true);
      return work;
    },
    async settled() {
      while (all.size > 0) await Promise.all(all);
    },
  };
}

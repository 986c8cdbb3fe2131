/** Notices that nothing is heard any more: a link that is dead at its other end says nothing of it. */
export interface Silence {
  /** Something was heard. */
  heard(): void;
  stop(): void;
}

/** What to do when nothing is heard. */
interface Steps {
  /** Half the time is over: ask whether anybody is there. */
  probe(): void;
  /** The time is over. */
  lost(): void;
}

/** Watches from now on. One timer in half the time, however much is heard. */
export function watchSilence(limitMs: number, { probe, lost }: Steps): Silence {
  let last = performance.now();
  let timer = setTimeout(look, limitMs / 2);
  function look() {
    const quiet = performance.now() - last;
    if (quiet >= limitMs) return lost();
    const isHalf = quiet >= limitMs / 2;
    if (isHalf) probe();
    timer = setTimeout(look, (isHalf ? limitMs : limitMs / 2) - quiet);
  }
  return {
    heard: () => void (last = performance.now()),
    stop: () => clearTimeout(timer),
  };
}

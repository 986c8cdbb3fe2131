/** Notices that nothing is heard any more: a link that is dead at its other end says nothing of it. */
export interface Silence {
  /** Something was heard. */
  heard(): void;
  stop(): void;
}

/** Steps to take when nothing is heard. */
interface Steps {
  /** Half the time is over: ask whether anybody is there. */
  probe(): void;
  /** The time is over. */
  lost(): void;
}

/** In so many steps the time passes. */
const STEPS = 8;

/** Watches from now on. It counts its own steps: while a process is held up, or its machine sleeps, nobody has listened. */
export function watchSilence(limitMs: number, { probe, lost }: Steps): Silence {
  let steps = 0;
  const timer = setInterval(() => {
    steps += 1;
    if (steps === STEPS / 2) probe();
    if (steps === STEPS) lost();
  }, limitMs / STEPS);
  return {
    heard: () => void (steps = 0),
    stop: () => clearInterval(timer),
  };
}

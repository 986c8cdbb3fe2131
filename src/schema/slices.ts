/*
 * One thread serves everybody. Work that takes long is done in slices: when one is over, whoever else waits for the thread has it first.
 */

/** How long work goes on while others wait for the thread, in milliseconds. */
const SLICE_MS = 5;

/** Work that goes on in slices. */
export interface Sliced {
  /** The user whose work it is: users take turns. */
  readonly user: string;
  /** Grows from one work to the next: of one user's, the oldest is finished first, since each that is begun holds memory. */
  readonly place: number;
  /** The reason why it is not worth going on; undefined while it is. */
  readonly failure?: Error | undefined;
}

interface Waiting {
  place: number;
  goOn: () => void;
}

const waiting = new Map<string, Waiting[]>();

/** When the work of this round of the event loop began; undefined while nobody has asked. */
let began: number | undefined;
let places = 0;

/** Returns the place of a work that begins now. */
export const newPlace = (): number => ++places;

/** Tells whether work should be interrupted by {@link nextSlice}: this round of the event loop has lasted long enough. */
export function isSliceOver(): boolean {
  const now = performance.now();
  if (began !== undefined) return now - began > SLICE_MS;
  began = now;
  setImmediate(beginRound);
  return false;
}

/** Resolves when the work has the thread again; others, who only came meanwhile, have had it then. */
export function nextSlice({ user, place }: Sliced): Promise<void> {
  return new Promise((goOn) => {
    const queue = waiting.get(user);
    if (!queue) waiting.set(user, [{ place, goOn }]);
    else {
      const behind = queue.findLastIndex((other) => other.place <= place);
      queue.splice(behind + 1, 0, { place, goOn });
    }
    if (began === undefined) isSliceOver();
  });
}

/** The sockets have been looked at since the last round: now one work of each user goes on. */
function beginRound(): void {
  began = undefined;
  if (waiting.size === 0) return;
  isSliceOver();
  for (const [user, queue] of waiting) {
    const { goOn } = queue.shift()!;
    if (queue.length === 0) waiting.delete(user);
    goOn();
  }
}

/*
 * One thread serves all clients. Long work is done in slices: after each, other work that waits for the thread has it first. Work begins only while the
 * present round of the event loop is young. Once begun it keeps the thread for a slice, since interrupted work holds memory.
 */

/** Milliseconds after which no further work begins in a round of the event loop. */
const ROUND_MS = 10;

/** Milliseconds that work goes on while others wait for the thread. */
const SLICE_MS = 20;

/** Works that go on in one round, besides one of each user, while it is young. */
const MORE_WORKS = 16;

/** Work that goes on in slices. */
export interface Sliced {
  /** The user whose work it is: users take turns. */
  readonly user: string;
  /** Grows from one work to the next: of one user's, the oldest is finished first. */
  readonly place: number;
  /** Start of its slice, by `performance.now()`. */
  since: number;
  /** The reason why it is not worth going on; undefined while it is. */
  readonly failure?: Error | undefined;
}

interface Waiting {
  place: number;
  goOn: () => void;
}

const waiting = new Map<string, Waiting[]>();

/** Start of this round of the event loop; undefined before the first question. */
let began: number | undefined;
let places = 0;

/** Returns the place of work that begins now. */
export const newPlace = (): number => ++places;

/** Returns work that begins now. */
export const newWork = (user: string): Sliced => ({ user, place: newPlace(), since: performance.now() });

/** Tells whether work that would begin now is to wait for {@link nextSlice}. */
export function isRoundOver(): boolean {
  const now = performance.now();
  if (began !== undefined) return now - began > ROUND_MS;
  began = now;
  setImmediate(beginRound);
  return false;
}

/** Tells whether work that has begun is to wait for {@link nextSlice}. Work that waited for something else has let others in meanwhile. */
export const isSliceOver = ({ since }: Sliced): boolean => performance.now() - since > SLICE_MS && isRoundOver();

/** Number of works of each user that wait to begin. */
const beginning = new Map<string, number>();

/** Resolves when a user's work may begin; undefined when it may at once. Works of one user begin in the order in which they came. */
export function turnToBegin(user: string): Promise<void> | undefined {
  const before = beginning.get(user) ?? 0;
  return before === 0 && !isRoundOver() ? undefined : waitToBegin(user, before);
}

async function waitToBegin(user: string, before: number): Promise<void> {
  beginning.set(user, before + 1);
  await nextSlice(newWork(user));
  const left = beginning.get(user)! - 1;
  if (left === 0) beginning.delete(user);
  else beginning.set(user, left);
}

/** Resolves when the work has the thread, for a slice. Work that came meanwhile has had it before. */
export async function nextSlice(work: Sliced): Promise<void> {
  const { user, place } = work;
  await new Promise<void>((goOn) => {
    const queue = waiting.get(user);
    if (queue) queue.splice(queue.findLastIndex((other) => other.place <= place) + 1, 0, { place, goOn });
    else waiting.set(user, [{ place, goOn }]);
    isRoundOver();
  });
  work.since = performance.now();
}

/** The sockets have been looked at since the last round: works that wait begin the next one, which they do after each other. */
function beginRound(): void {
  began = undefined;
  if (waiting.size === 0) return;
  // Of each user one goes on however little time the others leave.
  for (const user of waiting.keys()) setImmediate(takeTurn, user);
  for (let n = 0; n < MORE_WORKS; n++) setImmediate(takeTurn);
}

function takeTurn(user?: string): void {
  const isOver = isRoundOver();
  const [next] = user === undefined && !isOver ? waiting.keys() : [user];
  const queue = next === undefined ? undefined : waiting.get(next);
  if (!queue) return;
  const { goOn } = queue.shift()!;
  // Behind the others, until it is its turn again.
  waiting.delete(next!);
  if (queue.length > 0) waiting.set(next!, queue);
  goOn();
}

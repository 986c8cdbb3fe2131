import type { ReadBounds } from "../database.ts";
import { laneIsFull } from "./read-refusals.ts";

/** A number of places for reads. Those that find none wait; users whose reads wait take turns. */
export interface Lane {
  /**
   * Waits for a place. A read without bounds is the server's own: it waits as long as it takes.
   * @returns a function that gives the place back.
   * @throws AppError LIMIT_EXCEEDED when too many reads of its user wait already, or after `maxWaitMs`; the signal's reason when it aborts.
   */
  enter(bounds?: ReadBounds): Promise<() => void>;
}

/** Reads of one user that may wait. */
const MAX_WAITING = 100;

type Admit = () => void;

/** Opens a lane. Of several places, one user never holds the last. */
export function createLane(places: number, maxWaitMs: number): Lane {
  const waiting = new Map<string | undefined, Admit[]>();
  const held = new Map<string, number>();
  const maxHeld = Math.max(1, places - 1);
  let free = places;

  const mayEnter = (user: string | undefined) => free > 0 && (user === undefined || (held.get(user) ?? 0) < maxHeld);

  function take(user: string | undefined): () => void {
    free--;
    if (user !== undefined) held.set(user, (held.get(user) ?? 0) + 1);
    return () => {
      free++;
      if (user !== undefined) {
        const left = held.get(user)! - 1;
        if (left > 0) held.set(user, left);
        else held.delete(user);
      }
      admitNext();
    };
  }

  function admitNext(): void {
    for (const [user, queue] of waiting) {
      if (!mayEnter(user)) continue;
      const admit = queue.shift()!;
      // Behind the others, until it is its turn again.
      waiting.delete(user);
      if (queue.length > 0) waiting.set(user, queue);
      return admit();
    }
  }

  function leaveQueue(user: string | undefined, admit: Admit): void {
    const queue = waiting.get(user)!;
    queue.splice(queue.indexOf(admit), 1);
    if (queue.length === 0) waiting.delete(user);
  }

  return {
    async enter(bounds) {
      bounds?.signal?.throwIfAborted();
      const user = bounds?.user;
      if (!waiting.has(user) && mayEnter(user)) return take(user);
      const queue = waiting.get(user) ?? [];
      if (bounds && queue.length >= MAX_WAITING) throw laneIsFull();
      return new Promise((resolve, reject) => {
        const admit = () => {
          stop();
          resolve(take(user));
        };
        const give = (reason: unknown) => {
          stop();
          leaveQueue(user, admit);
          reject(reason as Error);
        };
        const abort = () => give(bounds!.signal!.reason);
        const timer = bounds && setTimeout(() => give(laneIsFull()), maxWaitMs);
        const stop = () => {
          clearTimeout(timer);
          bounds?.signal?.removeEventListener("abort", abort);
        };
        bounds?.signal?.addEventListener("abort", abort);
        queue.push(admit);
        waiting.set(user, queue);
      });
    },
  };
}

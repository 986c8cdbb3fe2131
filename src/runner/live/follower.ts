/** Items for one follower, for as long as it reads. Its `return()` ends a `next()` that waits, at once. */
export interface Follower<T> extends AsyncIterableIterator<T> {
  return(): Promise<IteratorResult<T>>;
}

/** The source of a follower's items. */
export interface Followed<T> {
  /** The next for this follower: undefined when it is still to come, null when there will be none. */
  next(): Promise<T | null | undefined> | T | null | undefined;
  /** Calls `wake` whenever it may be there, until the returned function is called. */
  onMore(wake: () => void): () => void;
  /** The follower is gone. */
  leave(): void;
}

/** Not a generator: one that waits could not be told to return. */
export function createFollower<T>({ next, onMore, leave }: Followed<T>): Follower<T> {
  let left = false;
  let woken = false;
  let wake: (() => void) | undefined;
  const off = onMore(() => {
    woken = true;
    wake?.();
  });
  const end = () => {
    if (left) return;
    left = true;
    off();
    leave();
    wake?.();
  };

  return {
    async next() {
      try {
        while (!left) {
          // Cleared before the read, so that no notification during the read is missed.
          woken = false;
          const value = await next();
          if (left) break;
          if (value === null) end();
          else if (value !== undefined) return { done: false, value };
          else if (!woken) await new Promise<void>((resolve) => (wake = resolve));
        }
      } catch (error) {
        end();
        throw error;
      }
      return { done: true, value: undefined };
    },
    async return() {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The replies of one side to the other, which asks one thing at a time. */
export interface Inbox<T> {
  /** Hands an item to the caller that waits. Returns false when none does. */
  put(item: T): boolean;
  /** No more items come: the caller that waits, and every later one, is told why. Only the first reason counts. */
  end(why: Error): void;
  /** Returns the next item; rejects when none comes any more, or when `signal` aborts. Only a single caller may wait. */
  next(signal?: AbortSignal): Promise<T>;
}

/** Returns an inbox. A call of `next` leaves nothing behind. A race against the end of the sender would keep each caller until that end. */
export function createInbox<T>(): Inbox<T> {
  let waiting: PromiseWithResolvers<T> | undefined;
  let ended: Error | undefined;

  return {
    put(item) {
      const isAwaited = waiting !== undefined;
      waiting?.resolve(item);
      waiting = undefined;
      return isAwaited;
    },
    end(why) {
      ended ??= why;
      waiting?.reject(ended);
      waiting = undefined;
    },
    next(signal) {
      if (ended) return Promise.reject(ended);
      const next = (waiting = Promise.withResolvers<T>());
      signal?.addEventListener("abort", () => next.reject(signal.reason), { once: true });
      return next.promise;
    },
  };
}

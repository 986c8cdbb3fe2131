/** The replies of one side to the other, which asks one thing at a time. */
export interface Inbox<T> {
  /** Hands an item to the caller that waits. Returns false when none does. */
  put(item: T): boolean;
  /** No more items come: the caller that waits, and every later one, is told why. Only the first reason counts. */
  end(why: Error): void;
  /** The next item; rejects when none comes any more, or when `signal` aborts. One at a time may wait. */
  next(signal?: AbortSignal): Promise<T>;
}

/** An inbox leaves nothing behind when it is asked: a race against the end of whoever fills it would, until that end. */
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

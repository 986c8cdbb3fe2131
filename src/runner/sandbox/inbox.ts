/** What one side said and the other has not asked for yet, in its order. */
export interface Inbox<T> {
  put(item: T): void;
  /** Nothing comes any more; whoever waits is told why, and so is who asks once all is taken. */
  end(why: Error): void;
  /** The next item; rejects when none comes any more, or when `signal` aborts. One at a time may wait. */
  next(signal?: AbortSignal): Promise<T>;
}

/** An inbox leaves nothing behind when it is asked: a race against the end of whoever fills it would, until that end. */
export function createInbox<T>(): Inbox<T> {
  const arrived: T[] = [];
  let waiting: PromiseWithResolvers<T> | undefined;
  let ended: Error | undefined;

  return {
    put(item) {
      if (waiting) waiting.resolve(item);
      else arrived.push(item);
      waiting = undefined;
    },
    end(why) {
      ended = why;
      waiting?.reject(why);
    },
    next(signal) {
      if (arrived.length > 0) return Promise.resolve(arrived.shift()!);
      if (ended) return Promise.reject(ended);
      const next = (waiting = Promise.withResolvers<T>());
      signal?.addEventListener("abort", () => next.reject(signal.reason), { once: true });
      return next.promise;
    },
  };
}

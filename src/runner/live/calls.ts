/** Functions that want to be called. */
export interface Calls<Args extends unknown[]> {
  /** Calls them all. */
  all(...args: Args): void;
  /** Adds one, until the returned function is called. */
  add(call: (...args: Args) => void): () => void;
}

/** None yet. */
export function createCalls<Args extends unknown[] = []>(): Calls<Args> {
  const calls = new Set<(...args: Args) => void>();
  return {
    all(...args) {
      for (const call of calls) call(...args);
    },
    add(call) {
      calls.add(call);
      return () => void calls.delete(call);
    },
  };
}

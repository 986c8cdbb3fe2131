/** A share in something that others hold too. */
export interface Share<T> {
  readonly value: T;
  /** Gives the share back; with the last one the thing is closed. Once only. */
  release(): void;
}

/** Things that are open. */
export interface Opened {
  /** Number of open things. */
  readonly size: number;
}

/** Things that are opened for their first holder, by key, and closed with the last. */
export interface SharedThings<T> extends Opened {
  /** @param open is told how to learn how many hold it. */
  hold(key: string, open: (holders: () => number) => T): Share<T>;
}

/** @param close closes a thing that nobody holds any more. */
export function createShared<T>(close: (value: T) => void): SharedThings<T> {
  const held = new Map<string, { value: T; holders: number }>();
  function make(key: string, open: (holders: () => number) => T): { value: T; holders: number } {
    const thing: { value: T; holders: number } = { value: open(() => thing.holders), holders: 0 };
    held.set(key, thing);
    return thing;
  }

  return {
    get size() {
      return held.size;
    },
    hold(key, open) {
      const thing = held.get(key) ?? make(key, open);
      thing.holders += 1;
      let released = false;
      return {
        value: thing.value,
        release() {
          if (released) return;
          released = true;
          thing.holders -= 1;
          if (thing.holders > 0) return;
          held.delete(key);
          close(thing.value);
        },
      };
    },
  };
}

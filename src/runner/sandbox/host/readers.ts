import { LoadError, type Cell } from "./cell.ts";

/** Readers are given up after this long without work: each holds some 20 MB. */
const IDLE_MS = 10_000;

/** Readers that are kept while they have no work. */
const MAX_IDLE = 4;

/** Places that check the inputs of jobs, one for each file: a file neither sees the inputs of another's jobs nor keeps them waiting. */
export interface Readers {
  /** Asks the reader of a file, one thing at a time. A reader that did not answer is replaced before the next. */
  ask<T>(file: string, question: (reader: Cell) => Promise<T>): Promise<T>;
  /** Gives up all of them, once they have answered: files have changed. */
  renew(): void;
  /** Gives up all of them at once. */
  close(): void;
}

interface Reader {
  cell: Cell | undefined;
  waiting: number;
  last: Promise<unknown>;
  idle: NodeJS.Timeout | undefined;
}

/**
 * @param start gives a place in which nothing was loaded yet.
 * @param give takes a place that is of no more use.
 */
export function createReaders(start: () => Cell, give: (cell: Cell) => void): Readers {
  const readers = new Map<string, Reader>();
  let closed = false;

  function endOne(file: string, reader: Reader): void {
    clearTimeout(reader.idle);
    if (readers.get(file) === reader) readers.delete(file);
    if (reader.cell) give(reader.cell);
    reader.cell = undefined;
  }

  async function askNow<T>(file: string, reader: Reader, question: (cell: Cell) => Promise<T>): Promise<T> {
    try {
      if (closed) throw new Error("The server is stopping.");
      reader.cell ??= start();
      return await question(reader.cell);
    } catch (error) {
      if (!(error instanceof LoadError) && reader.cell) {
        give(reader.cell);
        reader.cell = undefined;
      }
      throw error;
    } finally {
      reader.waiting -= 1;
      if (reader.waiting === 0) rest(file, reader);
    }
  }

  function rest(file: string, reader: Reader): void {
    // A reader that was given up while it was asked belongs to nobody.
    if (readers.get(file) !== reader) return endOne(file, reader);
    reader.idle = setTimeout(() => endOne(file, reader), IDLE_MS);
    const idle = [...readers].filter(([, { waiting }]) => waiting === 0);
    if (idle.length > MAX_IDLE) endOne(...idle[0]!);
  }

  return {
    ask(file, question) {
      const reader = readers.get(file) ?? { cell: undefined, waiting: 0, last: Promise.resolve(), idle: undefined };
      // At the end: the first is the one that was not asked for the longest time.
      readers.delete(file);
      readers.set(file, reader);
      clearTimeout(reader.idle);
      reader.waiting += 1;
      const answer = reader.last.then(() => askNow(file, reader, question));
      reader.last = answer.catch(() => undefined);
      return answer;
    },
    renew() {
      for (const [file, reader] of readers) {
        readers.delete(file);
        if (reader.waiting === 0) endOne(file, reader);
      }
    },
    close() {
      closed = true;
      for (const [file, reader] of readers) endOne(file, reader);
    },
  };
}

/*
 * A pipe of bytes in shared memory, from one thread to another. The reader has written bytes at once: also when the writer never yields, and when it is ended
 * in mid-loop. A writer that is ahead by the pipe's capacity sleeps until the reader has caught up, so the capacity bounds the memory of this process that one
 * run can hold.
 */

import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { BrokenMessage } from "./broken-message.ts";

/** Bytes; a power of two, so that a position is found by masking. */
const CAPACITY = 1 << 18;
const WRITTEN = 0;
const READ = 1;
const HEADER_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;

/** The memory itself; hand it to the writer's thread. */
export type PipeMemory = SharedArrayBuffer;

/** An empty pipe. */
export function createPipe(): PipeMemory {
  return new SharedArrayBuffer(HEADER_BYTES + CAPACITY);
}

const headerOf = (memory: PipeMemory) => new Int32Array(memory, 0, 2);
const bytesOf = (memory: PipeMemory) => Buffer.from(memory, HEADER_BYTES, CAPACITY);

// Positions count bytes for ever and wrap around at 32 bits; their difference is right all the same.
const distance = (from: number, to: number) => (to - from) | 0;

/** The writing end: writes all of a text, sleeping while the pipe is full. */
export function createPipeWriter(memory: PipeMemory): (text: string) => void {
  const header = headerOf(memory);
  const bytes = bytesOf(memory);

  return (text) => {
    const source = Buffer.from(text);
    let done = 0;
    while (done < source.length) {
      const written = Atomics.load(header, WRITTEN);
      const read = Atomics.load(header, READ);
      const space = CAPACITY - distance(read, written);
      if (space === 0) {
        Atomics.wait(header, READ, read);
        continue;
      }
      const at = written & (CAPACITY - 1);
      const length = Math.min(space, source.length - done, CAPACITY - at);
      source.copy(bytes, at, done, done + length);
      done += length;
      Atomics.store(header, WRITTEN, (written + length) | 0);
      Atomics.notify(header, WRITTEN);
    }
  };
}

/** The reading end. */
export interface PipeReader {
  /** Returns a copy of the bytes that have been written and not yet released; empty when there are none. @throws BrokenMessage. */
  peek(): Buffer;
  /** Gives so many bytes back to the writer. */
  release(length: number): void;
  /** Resolves when more was written than `peek` last saw, or when the pipe was ended. */
  more(): Promise<void>;
  /** Marks the writer as gone: its bytes can still be read, and readers no longer wait for more. */
  end(): void;
  readonly ended: boolean;
  /** Bytes in the pipe at which the writer sleeps. */
  readonly capacity: number;
}

/** Opens the reading end in this thread. */
export function createPipeReader(memory: PipeMemory): PipeReader {
  const header = headerOf(memory);
  const bytes = bytesOf(memory);
  let seen = 0;
  let ended = false;

  return {
    capacity: CAPACITY,
    get ended() {
      return ended;
    },
    peek() {
      seen = Atomics.load(header, WRITTEN);
      const read = header[READ]!;
      const length = distance(read, seen);
      // The writer's thread can write the positions too.
      if (length < 0 || length > CAPACITY) throw new BrokenMessage("it wrote positions of the pipe that cannot be");
      const at = read & (CAPACITY - 1);
      const first = Math.min(length, CAPACITY - at);
      return Buffer.concat([bytes.subarray(at, at + first), bytes.subarray(0, length - first)]);
    },
    release(length) {
      Atomics.add(header, READ, length);
      Atomics.notify(header, READ);
    },
    async more() {
      if (ended) return;
      const wait = Atomics.waitAsync(header, WRITTEN, seen);
      // A turn of this thread in any case: a writer that never rests must not have all of it.
      await (wait.async ? wait.value : setImmediate());
    },
    end() {
      ended = true;
      Atomics.notify(header, WRITTEN);
    },
  };
}

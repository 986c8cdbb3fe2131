import type { Readable } from "node:stream";
import type { PipeReader } from "../wire/byte-pipe.ts";

/** Bytes that are read ahead of those that are stored; the kernel holds some more, and then the process itself. */
const CAPACITY = 1 << 18;

/** Longest wait in milliseconds for the rest of an ended process's output: a process that left its group may keep the streams open. */
const DRAIN_MS = 500;

/** Reads a stream as a pipe. Bytes that were read and not released pause it. */
export function createStreamReader(stream: Readable): PipeReader {
  let held: Buffer = Buffer.alloc(0);
  let isEnding = false;
  let isClosed = stream.destroyed;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  stream.on("data", (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (held.length >= CAPACITY) stream.pause();
    change();
  });
  stream.on("error", () => undefined);
  stream.once("close", () => {
    isClosed = true;
    change();
  });

  /** Waits for the rest of an ended process; closes the stream when none comes. */
  async function rest(): Promise<void> {
    const before = changed;
    // Output that arrived while this thread was busy is read before the wait counts as over.
    const close = () => setImmediate(() => before === changed && stream.destroy());
    const timer = setTimeout(close, DRAIN_MS);
    await before.promise;
    clearTimeout(timer);
  }

  return {
    capacity: CAPACITY,
    get ended() {
      return isClosed;
    },
    peek: () => held,
    release(length) {
      held = held.subarray(length);
      if (held.length < CAPACITY) stream.resume();
    },
    async more() {
      if (isClosed) return;
      await (isEnding ? rest() : changed.promise);
    },
    end() {
      isEnding = true;
      change();
    },
  };
}

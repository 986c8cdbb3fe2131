import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex, Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { PipeReader } from "./byte-pipe.ts";
import { createInbox } from "./inbox.ts";
import { watchProcess } from "./memory-watch.ts";
import { decodeMessages, encodeMessage, LIFE_FD, MESSAGES_FD, type ProcessReply, RECORDS_FD } from "./process-channel.ts";
import type { Reply } from "./protocol.ts";
import { COMPILE_CACHE, EndedError, ENTRY, exited, OutOfMemoryError, type StartVessel } from "./vessel.ts";

/** What is read ahead of what is stored, in bytes; the kernel holds some more, and then the process itself. */
const CAPACITY = 1 << 18;

/** Longest wait for what an ended process still had to say: one that left its group may keep its streams open. */
const DRAIN_MS = 500;

/**
 * Becomes the program it is given, and leaves behind, in the same group, a shell that waits for the end of a stream on which nothing is ever
 * said. It comes when this process is gone, however that went, and ends the group: a job that loops and says nothing would not notice. A thread
 * inside the process could watch too, for 25 ms of processor time and 20 MB more a run; the shell takes one.
 */
const GUARDED = `(read _ <&${LIFE_FD}; kill -KILL 0) >&- 2>&- ${RECORDS_FD}>&- ${MESSAGES_FD}>&- & exec "$@" ${LIFE_FD}<&-`;

/** Starts a process, in a group of its own that ends with it, and with this one. */
export const startProcess: StartVessel = (env, onOutput, memoryLimitMb) => {
  const flags = ["--disable-warning=ExperimentalWarning"];
  if (memoryLimitMb > 0) flags.push(`--max-old-space-size=${memoryLimitMb}`);
  const child = spawn("/bin/sh", ["-c", GUARDED, "sh", process.execPath, ...flags, fileURLToPath(ENTRY)], {
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const streams: readonly unknown[] = child.stdio;
  const messages = streams[MESSAGES_FD] as Duplex;
  const pipe = createStreamReader(streams[RECORDS_FD] as Readable);
  let isOutOfMemory = false;
  child.stdout!.setEncoding("utf8").on("data", (text: string) => onOutput("stdout", text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    isOutOfMemory ||= text.includes("heap out of memory");
    onOutput("stderr", text);
  });
  const killGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  };
  const drained = Promise.all([once(messages, "close"), once(child.stderr!, "close")]);
  drained.catch(() => undefined);
  async function endOf(code: number | null, signal: string | null): Promise<Error> {
    const wait = new AbortController();
    await Promise.race([drained, delay(DRAIN_MS, undefined, { signal: wait.signal })]).catch(() => undefined);
    wait.abort();
    for (const stream of [messages, child.stdout!, child.stderr!]) stream.destroy();
    if (isOutOfMemory && signal === "SIGABRT") return new OutOfMemoryError("The engine had no more memory.");
    return code === null ? new EndedError(`The job's process was ended by the signal ${signal}.`) : exited(code);
  }
  const ended = new Promise<Error>((resolve) => {
    child.once("error", resolve);
    child.once("exit", (code, signal) => {
      killGroup();
      resolve(endOf(code, signal));
    });
  });
  const inbox = createInbox<Reply>();
  messages.on("error", () => undefined);
  decodeMessages<ProcessReply>(messages, ({ reply, written }) => {
    pipe.expect(written);
    inbox.put(reply);
  });
  void ended.then((error) => inbox.end(error));

  return {
    ended,
    post: (request) => void (messages.writable && messages.write(encodeMessage(request))),
    reply: (signal) => inbox.next(signal),
    openPipe: () => pipe.open(),
    watchMemory: (limitMb, onOver) => watchProcess(child.pid!, limitMb, onOver),
    async kill() {
      killGroup();
      await ended;
    },
    closePipe: () => pipe.close(),
  };
};

/** Reads a stream as a pipe; what was read and not released yet pauses it. */
function createStreamReader(stream: Readable) {
  let held: Buffer = Buffer.alloc(0);
  let received = 0;
  let expected = Infinity;
  let isEnding = false;
  let isClosed = false;
  let changed = Promise.withResolvers<void>();
  const change = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  stream.on("data", (chunk: Buffer) => {
    received += chunk.length;
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (held.length >= CAPACITY) stream.pause();
    change();
  });
  stream.on("error", () => undefined);
  stream.once("close", () => {
    isClosed = true;
    change();
  });
  const reader: PipeReader = {
    capacity: CAPACITY,
    get ended() {
      return isClosed || (isEnding && received >= expected);
    },
    peek: () => held,
    release(length) {
      held = held.subarray(length);
      if (held.length < CAPACITY) stream.resume();
    },
    more: () => (reader.ended ? Promise.resolve() : changed.promise),
    end() {
      isEnding = true;
      change();
    },
  };
  return {
    open() {
      isEnding = false;
      expected = Infinity;
      return reader;
    },
    /** So many bytes were written before the last reply. */
    expect(written: number) {
      expected = written;
      change();
    },
    close: () => void stream.destroy(),
  };
}

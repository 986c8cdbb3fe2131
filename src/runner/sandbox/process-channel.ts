import { writeSync } from "node:fs";
import type { Readable } from "node:stream";
import { deserialize, serialize } from "node:v8";
import type { Reply } from "./protocol.ts";

/** Where a process says what a run says. */
export const RECORDS_FD = 3;
/** Where a process is asked, and answers. */
export const MESSAGES_FD = 4;
/** What ends with whoever started a process. */
export const LIFE_FD = 5;

/** A reply, and how many bytes of records were written before it: it must not overtake them. */
export interface ProcessReply {
  reply: Reply;
  written: number;
}

/** A message as one line. */
export const encodeMessage = (message: unknown) => `${serialize(message).toString("base64")}\n`;

/** Hands on every message that is whole. */
export function decodeMessages<T>(stream: Readable, take: (message: T) => void): void {
  let held: string[] = [];
  stream.setEncoding("latin1").on("data", (text: string) => {
    const [first, ...rest] = text.split("\n");
    held.push(first!);
    for (const next of rest) {
      // Joined once: a long message comes in hundreds of pieces.
      take(deserialize(Buffer.from(held.join(""), "base64")) as T);
      held = [next];
    }
  });
}

const nap = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of a text at once, waiting while the other side is behind; ends this process when there is no other side any more. */
export function writeAll(fd: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") process.kill(process.pid, "SIGKILL");
      Atomics.wait(nap, 0, 0, 1);
    }
  }
  return bytes.length;
}

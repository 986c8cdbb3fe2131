import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import type { Readable } from "node:stream";
import { deserialize, serialize } from "node:v8";
import type { Request } from "./protocol.ts";

/** The descriptor of a process's records. */
export const RECORDS_FD = 3;
/** The descriptor of the requests to a process. */
export const REQUESTS_FD = 4;
/** Descriptor that closes when the parent of the process ends. */
export const LIFE_FD = 5;

/** Returns a request as one line. Only a sandbox reads it. Messages from a sandbox are JSON, see `decode-records.ts`. */
export const encodeRequest = (request: Request) => `${serialize(request).toString("base64")}\n`;

/** Hands on every request that is whole. */
export function decodeRequests(stream: Readable, take: (request: Request) => void): void {
  let held: string[] = [];
  stream.setEncoding("latin1").on("data", (text: string) => {
    const [first, ...rest] = text.split("\n");
    held.push(first!);
    for (const next of rest) {
      // Joined once: a long request comes in hundreds of pieces.
      take(deserialize(Buffer.from(held.join(""), "base64")) as Request);
      held = [next];
    }
  });
}

const nap = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of a text at once, waiting while the other side is behind; ends this process when there is no other side any more. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") process.kill(process.pid, "SIGKILL");
      Atomics.wait(nap, 0, 0, 1);
    }
  }
}

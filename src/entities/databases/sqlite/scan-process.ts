import { spawn } from "node:child_process";
import { extname } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { TooManyBytes } from "../read-refusals.ts";
import type { Rows } from "./batches.ts";
import type { ScanReply, ScanRequest } from "./scan-entry.ts";

/** Beside this file, as source or as built. */
const ENTRY = fileURLToPath(new URL(`./scan-entry${extname(import.meta.url)}`, import.meta.url));

const MESSAGES_FD = 3;
const LIFE_FD = 4;

/**
 * Becomes the program it is given, and leaves behind, in the same group, a shell that ends the group once this process is gone: a reader
 * in the middle of a statement would not notice.
 */
const GUARDED = `(read _ <&${LIFE_FD}; kill -KILL 0) >&- 2>&- ${MESSAGES_FD}>&- & exec "$@" ${LIFE_FD}<&-`;

/** A process that runs one statement at a time on its own connection. */
export interface ScanProcess {
  /** False once the process has ended, or is about to. */
  readonly fit: boolean;
  /** Returns the rows of a statement. @throws TooManyBytes when they have more than the request's bytes. */
  read(request: ScanRequest): Promise<Rows>;
  /** Ends the process, also in the middle of a statement: SQLite's driver can interrupt none. The read under way rejects. */
  kill(): void;
}

/** Starts a process that reads a database's file. */
export function startScanProcess(file: string): ScanProcess {
  const child = spawn("/bin/sh", ["-c", GUARDED, "sh", process.execPath, "--disable-warning=ExperimentalWarning", ENTRY, file], {
    env: {},
    stdio: ["ignore", "ignore", "ignore", "ipc", "pipe"],
    detached: true,
  });
  let fit = true;
  let reading: { request: ScanRequest; rows: Rows; resolve(rows: Rows): void; reject(error: Error): void } | undefined;

  child.on("message", (reply: ScanReply) => {
    if (!reading) return;
    if ("rows" in reply) {
      for (const row of reply.rows) reading.rows.push(row);
      return;
    }
    const { request, rows, resolve, reject } = reading;
    reading = undefined;
    if ("end" in reply) resolve(rows);
    else reject(reply.isTooMuch ? new TooManyBytes(request.maxBytes!) : new Error(reply.error));
  });

  function kill(): void {
    fit = false;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
    reading?.reject(new Error("The process that reads has ended."));
    reading = undefined;
  }
  child.once("error", kill);
  child.once("exit", kill);
  const streams: readonly unknown[] | undefined = child.stdio;
  if (!streams) throw new Error("The system has no descriptors left for another process.");
  (streams[LIFE_FD] as Duplex).on("error", () => undefined);

  return {
    get fit() {
      return fit;
    },
    read: (request) =>
      new Promise((resolve, reject) => {
        reading = { request, rows: [], resolve, reject };
        child.send(request, (error) => error && kill());
      }),
    kill,
  };
}

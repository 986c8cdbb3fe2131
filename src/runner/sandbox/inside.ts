import { Socket } from "node:net";
import { workerData } from "node:worker_threads";
import { createPipeWriter } from "./byte-pipe.ts";
import { decodeMessages, encodeMessage, MESSAGES_FD, type ProcessReply, RECORDS_FD, writeAll } from "./process-channel.ts";
import type { Reply, Request, ThreadData } from "./protocol.ts";

/** The other side, as seen from inside a vessel. */
export interface Outside {
  reply(message: Reply): void;
  /** Says a record, waiting while the other side is behind. */
  write(record: string): void;
  listen(take: (request: Request) => void): void;
  /** Whether a request that may come keeps this thread or process. */
  ref(): void;
  unref(): void;
}

/** Connects to whoever started this thread or process. */
export function connect(): Outside {
  return workerData ? connectThread(workerData as ThreadData) : connectProcess();
}

const connectThread = ({ port, pipe }: ThreadData): Outside => ({
  reply: (message) => port.postMessage(message),
  write: createPipeWriter(pipe),
  listen: (take) => void port.on("message", take),
  ref: () => port.ref(),
  unref: () => port.unref(),
});

function connectProcess(): Outside {
  const socket = new Socket({ fd: MESSAGES_FD, readable: true, writable: true });
  // Whoever started us is gone, and this process will be in a moment.
  socket.on("error", () => undefined);
  let written = 0;
  return {
    reply: (reply) => void writeAll(MESSAGES_FD, encodeMessage({ reply, written } satisfies ProcessReply)),
    write: (record) => void (written += writeAll(RECORDS_FD, record)),
    listen: (take) => decodeMessages(socket, take),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
  };
}

import { Socket } from "node:net";
import { workerData } from "node:worker_threads";
import { createPipeWriter } from "../wire/byte-pipe.ts";
import { decodeRequests, RECORDS_FD, REQUESTS_FD, writeAll } from "../wire/process-channel.ts";
import type { Request, ThreadData } from "../wire/protocol.ts";

/** The other side, as seen from inside a vessel. */
export interface Outside {
  /** Says a record, waiting while the other side is behind. */
  write(record: string): void;
  listen(take: (request: Request) => void): void;
  /** Keeps this thread or process alive for a request that may come. */
  ref(): void;
  unref(): void;
}

/** Connects to the server that started this thread or process; job code is not shown the way. */
export function connect(): Outside {
  if (!workerData) return connectProcess();
  const { port, pipe } = workerData as ThreadData;
  Object.assign(workerData as object, { port: undefined, pipe: undefined });
  return connectThread({ port, pipe });
}

const connectThread = ({ port, pipe }: ThreadData): Outside => ({
  write: createPipeWriter(pipe),
  listen: (take) => void port.on("message", take),
  ref: () => port.ref(),
  unref: () => port.unref(),
});

function connectProcess(): Outside {
  const socket = new Socket({ fd: REQUESTS_FD, readable: true, writable: true });
  // The server is gone, and this process ends in a moment.
  socket.on("error", () => undefined);
  return {
    write: (record) => writeAll(RECORDS_FD, record),
    listen: (take) => decodeRequests(socket, take),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
  };
}

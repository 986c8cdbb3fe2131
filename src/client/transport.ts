import type { Endpoint, Operation } from "./endpoint.ts";
import { ConnectionError } from "./errors.ts";
import { streamOverEvents } from "./event-stream.ts";
import { streamOverSocket } from "./socket-stream.ts";
import type { Sink } from "./stream.ts";

/** Milliseconds without WebSockets after one failed and server-sent events worked. */
const SOCKETS_AGAIN_MS = 60_000;

/** A `Stream` over the first transport that works. */
export type Transport = (operation: Operation, next: Sink["next"], signal: AbortSignal | undefined) => Promise<void>;

/**
 * Over a WebSocket, or over server-sent events when no socket can be had. A stream that stands is never left for another; which way the next one
 * goes is known to all of a client.
 */
export function createTransport(endpoint: Endpoint): Transport {
  let socketsAgain = -Infinity;
  return async (operation, next, signal) => {
    let leaveSocketsUntil = socketsAgain;
    if (endpoint.WebSocket && performance.now() >= socketsAgain) {
      let stood = false;
      const opened = () => void (stood = true);
      try {
        return await streamOverSocket(endpoint, operation, { opened, next }, signal);
      } catch (error) {
        if (stood || !(error instanceof ConnectionError)) throw error;
      }
      leaveSocketsUntil = performance.now() + SOCKETS_AGAIN_MS;
    }
    // A server that is down has no sockets either: only a stream that could be had says that they are to blame.
    socketsAgain = -Infinity;
    const opened = () => void (socketsAgain = leaveSocketsUntil);
    return streamOverEvents(endpoint, operation, { opened, next }, signal);
  };
}

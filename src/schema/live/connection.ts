import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import type { Session } from "../../access/authenticate.ts";

/** A message of the server waits while so many bytes before it are not sent: whoever is slower reads from its cursor, when it can. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** Operations that may be begun at once, and how many more a second. */
const OPERATIONS_BURST = 1000;
const OPERATIONS_A_SECOND = 100;
/** Time between two pings; a socket that has not answered one before the next is ended. */
const PING_MS = 12_000;

/** A client's socket, from this side. */
export interface Connection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Who is at the other end, once it has said so. */
  session: Session | undefined;
  /** Operations under way, by their ids: graphql-ws's own. */
  underWay: Readonly<Record<string, unknown>>;
  /** What is called once the client no longer waits for an operation, by the id of each. */
  readonly waits: Map<string, () => void>;
  /** Resolves when the message, and most before it, left for the client, or when it never will. */
  send(message: string): Promise<void>;
  /** Why no further operation is begun; undefined when it may be. */
  refuse(underWay: number): string | undefined;
}

/** @param maxOperations that may be under way at a time. */
export function createConnection(socket: WebSocket, request: IncomingMessage, maxOperations: number): Connection {
  let tokens = OPERATIONS_BURST;
  let counted = performance.now();
  let last: Promise<void> = Promise.resolve();

  let answered = true;
  const pings = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_MS);
  socket.on("pong", () => (answered = true));
  const waits = new Map<string, () => void>();
  socket.once("close", () => {
    clearInterval(pings);
    for (const gone of waits.values()) gone();
  });
  // What a client sends wrong closes its socket with a code that says why: see ws.
  socket.on("error", () => undefined);

  return {
    socket,
    request,
    session: undefined,
    underWay: {},
    waits,
    async send(message) {
      while (socket.bufferedAmount > MAX_UNSENT_BYTES && socket.readyState === socket.OPEN) await last;
      if (socket.readyState !== socket.OPEN) return;
      last = new Promise((resolve) => socket.send(message, () => resolve()));
      await last;
    },
    refuse(underWay) {
      const now = performance.now();
      tokens = Math.min(OPERATIONS_BURST, tokens + ((now - counted) * OPERATIONS_A_SECOND) / 1000);
      counted = now;
      if (underWay > maxOperations) return `More than ${maxOperations} operations at a time.`;
      if (tokens < 1) return `More than ${OPERATIONS_A_SECOND} operations a second.`;
      tokens -= 1;
      return undefined;
    },
  };
}

import type { IncomingMessage } from "node:http";
import { type AppError, counted } from "../errors.ts";
import type { WebSocket } from "ws";
import type { Session } from "../access/authenticate.ts";
import { createTurns } from "../turns.ts";
import type { Usage } from "../schema/execution/usage.ts";

/** Bytes before a message that may be unsent; with more, the message waits. A slow client reads from its cursor, where it has one. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** Operations that may be begun at once, and how many more a second. */
const OPERATIONS_BURST = 1000;
const OPERATIONS_A_SECOND = 100;
/** Queries and mutations of one socket that are answered side by side, each until its answer has left. */
const ANSWERED_AT_ONCE = 4;
/** Queries and mutations that may wait for that; with more of them no further message is read from the socket. */
const MOST_WAITING = 16;
/** Time between two pings; a socket that has not answered one before the next is ended. */
const PING_MS = 12_000;

/** A client's socket, from this side. */
export interface Connection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Session of the client, once it has authenticated. */
  session: Session | undefined;
  /** Operations under way, by their ids: graphql-ws's own. */
  underWay: Readonly<Record<string, unknown>>;
  /** Functions to call once the client no longer waits for an operation, by the id of each. */
  readonly waits: Map<string, (why?: AppError) => void>;
  /**
   * Resolves when the message, and most before it, left for the client, or when it never will. It comes in pieces, which are joined when it leaves: many
   * messages may have the same ones.
   */
  send(pieces: readonly string[]): Promise<void>;
  /** Answers a query or mutation in its turn: not before the client has read its earlier answers, but for a few. */
  inTurn<T>(answer: () => Promise<T>): Promise<T>;
  /** Returns the reason to begin no further operation; undefined without one. */
  refuse(underWay: number): string | undefined;
}

/** @param maxOperations that may be under way at a time. @param usage counts the answers that wait for a user to read them. */
export function createConnection(socket: WebSocket, request: IncomingMessage, maxOperations: number, usage: Usage): Connection {
  const turns = createTurns(ANSWERED_AT_ONCE, (waiting) => {
    if (waiting > MOST_WAITING) socket.pause();
    else if (socket.isPaused) socket.resume();
  });
  let tokens = OPERATIONS_BURST;
  let countedAt = performance.now();
  let last: Promise<void> = Promise.resolve();

  let answered = true;
  const pings = setInterval(() => {
    // The answer of one that is not read from cannot have been heard.
    if (!answered && !socket.isPaused) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_MS);
  socket.on("pong", () => (answered = true));
  const waits: Connection["waits"] = new Map();
  socket.once("close", () => {
    clearInterval(pings);
    for (const gone of waits.values()) gone();
  });
  // An invalid frame of a client closes its socket, with a code that says why: see ws.
  socket.on("error", () => undefined);

  const connection: Connection = {
    socket,
    request,
    session: undefined,
    underWay: {},
    waits,
    async send(pieces) {
      // Characters, not bytes: the memory that a message takes until it is sent.
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      const sent = connection.session && usage.hold(connection.session.id, length);
      try {
        while (socket.bufferedAmount > MAX_UNSENT_BYTES && socket.readyState === socket.OPEN) await last;
        if (socket.readyState !== socket.OPEN) return;
        last = new Promise((resolve) => socket.send(pieces.join(""), () => resolve()));
        await last;
      } finally {
        sent?.();
      }
    },
    inTurn: (answer) => turns.take(answer),
    refuse(underWay) {
      const now = performance.now();
      tokens = Math.min(OPERATIONS_BURST, tokens + ((now - countedAt) * OPERATIONS_A_SECOND) / 1000);
      countedAt = now;
      if (underWay > maxOperations) return `More than ${counted(maxOperations, "operation")} at a time.`;
      if (tokens < 1) return `More than ${OPERATIONS_A_SECOND} operations a second.`;
      tokens -= 1;
      return undefined;
    },
  };
  return connection;
}

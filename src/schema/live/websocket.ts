import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ExecutionArgs, type ExecutionResult, GraphQLError, type GraphQLSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Authenticate, Session } from "../../access/authenticate.ts";
import type { Sessions } from "../../access/sessions.ts";
import { AppError } from "../../errors.ts";
import type { Context } from "../context.ts";
import type { ReadDocument } from "../document-reader.ts";
import type { FormatError } from "../error-format.ts";
import type { Executor } from "../execute.ts";
import type { OpenStream, Stream } from "./streams.ts";

/** What sockets need. */
export interface SocketDeps {
  schema: GraphQLSchema;
  executor: Executor;
  readDocument: ReadDocument;
  openStream: OpenStream;
  authenticate: Authenticate;
  sessions: Sessions;
  contextOf(session: Session): Context;
  formatError: FormatError;
  limits: SocketLimits;
}

/** What one socket may do. */
export interface SocketLimits {
  /** Operations under way on one socket. */
  maxSubscriptionsPerSocket: number;
}

/** WebSockets of one server. */
export interface Sockets {
  /** Takes over a connection that asks for an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends all sockets with 1001. */
  close(): Promise<void>;
}

/** Why the server closes a socket, besides what graphql-ws closes it for; all are in `docs/live.md`. */
const CLOSE = { goingAway: 1001, keyEnded: 4401, tooMany: 4429 } as const;

/** Largest message that is taken; a larger one closes its socket with 1009. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A message of the server waits while so many bytes before it are not sent: whoever is slower reads from its cursor, when it can. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** Operations that may be begun at once, and how many more a second. */
const OPERATIONS_BURST = 1000;
const OPERATIONS_A_SECOND = 100;
/** How long a socket may take to say who it is. */
const INIT_TIMEOUT_MS = 3000;
/** Time between two pings; a socket that has not answered one before the next is ended. */
const PING_MS = 12_000;

/** GraphQL over WebSocket: the protocol `graphql-transport-ws`. */
export function openSockets(deps: SocketDeps): Sockets {
  const { schema, executor, readDocument, openStream, authenticate, sessions, contextOf, formatError, limits } = deps;
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  const states = new WeakMap<WebSocket, SocketState>();

  const subscriptions = useServer<Record<string, unknown>, { socket: WebSocket; request: IncomingMessage }>(
    {
      connectionInitWaitTimeout: INIT_TIMEOUT_MS,
      execute: executor.execute,
      async subscribe(args) {
        const { id, socket, session, ...asked } = args as unknown as SocketSubscription;
        const stream = await openStream({ ...asked, viewer: session });
        if (!(Symbol.asyncIterator in stream)) return stream;
        const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
        return sendAll(stream, (answer) => states.get(socket)!.send(`${head}${answer}}`));
      },
      onSubscribe(ctx, id, { query, operationName, variables }) {
        const { socket } = ctx.extra;
        const state = states.get(socket)!;
        const refusal = state.refuse(Object.keys(ctx.subscriptions).length);
        if (refusal) {
          socket.close(CLOSE.tooMany, refusal);
          return [new GraphQLError(refusal)];
        }
        const document = readDocument(query);
        if (!("kind" in document)) return document;
        const { session } = state;
        const contextValue = contextOf(session!);
        return { schema, document, operationName, variableValues: variables, contextValue, id, socket, session } as ExecutionArgs;
      },
      async onConnect(ctx) {
        const { socket, request } = ctx.extra;
        const { connectionParams = {} } = ctx;
        try {
          const session = await authenticate(
            connectionParams["Authorization"] ?? connectionParams["authorization"] ?? request.headers.authorization,
          );
          const leave = sessions.open(session, () => socket.close(CLOSE.keyEnded, "The key is no longer good."));
          // It may have gone while the key was looked up.
          if (socket.readyState === socket.OPEN) socket.once("close", leave);
          else leave();
          states.set(socket, createState(socket, session, limits));
          return true;
        } catch (error) {
          if (error instanceof AppError && error.code === "LIMIT_EXCEEDED") socket.close(CLOSE.tooMany, error.message);
          if (error instanceof AppError) return false;
          // graphql-ws sends the message of what is thrown here.
          throw new Error(formatError(error).message, { cause: error });
        }
      },
      onError: (_ctx, _id, _payload, errors) => errors.map(formatError) as GraphQLError[],
      onNext: (_ctx, _id, _payload, _args, result) =>
        result.errors ? { ...result, errors: result.errors.map(formatError) as GraphQLError[] } : undefined,
    },
    server,
    PING_MS,
  );

  return {
    upgrade(request, socket, head) {
      if (isForeign(request)) return void socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      server.handleUpgrade(request, socket, head, (webSocket) => {
        server.emit("connection", webSocket, request);
        // What a client sends wrong has closed its socket already; graphql-ws would write each to the console, with its stack.
        webSocket.removeAllListeners("error").on("error", () => undefined);
      });
    },
    async close() {
      for (const socket of server.clients) socket.close(CLOSE.goingAway, "The server is stopping.");
      await subscriptions.dispose();
    },
  };
}

interface SocketSubscription extends ExecutionArgs {
  id: string;
  socket: WebSocket;
  session: Session;
}

interface SocketState {
  session: Session;
  /** Why no further operation is begun; undefined when it may be. */
  refuse(underWay: number): string | undefined;
  /** Resolves when the message, and most before it, left for the client. */
  send(message: string): Promise<void>;
}

function createState(socket: WebSocket, session: Session, { maxSubscriptionsPerSocket }: SocketLimits): SocketState {
  let tokens = OPERATIONS_BURST;
  let counted = performance.now();
  let last: Promise<void> = Promise.resolve();

  return {
    session,
    refuse(underWay) {
      const now = performance.now();
      tokens = Math.min(OPERATIONS_BURST, tokens + ((now - counted) * OPERATIONS_A_SECOND) / 1000);
      counted = now;
      if (underWay > maxSubscriptionsPerSocket) return `More than ${maxSubscriptionsPerSocket} operations at a time.`;
      if (tokens < 1) return `More than ${OPERATIONS_A_SECOND} operations a second.`;
      tokens -= 1;
      return undefined;
    },
    async send(message) {
      while (socket.bufferedAmount > MAX_UNSENT_BYTES && socket.readyState === socket.OPEN) await last;
      if (socket.readyState !== socket.OPEN) return;
      last = new Promise((resolve) => socket.send(message, () => resolve()));
      await last;
    },
  };
}

/** As an iterator that gives nothing: graphql-ws would write each answer as JSON once more, and for each subscriber. */
function sendAll(stream: Stream, send: (answer: string) => Promise<void>): AsyncIterableIterator<ExecutionResult> {
  return {
    async next() {
      for await (const answer of stream) await send(answer);
      return { done: true, value: undefined };
    },
    async return() {
      await stream.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Whether a page of another site asks, with what a browser adds by itself: cookies, or a password it remembers. */
function isForeign({ headers: { origin, host, cookie, authorization } }: IncomingMessage): boolean {
  if (origin === undefined || (cookie === undefined && authorization === undefined)) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

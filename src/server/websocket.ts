import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ExecutionArgs, type ExecutionResult, GraphQLError, type GraphQLSchema } from "graphql";
import { handleProtocols, makeServer, type SubscribePayload } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Authenticate, Session } from "../access/authenticate.ts";
import { KEY_ENDED, keyEnded, type Sessions } from "../access/sessions.ts";
import { AppError } from "../errors.ts";
import type { Coming, Context } from "../schema/context.ts";
import type { ReadDocument } from "../schema/document/document-reader.ts";
import type { FormatError } from "../schema/execution/error-format.ts";
import type { Executor } from "../schema/execution/execute.ts";
import { asksCost } from "../schema/price/prices.ts";
import { turnToBegin } from "../schema/execution/slices.ts";
import { type Connection, createConnection } from "./connection.ts";
import { readText, type TextOf } from "./known-documents.ts";
import type { ReadCredentials } from "./credentials.ts";
import type { Origins } from "./origins.ts";
import type { OpenStream, Stream } from "../schema/subscriptions/streams.ts";
import type { Usage } from "../schema/execution/usage.ts";

/** Dependencies of sockets. */
export interface SocketDeps {
  schema: GraphQLSchema;
  executor: Executor;
  readDocument: ReadDocument;
  /** Documents that a client names by their ids. */
  textOf: TextOf;
  openStream: OpenStream;
  authenticate: Authenticate;
  credentialsOf: ReadCredentials;
  origins: Origins;
  sessions: Sessions;
  contextOf(session: Session, coming?: Coming): Context;
  formatError: FormatError;
  limits: SocketLimits;
  usage: Usage;
}

/** Limits of one socket. */
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

/** Codes with which the server closes a socket, besides those of graphql-ws; all are in `docs/live.md`. */
const CLOSE = { goingAway: 1001, keyEnded: 4403, rightsChanged: 4410, tooMany: 4429, weAreWrong: 4500 } as const;

/** Largest message that is taken; a larger one closes its socket with 1009. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Milliseconds that a client has to answer the close of its socket. */
const CLOSE_GRACE_MS = 500;
/** Milliseconds that a socket has to authenticate. */
const INIT_TIMEOUT_MS = 3000;

/** GraphQL over WebSocket: the protocol `graphql-transport-ws`. */
export function openSockets(deps: SocketDeps): Sockets {
  const { schema, executor, readDocument, openStream, authenticate, sessions, contextOf, formatError, limits, usage } = deps;
  const { credentialsOf, origins, textOf } = deps;
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, handleProtocols });

  /** A thrown refusal would close the socket, and end other operations on it. */
  const read = (asked: SubscribePayload, sender: Session): ReturnType<ReadDocument> => {
    try {
      return readDocument(readText(asked, textOf) ?? "", sender);
    } catch (error) {
      return [new GraphQLError((error as Error).message, { originalError: error as Error })];
    }
  };

  const protocol = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    execute: (args) => inTurn(args as unknown as SocketOperation),
    async subscribe(args) {
      const { id, connection, isWanted: _, contextValue, ...asked } = args as unknown as SocketOperation;
      const end = begin(connection);
      if (!end) return nothing();
      const { tellsCost } = contextValue;
      const stream = await openStream({ ...asked, viewer: connection.session!, tellsCost }).catch(failed);
      if (Symbol.asyncIterator in stream) return sendAll(stream, (answer) => connection.send(nextOf(id, [answer])), end);
      end();
      return stream;
    },
    async onSubscribe({ extra: connection, subscriptions }, id, asked) {
      const refusal = connection.refuse(Object.keys(subscriptions).length);
      if (refusal) {
        connection.socket.close(CLOSE.tooMany, refusal);
        return [new GraphQLError(refusal)];
      }
      connection.underWay = subscriptions;
      await turnToBegin(connection.session!.id);
      const { operationName, variables, extensions } = asked;
      const document = read(asked, connection.session!);
      if (!("kind" in document)) return document;
      const isWanted = () => id in subscriptions && connection.socket.readyState === connection.socket.OPEN;
      const contextValue = contextOf(connection.session!, {
        tellsCost: asksCost({}, extensions),
        whenGone: (act) => (isWanted() ? connection.waits.set(id, act) : act()),
      });
      return {
        schema,
        document,
        operationName,
        variableValues: variables,
        contextValue,
        id,
        connection,
        isWanted,
      } as ExecutionArgs;
    },
    async onConnect({ extra: connection, connectionParams: given = {} }) {
      const { socket, request } = connection;
      try {
        const authorization = given["Authorization"] ?? given["authorization"] ?? request.headers.authorization;
        const session = await authenticate(credentialsOf(request, authorization));
        const leave = sessions.open(session, (why) => {
          if (why === "rights") return socket.close(CLOSE.rightsChanged, "Your rights or limits have changed: connect again.");
          for (const gone of connection.waits.values()) gone(keyEnded());
          socket.close(CLOSE.keyEnded, KEY_ENDED);
        });
        // It may have gone while the key was looked up.
        if (socket.readyState === socket.OPEN) socket.once("close", leave);
        else leave();
        connection.session = session;
        return true;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (error.code === "LIMIT_EXCEEDED") socket.close(CLOSE.tooMany, error.message);
        return false;
      }
    },
    onError: (_ctx, _id, _payload, errors) => errors.map(formatError) as GraphQLError[],
    onNext: (_ctx, _id, _payload, _args, result) =>
      result.errors ? { ...result, errors: result.errors.map(formatError) as GraphQLError[] } : undefined,
  });

  /** Counts an operation, or closes the socket of a user who may begin no further one. */
  function begin({ socket, session }: Connection): (() => void) | undefined {
    try {
      return usage.begin(session!.id);
    } catch (error) {
      closeSlow(socket, error);
      return undefined;
    }
  }

  /** Tells a client why its socket is closed; one that reads nothing does not hear it, and is let go all the same. */
  function closeSlow(socket: WebSocket, error: unknown): void {
    if (!(error instanceof AppError)) throw error;
    if (socket.isPaused) socket.resume();
    socket.close(CLOSE.tooMany, error.message);
    setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
  }

  /** The message with an answer, in pieces; nothing else of it is held while it waits to be sent. */
  async function answerOf(id: string, asked: ExecutionArgs & Pick<SocketOperation, "contextValue">): Promise<string[]> {
    const { errors, ...result } = await Promise.try(() => executor.execute(asked)).catch(failed);
    const answer = { ...result, ...(errors && { errors: errors.map(formatError) }) };
    return nextOf(id, await asked.contextValue.bounds.write(answer));
  }

  /** Answers a query or mutation. It is sent here, so that the next one's turn comes only when it has left. */
  async function inTurn({
    id,
    connection,
    isWanted,
    ...asked
  }: SocketOperation): Promise<AsyncIterableIterator<ExecutionResult>> {
    const end = begin(connection);
    if (!end) return nothing();
    try {
      await connection.inTurn(async () => {
        if (!isWanted()) return;
        try {
          usage.mustHaveRead(connection.session!.id);
        } catch (error) {
          return closeSlow(connection.socket, error);
        }
        const message = await answerOf(id, asked);
        if (isWanted()) await connection.send(message);
      });
    } finally {
      end();
    }
    return nothing();
  }

  function connect(socket: WebSocket, request: IncomingMessage): void {
    const connection = createConnection(socket, request, limits.maxSubscriptionsPerSocket, usage);
    // A client that completes an operation itself has said so in the message that was taken.
    const leave = () => {
      for (const [id, gone] of connection.waits) {
        if (id in connection.underWay) continue;
        connection.waits.delete(id);
        gone();
      }
    };
    const fail = (error: unknown) => socket.close(CLOSE.weAreWrong, formatError(error).message);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (message) => connection.send([message]),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => socket.on("message", (data) => void take(String(data)).then(leave, fail)),
      },
      connection,
    );
    socket.once("close", (code, reason) => void closed(code, String(reason)).catch(fail));
  }

  return {
    upgrade(request, socket, head) {
      // A page of another site may not have a browser add credentials by itself: cookies, or a stored password.
      const isProven = request.headers.cookie !== undefined || request.headers.authorization !== undefined;
      if (isProven && origins.isForeign(request)) socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      else server.handleUpgrade(request, socket, head, (webSocket) => connect(webSocket, request));
    },
    async close() {
      for (const socket of server.clients) socket.close(CLOSE.goingAway, "The server is stopping.");
      // A client that reads nothing does not get the close either.
      const late = setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
      }, CLOSE_GRACE_MS);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(late);
    },
  };
}

interface SocketOperation extends ExecutionArgs {
  id: string;
  connection: Connection;
  /** Tells whether the client is there, and has not taken it back. */
  isWanted(): boolean;
  contextValue: Context;
}

const nextOf = (id: string, pieces: readonly string[]) => [
  `{"id":${JSON.stringify(id)},"type":"next","payload":`,
  ...pieces,
  "}",
];

/** Returns the answer of an operation that failed as a whole. A thrown error would close the socket, and end other operations on it. */
const failed = (error: unknown): ExecutionResult => ({ errors: [error as GraphQLError] });

/** An iterator without anything: there is nothing left for graphql-ws to send. */
async function* nothing(): AsyncGenerator<ExecutionResult> {}

/** As an iterator that gives nothing: graphql-ws would write each answer as JSON once more, and for each subscriber. */
function sendAll(
  stream: Stream,
  send: (answer: string) => Promise<void>,
  ended: () => void,
): AsyncIterableIterator<ExecutionResult> {
  return {
    async next() {
      try {
        for await (const answer of stream) await send(answer);
      } finally {
        ended();
      }
      return { done: true, value: undefined };
    },
    async return() {
      await stream.return();
      ended();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

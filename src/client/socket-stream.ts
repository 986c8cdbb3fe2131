import { CloseCode, createClient, GRAPHQL_TRANSPORT_WS_PROTOCOL, type SubscribePayload } from "graphql-ws/client";
import { openAttempt } from "./attempt.ts";
import type { Endpoint } from "./endpoint.ts";
import { ConnectionError, RefusedError, refusalOf, type WireError } from "./errors.ts";
import { watchSilence } from "./silence.ts";
import type { Stream, StreamResult } from "./stream.ts";

/** Close codes that say no; after any other the same may be tried again. */
const REFUSALS: Readonly<Record<number, string>> = {
  [CloseCode.BadRequest]: "BAD_USER_INPUT",
  [CloseCode.Unauthorized]: "UNAUTHENTICATED",
  [CloseCode.Forbidden]: "UNAUTHENTICATED",
  [CloseCode.SubprotocolNotAcceptable]: "BAD_USER_INPUT",
};

/** Over a WebSocket of its own. Within the protocol, so that a browser can do it, it asks for signs of life. */
export const streamOverSocket: Stream = async (endpoint, operation, sink, signal) => {
  const attempt = openAttempt(signal);
  const silence = watchSilence(attempt, "WebSocket", endpoint.silenceMs);
  try {
    attempt.signal.throwIfAborted();
    const client = createClient({
      url: endpoint.socketUrl,
      webSocketImpl: openSocket(endpoint),
      connectionParams: endpoint.proof,
      keepAlive: endpoint.silenceMs / 2,
      retryAttempts: 0,
      on: {
        connected() {
          silence.opened();
          sink.opened();
        },
        message: silence.heard,
        // After 1000, graphql-ws would connect again by itself.
        closed: (event) => attempt.fail(whyClosed(event as CloseEvent)),
      },
    });
    await new Promise<void>((resolve, reject) => {
      attempt.signal.addEventListener("abort", () => {
        client.terminate();
        reject(attempt.signal.reason as Error);
      });
      client.subscribe(operation as SubscribePayload, {
        next(result) {
          try {
            attempt.signal.throwIfAborted();
            sink.next(result as StreamResult);
          } catch (error) {
            attempt.fail(error);
          }
        },
        error(error) {
          if (Array.isArray(error)) attempt.fail(refusalOf(error as WireError[]));
          // A close follows an event, and tells more.
          else if (error instanceof Error)
            attempt.fail(new ConnectionError("The server sent what is not JSON.", { cause: error }));
        },
        complete: resolve,
      });
    });
  } finally {
    silence.stop();
    attempt.end();
  }
};

/** Opens a socket. @returns a class for graphql-ws, of which the first instance is this socket. */
function openSocket({ WebSocket, socketUrl }: Endpoint): unknown {
  try {
    const socket = new WebSocket!(socketUrl, GRAPHQL_TRANSPORT_WS_PROTOCOL);
    // The package ws throws an error that nobody listens to, and graphql-ws stops listening early.
    socket.addEventListener("error", () => {});
    return new Proxy(WebSocket!, { construct: () => socket });
  } catch (error) {
    // A browser refuses some at once, such as one without TLS from a page with it. graphql-ws would tell nobody.
    throw new ConnectionError("No WebSocket can be opened.", { cause: error });
  }
}

function whyClosed({ code, reason }: CloseEvent): Error {
  const refusal = REFUSALS[code];
  const said = `The WebSocket was closed with ${code}. ${reason}`.trimEnd();
  return refusal ? new RefusedError(refusal, said) : new ConnectionError(said);
}

import { ConnectionError, RefusedError, refusalOf, type WireError } from "./errors.ts";
import { watchSilence } from "./silence.ts";
import { OPENING_SHARE, type Stream, type StreamResult } from "./stream.ts";

/** Close codes that say no; after any other the same may be tried again. */
const REFUSALS: Readonly<Record<number, string>> = {
  4400: "BAD_USER_INPUT",
  4401: "UNAUTHENTICATED",
  4403: "UNAUTHENTICATED",
  4406: "BAD_USER_INPUT",
};

/** There is one operation on a socket. */
const ID = "1";

/** A message of the protocol `graphql-transport-ws`, of the kinds that a server sends. */
type Message =
  | { type: "connection_ack" | "complete" | "ping" | "pong" }
  | { type: "next"; payload: StreamResult }
  | { type: "error"; payload: readonly WireError[] };

/** Over a WebSocket of its own. Within the protocol, so that a browser can do it, it asks for a sign of life when nothing comes. */
export const streamOverSocket: Stream = (endpoint, operation, sink, signal) =>
  new Promise((resolve, reject) => {
    let socket: WebSocket;
    try {
      signal?.throwIfAborted();
      socket = new endpoint.WebSocket!(endpoint.socketUrl, "graphql-transport-ws");
    } catch (error) {
      // A browser refuses some at once, such as one without TLS from a page with it.
      return reject(signal?.aborted ? signal.reason : new ConnectionError("No WebSocket can be opened.", { cause: error }));
    }
    let opened = false;
    let left = false;
    const say = (message: object) => socket.send(JSON.stringify(message));
    const silence = watchSilence(endpoint.silenceMs, {
      probe: () => opened && say({ type: "ping" }),
      lost: () => fail(new ConnectionError(`Nothing was heard for ${endpoint.silenceMs} ms.`)),
    });
    const openingMs = endpoint.silenceMs * OPENING_SHARE;
    const late = setTimeout(() => fail(new ConnectionError(`No WebSocket was opened within ${openingMs} ms.`)), openingMs);

    function leave() {
      silence.stop();
      clearTimeout(late);
      signal?.removeEventListener("abort", abort);
      left = true;
      socket.close(1000);
    }
    function fail(error: unknown) {
      leave();
      reject(error);
    }
    const abort = () => fail(signal!.reason);
    signal?.addEventListener("abort", abort);

    function take(message: Message) {
      if (message.type === "connection_ack") {
        opened = true;
        clearTimeout(late);
        say({ id: ID, type: "subscribe", payload: operation });
        sink.opened();
      } else if (message.type === "next") sink.next(message.payload);
      else if (message.type === "error") throw refusalOf(message.payload);
      else if (message.type === "ping") say({ type: "pong" });
      else if (message.type === "complete") {
        leave();
        resolve();
      }
    }

    socket.addEventListener("open", () => {
      if (!left) say({ type: "connection_init", payload: { Authorization: endpoint.authorization } });
    });
    socket.addEventListener("message", ({ data }) => {
      if (left) return;
      silence.heard();
      try {
        take(parse(String(data)));
      } catch (error) {
        fail(error);
      }
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (left) return;
      const refusal = REFUSALS[code];
      const said = `The WebSocket was closed with ${code}. ${reason}`.trimEnd();
      fail(refusal ? new RefusedError(refusal, said) : new ConnectionError(said));
    });
    // A close follows, which tells more; the package ws throws an error that nobody listens to.
    socket.addEventListener("error", () => {});
  });

function parse(text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch (error) {
    throw new ConnectionError("The server sent what is not JSON.", { cause: error });
  }
}

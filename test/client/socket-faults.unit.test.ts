import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { ConnectionError, createClient, type SocketClass } from "../../src/client/index.ts";

/** What a server does with a socket when it has taken a subscription; the connection below the socket comes second. */
type Fault = (socket: WebSocket, connection: Socket) => void;

/** Faults, and the message of the client's error. */
const FAULTS: Record<string, [Fault, string]> = {
  "closed as if all was said": [(socket) => socket.close(1000), "The WebSocket was closed with 1000."],
  "closed with a reason": [(socket) => socket.close(4500, "Out of order."), "The WebSocket was closed with 4500. Out of order."],
  cut: [(socket) => socket.terminate(), "The WebSocket was closed with 1006."],
  reset: [(_, connection) => void connection.resetAndDestroy(), "The WebSocket was closed with 1006."],
  "spoiled by bytes that are no frame": [
    (_, connection) => void connection.write("HTTP/1.1"),
    "The WebSocket was closed with 1006.",
  ],
  "spoiled by a text that is not JSON": [(socket) => socket.send("{"), "The server sent what is not JSON."],
};
const CLASSES: Record<string, SocketClass> = { WebSocket: globalThis.WebSocket, "the package ws": WebSocket };
const CASES = Object.keys(FAULTS).flatMap((fault) => Object.keys(CLASSES).map((name) => [fault, name] as const));

/** A server without event streams that lets every socket in. It counts sockets, and those that are open. */
async function openServer(fault: Fault): Promise<{ url: string; readonly sockets: number; readonly open: number }> {
  const http = createServer((_, response) => response.writeHead(405).end());
  const server = new WebSocketServer({ server: http });
  let sockets = 0;
  server.on("connection", (socket, { socket: connection }) => {
    sockets++;
    socket.on("message", (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === "connection_init") socket.send('{"type":"connection_ack"}');
      if (type === "subscribe") fault(socket, connection);
    });
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    http.close();
  });
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get sockets() {
      return sockets;
    },
    get open() {
      return server.clients.size;
    },
  };
}

test.for(CASES)("a socket that is %s is told, and opened again only then, with %s", async ([name, socketClass]) => {
  const [fault, message] = FAULTS[name]!;
  const server = await openServer(fault);
  const client = createClient({ url: server.url, token: "x", retry: { minMs: 1, maxMs: 2 }, WebSocket: CLASSES[socketClass] });
  const errors: Error[] = [];
  const sockets: number[] = [];
  const stop = new AbortController();
  const enough = new Error("seen enough");
  const following = client.follow("a", {
    signal: stop.signal,
    onRetry(error) {
      errors.push(error);
      sockets.push(server.sockets);
      if (errors.length === 3) stop.abort(enough);
    },
  });
  await expect(following).rejects.toBe(enough);
  expect(errors.map((error) => error.message)).toEqual([message, message, message]);
  expect(errors.every((error) => error instanceof ConnectionError)).toBe(true);
  expect(sockets).toEqual([1, 2, 3]);
});

test.for(Object.entries(CLASSES))("a following that is ended leaves no socket open, with %s", async ([, socketClass]) => {
  const stop = new AbortController();
  const enough = new Error("seen enough");
  const server = await openServer(() => stop.abort(enough));
  const client = createClient({ url: server.url, token: "x", WebSocket: socketClass });
  await expect(client.follow("a", { signal: stop.signal })).rejects.toBe(enough);
  await expect.poll(() => server.open).toBe(0);
  expect(server.sockets).toBe(1);
});

test("where a page may open no socket, server-sent events are tried at once", async () => {
  const { url } = await openServer(() => {});
  const refused = new Proxy(WebSocket, {
    construct() {
      throw new Error("A page with TLS opens no socket without it.");
    },
  });
  const client = createClient({ url, token: "x", retry: { giveUpMs: 0 }, WebSocket: refused });
  await expect(client.follow("a")).rejects.toThrow("answers with HTTP 405");
});

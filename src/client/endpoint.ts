/** A class with the ways of the browser's WebSocket: Node's is one, and so is that of the package `ws`. Its events are too different in type to name. */
export type SocketClass = new (url: string, protocol: string) => Pick<WebSocket, "close" | "send">;

/** Where a server is, and how it is talked to. */
export interface Endpoint {
  /** Where GraphQL is served, over HTTP. */
  url: string;
  /** The same for a WebSocket. */
  socketUrl: string;
  /** What the `Authorization` header holds. */
  authorization: string;
  fetch: typeof fetch;
  /** Null where there are no sockets, or none are wanted. */
  WebSocket: typeof WebSocket | null;
  /** How long nothing may be heard on an open connection before it counts as cut. */
  silenceMs: number;
}

/** An operation as a server takes it. */
export interface Operation {
  query: string;
  variables?: unknown;
}

/** The URLs of GraphQL from what a user gave: without a path it is served at `/graphql`; in a browser it may be relative to the page. */
export function locate(url: string): Pick<Endpoint, "url" | "socketUrl"> {
  const { location } = globalThis as { location?: { href: string } };
  const http = new URL(url, location?.href);
  if (http.pathname === "/") http.pathname = "/graphql";
  http.protocol = http.protocol.replace("ws", "http");
  const socket = new URL(http);
  socket.protocol = http.protocol.replace("http", "ws");
  return { url: http.href, socketUrl: socket.href };
}

import { UrlError } from "./errors.ts";

/** A class with the ways of the browser's WebSocket: Node's is one, and so is that of the package `ws`. Its events are too different in type to name. */
export type SocketClass = (new (url: string, protocol: string) => Pick<WebSocket, "close" | "send">) &
  Pick<typeof WebSocket, "CONNECTING" | "OPEN" | "CLOSING" | "CLOSED">;

/** Address of a server, and options of the connection. */
export interface Endpoint {
  /** URL of GraphQL over HTTP. */
  url: string;
  /** URL for a WebSocket. */
  socketUrl: string;
  /** The header that proves the user, unless the browser's cookie does. */
  proof: { Authorization?: string };
  fetch: typeof fetch;
  /** Null where there are no sockets, or none are wanted. */
  WebSocket: typeof WebSocket | null;
  /** Milliseconds of silence after which an open connection counts as cut. */
  silenceMs: number;
}

/** An operation as a server takes it. */
export interface Operation {
  query: string;
  variables?: unknown;
}

/** An operation whose document the server knows by an id. */
export interface NamedOperation {
  documentId: string;
  variables?: unknown;
}

/** URLs of a server's GraphQL endpoint. */
export type ServerUrls = Pick<Endpoint, "url" | "socketUrl">;

/**
 * Returns where GraphQL is served, from the URL of a server as people write it: with http, https, ws or wss, with the path `/graphql`, with another
 * that leads there, or with none. In a browser it may be relative to the page.
 * @throws {@link UrlError} for anything else.
 */
export function serverUrls(given: string): ServerUrls {
  const { location } = globalThis as { location?: { href: string } };
  const http = URL.canParse(given, location?.href) ? new URL(given, location?.href) : undefined;
  const [, isSecure] = /^(?:http|ws)(s?):$/.exec(http?.protocol ?? "") ?? [];
  if (!http || isSecure === undefined) throw new UrlError(given);
  if (/^\/(graphql\/)?$/.test(http.pathname)) http.pathname = "/graphql";
  http.hash = "";
  http.protocol = `http${isSecure}:`;
  const socket = new URL(http);
  socket.protocol = `ws${isSecure}:`;
  return { url: http.href, socketUrl: socket.href };
}

import type { IncomingMessage } from "node:http";

/** A cookie of this server, which no page's code reads and no other site's form sends. */
export interface Cookie {
  /** Returns the value that a request brings; undefined without one. */
  read(request: IncomingMessage): string | undefined;
  /** Returns the `Set-Cookie` that gives the browser a value. */
  write(request: IncomingMessage, value: string, maxAgeSeconds: number): string;
  /** Returns the `Set-Cookie` that takes the value away. */
  clear(request: IncomingMessage): string;
}

/**
 * @param name of the cookie; with `__Host-` before it where the server is reached over TLS, so that no neighbouring host can set it.
 * @param isSecure tells whether a request came over TLS.
 */
export function createCookie(name: string, isSecure: (request: IncomingMessage) => boolean): Cookie {
  const plain = `jobgraph-${name}`;
  const finders = new Map(
    [plain, `__Host-${plain}`].map((full) => [full, new RegExp(`(?:^|;\\s*)${full}=([\\w.~-]+)\\s*(?:;|$)`)]),
  );
  const nameFor = (request: IncomingMessage) => (isSecure(request) ? `__Host-${plain}` : plain);
  const write: Cookie["write"] = (request, value, maxAgeSeconds) =>
    `${nameFor(request)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${isSecure(request) ? "; Secure" : ""}`;
  return {
    read: (request) => {
      const { cookie } = request.headers;
      return cookie === undefined ? undefined : finders.get(nameFor(request))!.exec(cookie)?.[1];
    },
    write,
    clear: (request) => write(request, "", 0),
  };
}

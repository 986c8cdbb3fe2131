import type { IncomingMessage } from "node:http";
import { AppError } from "../errors.ts";

/** Origins of pages that a browser sends requests for. */
export interface Origins {
  /** Tells whether a browser says that a page of another site sends the request, unless that page's origin is trusted. */
  isForeign(request: IncomingMessage): boolean;
  /** Tells whether the origin is one of those that the operator trusts. */
  isTrusted(origin: string): boolean;
  /**
   * Throws for a request that a page of another site may have a browser send with its cookies.
   * @throws {@link AppError} FORBIDDEN.
   */
  mustBeOwn(request: IncomingMessage): void;
}

/** Types of content that a form of any page can send. */
const SIMPLE_TYPE = /^\s*(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(?:;|$)/i;

/**
 * @param publicUrl URL of the server as browsers know it; without it, the `Host` of each request.
 * @param trusted origins of other sites whose pages may do what the server's own do.
 */
export function createOrigins(publicUrl: string | undefined, trusted: readonly string[]): Origins {
  const known = new Set(trusted);
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  const isOwn = (origin: string, host: string | undefined) =>
    origin === own || (own === undefined && URL.canParse(origin) && new URL(origin).host === host);

  const isForeign = ({ headers: { origin, host, "sec-fetch-site": site } }: IncomingMessage): boolean => {
    // Browsers let no page set this header.
    if (site === "same-origin" || site === "none") return false;
    if (origin !== undefined) return !known.has(origin) && !isOwn(origin, host);
    return site !== undefined;
  };

  return {
    isForeign,
    isTrusted: (origin) => known.has(origin),
    mustBeOwn(request) {
      const { origin, accept = "", "content-type": type, ...headers } = request.headers;
      const isSafe = request.method === "GET" || request.method === "HEAD";
      if (isForeign(request)) {
        // Nobody but the user reads the answer to a link.
        if (isSafe && headers["sec-fetch-mode"] === "navigate" && !accept.includes("text/event-stream")) return;
        throw new AppError("FORBIDDEN", "A page of another site sent this request: CORS_ORIGINS does not name its origin.");
      }
      const isTold = origin !== undefined || headers["sec-fetch-site"] !== undefined;
      const isPlain = (type === undefined || SIMPLE_TYPE.test(type)) && headers["x-requested-with"] === undefined;
      if (!isSafe && !isTold && isPlain)
        throw new AppError(
          "FORBIDDEN",
          "Nothing tells which page sent this request: send `Content-Type: application/json`, or a header `X-Requested-With`.",
        );
    },
  };
}

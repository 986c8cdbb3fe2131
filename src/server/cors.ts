import type { IncomingMessage, ServerResponse } from "node:http";
import type { Origins } from "./origins.ts";

/** Headers that pages of other origins may send. */
const REQUEST_HEADERS =
  "accept, apollo-require-preflight, authorization, content-type, x-apollo-operation-name, x-job-result, x-query-cost, x-requested-with";
/** Headers of answers that those pages may read, besides those that every page may. */
const EXPOSED = "content-disposition, retry-after";
/** Seconds that a browser remembers the answer to a preflight. */
const MAX_AGE = "600";

/** Answers of browsers' questions whether pages of other origins may use the server. */
export interface Cors {
  /** Adds the headers for the origin of a request. Returns true for a preflight, which is then answered. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

/** Lets pages of trusted origins in, with cookies, and no others. Undefined without any: browsers then let no page of another origin in. */
export function createCors(trusted: readonly string[], origins: Origins): Cors | undefined {
  if (trusted.length === 0) return undefined;
  return {
    answer(request, response) {
      const { origin } = request.headers;
      // An answer that a cache keeps is another one for other origins.
      response.setHeader("vary", "Origin");
      const isTrusted = origin !== undefined && origins.isTrusted(origin);
      if (isTrusted) {
        response.setHeader("access-control-allow-origin", origin);
        response.setHeader("access-control-allow-credentials", "true");
        response.setHeader("access-control-expose-headers", EXPOSED);
      }
      if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false;
      if (isTrusted) {
        response.setHeader("access-control-allow-methods", "GET, HEAD, POST");
        response.setHeader("access-control-allow-headers", REQUEST_HEADERS);
        response.setHeader("access-control-max-age", MAX_AGE);
      }
      response.writeHead(204).end();
      return true;
    },
  };
}

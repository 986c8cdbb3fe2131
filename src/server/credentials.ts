import type { IncomingMessage } from "node:http";
import type { Credentials } from "../access/authenticate.ts";
import type { Cookie } from "./sign-in/cookies.ts";
import type { Origins } from "./origins.ts";

/**
 * Returns the proofs of a user that a request brings: `Authorization`, or the cookie of a session.
 * @param authorization of the request, unless it came in another way.
 * @throws {@link AppError} FORBIDDEN for a cookie that a page of another site had the browser send.
 */
export type ReadCredentials = (request: IncomingMessage, authorization?: unknown) => Credentials;

/** @param session the cookie with the key of a session. */
export function createCredentials(session: Cookie, origins: Origins): ReadCredentials {
  return (request, authorization = request.headers.authorization) => {
    const address = request.socket.remoteAddress;
    if (authorization !== undefined) return { authorization, address };
    const key = session.read(request);
    if (key === undefined) return { address };
    origins.mustBeOwn(request);
    return { session: key, address };
  };
}

import type { IncomingMessage } from "node:http";
import type { Credentials } from "../access/authenticate.ts";

/** Returns the proofs of a user that a request brings. @param authorization of the request, unless they came in another way. */
export function credentialsOf(request: IncomingMessage, authorization: unknown = request.headers.authorization): Credentials {
  return { authorization, address: request.socket.remoteAddress };
}

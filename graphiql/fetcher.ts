import type { GraphiQLProps } from "graphiql";
import { type ExecutionResult, getOperationAST } from "graphql";
import { createClient } from "graphql-ws";

import { growing } from "./growing";

type Fetcher = GraphiQLProps["fetcher"];
type Params = Parameters<Fetcher>[0];

const url = new URL("/graphql", location.origin);
const socketUrl = new URL(url);
socketUrl.protocol = location.protocol === "https:" ? "wss:" : "ws:";

/** Code with which the server closes the socket of a user whom it does not know, or not any more. */
const UNKNOWN_USER = 4403;

/**
 * Sends subscriptions over a WebSocket and all else by HTTP: with the key, or that of the headers editor, and without one by the browser's cookie.
 * @param onUnknown is told when the server did not know the user.
 */
export function createFetcher(key: string, onUnknown: () => void): Fetcher {
  return async (params, { headers: editorHeaders = {}, documentAST } = {}) => {
    const headers = new Headers();
    if (key) headers.set("Authorization", `Token ${key}`);
    for (const [name, value] of Object.entries(editorHeaders)) headers.set(name, String(value));

    const operation = documentAST && getOperationAST(documentAST, params.operationName);
    return operation?.operation === "subscription" ? subscribe(params, headers, onUnknown) : post(params, headers, onUnknown);
  };
}

async function post(params: Params, headers: Headers, onUnknown: () => void) {
  headers.set("Accept", "application/json");
  headers.set("Content-Type", "application/json");
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(params) });
  if (response.status === 401) onUnknown();
  return response.json();
}

function subscribe(params: Params, headers: Headers, onUnknown: () => void) {
  const authorization = headers.get("Authorization");
  // A client per subscription, because a connection keeps the key that it was opened with.
  const client = createClient({
    url: socketUrl.href,
    connectionParams: authorization === null ? {} : { Authorization: authorization },
    // graphql-ws would try a refused key for half a minute before it tells.
    retryAttempts: 0,
    on: {
      closed(event) {
        if ((event as CloseEvent).code === UNKNOWN_USER) onUnknown();
      },
    },
  });
  const events = client.iterate(params) as AsyncGenerator<ExecutionResult>;
  const grow = growing();
  // Not an async generator: its return() would wait for the next event, so that Stop would do nothing until then.
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      events.next().then(
        (event): IteratorResult<ExecutionResult, void> => (event.done ? event : { value: grow(event.value) }),
        (error: unknown) => Promise.reject(readable(error)),
      ),
    return: () => events.return(undefined),
  };
}

/** GraphiQL prints errors as JSON, in which a CloseEvent is `{ "isTrusted": true }`. */
function readable(error: unknown): unknown {
  if (!(error instanceof CloseEvent)) return error;
  return { message: `The WebSocket was closed: ${error.code} ${error.reason}`.trimEnd() };
}

import type { GraphiQLProps } from "graphiql";
import { type ExecutionResult, getOperationAST, GraphQLError } from "graphql";
import { createClient } from "graphql-ws";

import { growing } from "./growing";

type Fetcher = GraphiQLProps["fetcher"];
type Params = Parameters<Fetcher>[0];

const url = new URL("/graphql", location.origin);
const socketUrl = new URL(url);
socketUrl.protocol = location.protocol === "https:" ? "wss:" : "ws:";

/** Sends subscriptions over a WebSocket and all else by HTTP, with the token unless the headers editor has another. */
export function createFetcher(token: string): Fetcher {
  return async (params, { headers: editorHeaders = {}, documentAST } = {}) => {
    const headers = new Headers();
    if (token) headers.set("Authorization", `Token ${token}`);
    for (const [name, value] of Object.entries(editorHeaders)) headers.set(name, String(value));
    if (!headers.has("Authorization")) return { errors: [new GraphQLError("Type your API token at the top right.")] };

    const operation = documentAST && getOperationAST(documentAST, params.operationName);
    return operation?.operation === "subscription" ? subscribe(params, headers) : post(params, headers);
  };
}

async function post(params: Params, headers: Headers) {
  headers.set("Accept", "application/json");
  headers.set("Content-Type", "application/json");
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(params) });
  return response.json();
}

function subscribe(params: Params, headers: Headers) {
  // A client per subscription, because a connection keeps the token that it was opened with.
  const client = createClient({
    url: socketUrl.href,
    connectionParams: { Authorization: headers.get("Authorization") },
    // graphql-ws would try a refused token for half a minute before it tells.
    retryAttempts: 0,
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

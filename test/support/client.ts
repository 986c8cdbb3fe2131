import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { type Client as WsClient, createClient as createWsClient } from "graphql-ws";
import WebSocket from "ws";
import type { DataOf } from "./documents.ts";

/** A GraphQL error as it comes over the wire. */
interface WireError {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; details?: { field: string; message: string }[]; id?: string };
}

/** Talks to a server as a client would, over HTTP and WebSocket. */
export interface TestClient {
  /** Data of an operation that must succeed, typed by its text; a failure prints the operation, its variables and the answer. */
  query<const Text extends string>(document: Text, variables?: object): Promise<DataOf<Text>>;
  /** Data of an operation that codegen has typed. */
  query<T, V extends object>(document: TypedDocumentNode<T, V>, variables: V): Promise<T>;
  /** The first error of an operation that must fail. */
  refused(document: string, variables?: object): Promise<WireError>;
  /** Follows a run's log to its end, or to `limit` lines. */
  followLog(jobResultId: string, options?: FollowOptions): Promise<Line[]>;
  readonly ws: WsClient;
  close(): void;
}

/** A line as {@link TestClient.followLog} asks for it. */
export interface Line {
  sequence: number;
  log_level: string;
  message: string;
  grouping: string;
}

interface FollowOptions {
  after?: number;
  /** Called with the lines of each event. */
  onLines?: (lines: Line[]) => void;
  /** Stop after this many lines. */
  limit?: number;
}

const FOLLOW = `subscription ($id: ID!, $after: Int!) {
  job_log_entries(job_result_id: $id, after_sequence: $after) { sequence log_level message grouping }
}`;

/** Sends an operation and returns status and body as they came. */
export async function post(
  url: string,
  key: string | undefined,
  body: object,
  path = "/graphql",
  headers: Record<string, string> = {},
): Promise<{ status: number; body: any }> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key && { authorization: `Token ${key}` }), ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** A client of the server at a URL, with a user's key. */
export function createClient(url: string, key: string): TestClient {
  const ws = createWsClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Token ${key}` },
    retryAttempts: 0,
  });

  return {
    ws,
    async query(operation: string | TypedDocumentNode, variables: object = {}) {
      const document = typeof operation === "string" ? operation : print(operation);
      const { status, body } = await post(url, key, { query: document, variables });
      if (status !== 200 || body.errors) {
        throw new Error(`HTTP ${status}\n${document}\n${JSON.stringify(variables)}\n${JSON.stringify(body, null, 2)}`);
      }
      return body.data;
    },
    async refused(document, variables = {}) {
      const { body } = await post(url, key, { query: document, variables });
      if (!body.errors) throw new Error(`must be refused, and was answered:\n${document}\n${JSON.stringify(body)}`);
      return body.errors[0];
    },
    async followLog(jobResultId, { after = 0, onLines, limit = Infinity } = {}) {
      const lines: Line[] = [];
      const events = ws.iterate<{ job_log_entries: Line[] }>({ query: FOLLOW, variables: { id: jobResultId, after } });
      for await (const event of events) {
        if (event.errors) throw new Error(JSON.stringify(event.errors));
        lines.push(...event.data!.job_log_entries);
        onLines?.(event.data!.job_log_entries);
        if (lines.length >= limit) break;
      }
      return lines;
    },
    close: () => void ws.dispose(),
  };
}

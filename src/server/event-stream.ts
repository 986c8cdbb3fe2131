import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type GraphQLError, getOperationAST, type GraphQLSchema, OperationTypeNode } from "graphql";
import type { Session } from "../access/authenticate.ts";
import { keyEnded, type Sessions } from "../access/sessions.ts";
import { AppError } from "../errors.ts";
import type { AnswerTypes } from "./answer-types.ts";
import { type AskedOver, readText } from "./known-documents.ts";
import type { Coming, Context } from "../schema/context.ts";
import type { ReadDocument } from "../schema/document/document-reader.ts";
import type { FormatError } from "../schema/execution/error-format.ts";
import type { Executor } from "../schema/execution/execute.ts";
import type { WhenGone } from "../schema/execution/bounds.ts";
import { asksCost } from "../schema/price/prices.ts";
import type { OpenStream, Stream } from "../schema/subscriptions/streams.ts";
import type { Usage } from "../schema/execution/usage.ts";
import { NO_SNIFFING } from "./safe-headers.ts";

/** Dependencies of event streams. */
export interface EventStreamDeps {
  schema: GraphQLSchema;
  executor: Executor;
  readDocument: ReadDocument;
  openStream: OpenStream;
  sessions: Sessions;
  contextOf(session: Session, coming?: Coming): Context;
  formatError: FormatError;
  usage: Usage;
}

/** GraphQL over server-sent events. */
export interface EventStreams {
  /** Answers a request with an event stream. @throws {@link AppError} for an error before the stream begins. */
  answer(session: Session, asked: Asked, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Cuts all streams, without an end: their clients go on with the next server. */
  close(): void;
}

/** Time between two comments that keep a quiet connection, and tell of a lost one. */
const PING_MS = 12_000;

const HEADERS = {
  ...NO_SNIFFING,
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // Asks proxies of nginx's kind not to hold events back.
  "x-accel-buffering": "no",
};

/** The protocol of graphql-sse, in its mode of distinct connections: one operation a request, `next` for each answer, then `complete`. */
export function openEventStreams(deps: EventStreamDeps): EventStreams {
  const { schema, executor, readDocument, openStream, sessions, contextOf, formatError, usage } = deps;
  const open = new Set<ServerResponse>();

  /** Answers of one operation; the errors of a document that is not valid come before the stream begins. */
  async function answersOf(
    session: Session,
    { query, operationName, variables, extensions }: Asked,
    request: IncomingMessage,
    whenGone: WhenGone,
  ): Promise<Stream | string[]> {
    const tellsCost = asksCost(request.headers, extensions);
    const document = readDocument(query, session);
    if (!("kind" in document)) throw new InvalidDocument(document);
    const operation = getOperationAST(document, operationName);
    if (!operation) throw new AppError("BAD_USER_INPUT", "The document has several operations: name one with `operationName`.");
    if (request.method === "GET" && operation.operation === OperationTypeNode.MUTATION)
      throw new AppError("BAD_USER_INPUT", "Send a mutation with POST.");
    const execution = { schema, document, operationName, variableValues: variables };
    const contextValue = contextOf(session, { tellsCost, whenGone });
    const result =
      operation.operation === OperationTypeNode.SUBSCRIPTION
        ? await openStream({ ...execution, viewer: session, tellsCost })
        : await executor.execute({ ...execution, contextValue });
    if (Symbol.asyncIterator in result) return result as Stream;
    const answer = { ...result, ...(result.errors && { errors: result.errors.map(formatError) }) };
    return [(await contextValue.bounds.write(answer)).join("")];
  }

  return {
    async answer(session, asked, request, response) {
      const ended = new AbortController();
      response.once("close", () => ended.abort());
      const leave = sessions.open(session, (why) => {
        // A stream without an end was interrupted: its client goes on where it was.
        if (why === "rights") return void response.destroy();
        const error = keyEnded();
        if (response.headersSent)
          response.end(`${event("next", JSON.stringify({ errors: [formatError(error)] }))}${event("complete")}`);
        ended.abort(error);
      });
      let end: (() => void) | undefined;
      try {
        end = usage.begin(session.id);
        const answers = await answersOf(session, asked, request, (act) =>
          onAbort(ended.signal, () => act(reasonOf(ended.signal))),
        );
        const why = reasonOf(ended.signal);
        if (why && "return" in answers) await answers.return();
        if (why) throw why;
        if (ended.signal.aborted) return void ("return" in answers && (await answers.return()));
        response.writeHead(200, HEADERS);
        response.flushHeaders();
        open.add(response);
        const pings = setInterval(() => response.write(":\n\n"), PING_MS);
        if ("return" in answers) ended.signal.addEventListener("abort", () => void answers.return(), { once: true });
        try {
          for await (const answer of answers) {
            if (ended.signal.aborted) break;
            // A slow client is waited for.
            const read = usage.hold(session.id, answer.length);
            response.write(`event: next\ndata: `);
            response.write(answer);
            if (!response.write("\n\n")) await once(response, "drain", { signal: ended.signal }).catch(() => undefined);
            read();
          }
          if (!ended.signal.aborted) response.end(event("complete"));
        } finally {
          clearInterval(pings);
          open.delete(response);
        }
      } finally {
        end?.();
        leave();
      }
    },
    close() {
      for (const response of open) response.destroy();
    },
  };
}

/** A document that is not valid. */
export class InvalidDocument extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super("The document is not valid.");
    this.errors = errors;
  }
}

/** An operation as a request asks for it. */
export interface Asked {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
  extensions?: unknown;
}

/**
 * Decides how a request is answered. A client that takes JSON as well gets an event stream for a subscription alone.
 * @throws {@link AppError} BAD_USER_INPUT for a subscription of a client that takes no event stream.
 */
export function wantsStream(
  types: AnswerTypes,
  { method, search, body }: AskedOver,
  read: (text: string) => ReturnType<ReadDocument>,
): boolean {
  if (types.stream && types.json === undefined) return true;
  const { query, operationName } = partsOf(method, search, body);
  // Most documents need not be read to know it.
  const document = typeof query === "string" && query.includes("subscription") ? read(query) : [];
  const operation = "kind" in document ? getOperationAST(document, operationName as string | undefined) : undefined;
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return false;
  if (types.stream) return true;
  const message = "A subscription is followed over a WebSocket (graphql-transport-ws), or with `Accept: text/event-stream`.";
  throw new AppError("BAD_USER_INPUT", message);
}

function onAbort(signal: AbortSignal, act: () => unknown): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}

/** Returns the error of a stream that must not go on; undefined for one whose client has gone. */
const reasonOf = ({ reason }: AbortSignal): AppError | undefined => (reason instanceof AppError ? reason : undefined);

const event = (name: string, data = "") => `event: ${name}\ndata: ${data}\n\n`;

/**
 * Returns the operation of a request, whose document has a text unless it is unknown: from its body, or with GET from its query.
 * @throws {@link AppError} BAD_USER_INPUT or PERSISTED_QUERY_NOT_FOUND.
 */
export function readAsked(method: string, search: string, body: unknown): Asked {
  const parts = partsOf(method, search, body);
  const { operationName } = parts;
  const json = (name: "extensions" | "variables") => (method === "GET" ? parseParameter(name, parts[name]) : parts[name]);
  const variables = json("variables");
  const extensions = json("extensions");
  const query = readText({ ...parts, extensions }, () => undefined);
  if (query === undefined) throw new AppError("BAD_USER_INPUT", "Send JSON with a `query`, or with a `documentId`.");
  const isObject = typeof variables === "object" && !Array.isArray(variables);
  if (variables !== undefined && !isObject) throw new AppError("BAD_USER_INPUT", "`variables` must be an object.");
  if (operationName !== undefined && operationName !== null && typeof operationName !== "string")
    throw new AppError("BAD_USER_INPUT", "`operationName` must be a string.");
  return {
    query,
    operationName: operationName ?? undefined,
    variables: (variables ?? undefined) as Asked["variables"],
    extensions,
  };
}

function partsOf(method: string, search: string, body: unknown): Partial<Record<keyof Asked, unknown>> {
  return (method === "GET" ? Object.fromEntries(new URLSearchParams(search)) : (body ?? {})) as object;
}

function parseParameter(name: string, text: unknown): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text as string);
  } catch {
    throw new AppError("BAD_USER_INPUT", `\`${name}\` must be JSON.`);
  }
}

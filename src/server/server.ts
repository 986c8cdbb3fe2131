import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import type { Audit } from "../access/audit.ts";
import type { Authenticate, Session, Viewer } from "../access/authenticate.ts";
import { createBrowserSessions } from "../access/sign-in/browser-sessions.ts";
import { TooManyFailures } from "../access/failures.ts";
import { createKeyWatch } from "../access/key-watch.ts";
import { createSessions, keyEnded, type SessionClock } from "../access/sessions.ts";
import { createOidc, type OidcSettings } from "../access/identity/oidc.ts";
import { createSignIn } from "../access/sign-in/sign-in.ts";
import type { Database } from "../entities/database.ts";
import { type AppError, StartError } from "../errors.ts";
import type { Runner } from "../runner/index.ts";
import { answerTypesOf } from "./answer-types.ts";
import { createAuthPages } from "./sign-in/auth-pages.ts";
import { createCors } from "./cors.ts";
import { createCookie } from "./sign-in/cookies.ts";
import { createCredentials } from "./credentials.ts";
import type { UserOfIdentity } from "./sign-in/identity-users.ts";
import { OIDC_CALLBACK } from "./sign-in/oidc-pages.ts";
import { createOrigins } from "./origins.ts";
import { openApollo, type Plugin } from "./apollo.ts";
import { type Coming, type Context, createContext } from "../schema/context.ts";
import { createErrorFormat } from "../schema/execution/error-format.ts";
import { ANY_DOCUMENT, createDocumentReader, type DocumentRules } from "../schema/document/document-reader.ts";
import { createExecutor, type Executor } from "../schema/execution/execute.ts";
import { fileOfPath } from "../schema/types/run/download-path.ts";
import { sendFile } from "./file-download.ts";
import { serveGraphiql } from "./graphiql.ts";
import { createSchema } from "../schema/index.ts";
import { DATA_HEADERS, NO_SNIFFING } from "./safe-headers.ts";
import { type OperationBody, readOperationBody } from "./operation-body.ts";
import { readPlainRequest } from "./plain-request.ts";
import { type TextOf, withText } from "./known-documents.ts";
import { createBoundExecutor } from "../schema/execution/bounds.ts";
import type { OperationLimits } from "../schema/price/limits.ts";
import { asksCost, createPricedExecutor, createPrices } from "../schema/price/prices.ts";
import { InvalidDocument, openEventStreams, readAsked, wantsStream } from "./event-stream.ts";
import { createStreams } from "../schema/subscriptions/streams.ts";
import { openSockets, type SocketLimits } from "./websocket.ts";
import { createUsage, type UsageLimits } from "../schema/execution/usage.ts";
import { NAUTOBOT_WEBHOOK, takeNautobotWebhook } from "./nautobot-webhook.ts";
import { isSliceOver, nextSlice, turnToBegin, type Sliced } from "../schema/execution/slices.ts";

/** Paths of GraphQL; clients written for Nautobot use the second. */
const PATHS: ReadonlySet<string> = new Set(["/graphql", "/api/graphql", "/api/graphql/"]);

/** Milliseconds between the checks of the keys of open sockets and streams. */
const SESSION_CHECK_MS = 2000;

/** Characters of an answer that the system takes at once. */
const UNCOUNTED = 16 * 1024;

/** Milliseconds that requests under way may take once the server is closing. */
const CLOSE_GRACE_MS = 1000;

/** Settings of sign-in, and of pages that browsers load. */
export interface BrowserSettings {
  /** URL of the server as browsers know it; the `Host` of each request when undefined. */
  publicUrl: string | undefined;
  /** Origins of other sites whose pages may do what the server's own do. */
  corsOrigins: readonly string[];
  sessionMs: number;
  /** Failed sign-ins of one address, and with one name, in a minute; 0 for any number. */
  maxFailedSignInsPerMinute: number;
  /** The provider that browsers sign in at; undefined without one. */
  oidc: OidcSettings | undefined;
}

/** Dependencies of a server. */
export interface ServerDeps {
  database: Database;
  runner: Runner;
  authenticate: Authenticate;
  limits: OperationLimits & SocketLimits & UsageLimits & { maxStreamsPerUser: number };
  browsers: BrowserSettings;
  userOf: UserOfIdentity;
  audit: Audit;
  /** The documents that users may send. */
  documents?: DocumentRules | undefined;
  /** Secret that senders of webhooks share; without it no webhook is accepted. */
  webhookSecret?: string | undefined;
  /** Plugins of Apollo Server. With any, each query and mutation of a client takes its pipeline. */
  plugins?: readonly Plugin[];
  clock: SessionClock;
  log: Logger;
  host: string;
  port: number;
}

/** HTTP and WebSocket on one port. */
export interface Server {
  /** URL of the server, without a path. */
  readonly url: string;
  /** Ends open subscriptions with 1001, lets requests under way finish, and closes the port. */
  close(): Promise<void>;
}

/**
 * Serves Jobgraph's schema, compiled, unless a test brings another or another executor.
 * @throws {@link StartError} when the port cannot be had.
 */
export async function openServer(
  {
    database,
    runner,
    authenticate,
    limits,
    browsers,
    userOf,
    audit,
    documents = ANY_DOCUMENT,
    webhookSecret,
    plugins = [],
    clock,
    log,
    host,
    port,
  }: ServerDeps,
  schema: GraphQLSchema = createSchema(),
  unbound: Executor = createExecutor(schema),
): Promise<Server> {
  const priceOf = createPrices(schema, database, limits);
  const bound = createBoundExecutor(unbound);
  const executor = createPricedExecutor(bound, priceOf);
  const formatError = createErrorFormat(log, { hidesNames: documents.introspection !== "signed-in" });
  const readDocument = createDocumentReader(schema, limits, documents);
  const apollo = await openApollo({ schema, executor, readDocument, formatError, plugins });
  const textOf: TextOf = (id) => documents.trusted?.textOf(id) ?? apollo.registered(id);
  // A plugin sees every query and mutation; without plugins most need no Apollo Server.
  const needsApollo = plugins.length > 0;

  const usage = createUsage(limits);
  const contextOf = (viewer: Viewer, coming?: Coming) =>
    createContext({ database, runner, limits, usage, audit }, viewer, coming);
  const openStream = createStreams({ executor: bound, priceOf, contextOf, formatError });
  const sessions = createSessions({
    keyWatch: createKeyWatch(database, () => clock.now()),
    forget: (key) => authenticate.forget(key),
    checkMs: SESSION_CHECK_MS,
    mostPerUser: limits.maxStreamsPerUser,
    clock,
  });
  const { publicUrl, corsOrigins, sessionMs, maxFailedSignInsPerMinute } = browsers;
  const origins = createOrigins(publicUrl, corsOrigins);
  const cors = createCors(corsOrigins, origins);
  const isSecure = publicUrl?.startsWith("https:") ?? false;
  const isOverTls = ({ socket }: IncomingMessage) => isSecure || "encrypted" in socket;
  const sessionCookie = createCookie("session", isOverTls);
  const credentialsOf = createCredentials(sessionCookie, origins);
  const browserSessions = createBrowserSessions(database, sessionMs, () => clock.now());
  const signIn = createSignIn({
    database,
    browserSessions,
    audit,
    maxFailuresPerMinute: maxFailedSignInsPerMinute || Infinity,
  });
  const redirectUri = `${publicUrl}${OIDC_CALLBACK}`;
  const oidcPages = browsers.oidc && {
    oidc: createOidc(browsers.oidc, redirectUri, (error) =>
      log.warn({ fault: faultOf(error) }, "the provider of the sign-in is at fault"),
    ),
    userOf,
    browserSessions,
    sessionCookie,
    oidcCookie: createCookie("oidc", isOverTls),
    redirectUri,
    audit,
  };
  const serveAuth = createAuthPages({
    authenticate,
    credentialsOf,
    signIn,
    browserSessions,
    sessionCookie,
    origins,
    audit,
    oidcPages,
  });
  const live = {
    credentialsOf,
    origins,
    schema,
    executor: needsApollo ? apollo.executor : executor,
    readDocument,
    textOf,
    openStream,
    authenticate,
    sessions,
    contextOf,
    formatError,
    limits,
    usage,
  };
  const sockets = openSockets(live);
  const eventStreams = openEventStreams(live);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (cors?.answer(request, response)) return;
    const { pathname, search } = locate(request);
    if (request.method === "GET" && (await serveGraphiql(pathname, search, request, response))) return;
    if (pathname.startsWith("/auth/") && (await serveAuth(pathname, request, response))) return;
    if (pathname === NAUTOBOT_WEBHOOK) {
      const id = await takeNautobotWebhook({ database, runner, webhookSecret, log }, request);
      return send(response, 200, { object_change: id });
    }
    const file = fileOfPath(pathname);
    if (file !== undefined) {
      const viewer = await authenticate(credentialsOf(request));
      response.once(
        "close",
        sessions.watch(viewer, () => response.destroy()),
      );
      return sendFile({ database, runner }, viewer, file, request, response);
    }
    if (!PATHS.has(pathname)) return send(response, 404, { errors: [{ message: `Nothing is served at ${pathname}.` }] });
    const viewer = await authenticate(credentialsOf(request));
    const body = await readOperationBody(request);
    await turnToBegin(viewer.id);
    // In a function of its own: a value that has waited is old, and the collector frees its memory late.
    await answerOperation(viewer, { search, ...body }, request, response);
  }

  async function answerOperation(
    viewer: Session,
    { contentType, ...came }: OperationBody & { search: string },
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const types = answerTypesOf(request.headers.accept);
    const read = (text: string) => readDocument(text, viewer);
    const asked = withText({ method: request.method ?? "GET", ...came }, textOf);
    const { method, search, body } = asked;
    if (wantsStream(types, asked, read)) return eventStreams.answer(viewer, readAsked(method, search, body), request, response);
    usage.mustHaveRead(viewer.id);
    const headers: IncomingHttpHeaders = {
      ...request.headers,
      ...(types.json && { accept: types.json }),
      ...(contentType && { "content-type": contentType }),
    };
    const token = headers["x-job-result"] as string | undefined;
    const context = contextOf(viewer, {
      sender: token === undefined ? undefined : { token },
      tellsCost: asksCost(headers, extensionsOf(search, body)),
      whenGone: (act) => watchRequest(viewer, response, act),
    });
    const plain = needsApollo ? undefined : readPlainRequest(method, headers, body, read);
    const result = plain && (await executor.execute({ schema, contextValue: context, ...plain }));
    mustHaveKey(context);
    if (response.closed) return;
    if (result && !result.errors) {
      const given = { "content-type": plain.contentType };
      if (context.bounds.isLong)
        return writeInPieces(viewer, response, given, await context.bounds.write(result), context.bounds);
      return writeTo(viewer, response, 200, given, `${JSON.stringify(result)}\n`);
    }
    // Apollo parses and validates for itself, so too large a document is rejected before.
    if (!plain) for (const text of textsOf(search, body)) read(text);
    const answered = await apollo.answer(asked, { ...context, answered: result }, headers);
    mustHaveKey(context);
    writeTo(viewer, response, answered.status, answered.headers, answered.body);
  }

  /** Breaks an operation off when its client goes away, or when its key is no longer good; nothing more of its answer is sent then. */
  function watchRequest(viewer: Session, response: ServerResponse, act: (why?: AppError) => unknown): void {
    if (response.closed) return void act();
    response.once("close", () => act());
    const leave = sessions.watch(viewer, () => {
      act(keyEnded());
      if (response.headersSent) response.destroy();
    });
    response.once("close", leave);
  }

  /** A long answer counts as one that waits to be read until it has left, or nobody is there to read it. */
  function writeTo({ id }: Viewer, response: ServerResponse, ...parts: [status: number, headers: Headers, body: string]): void {
    const [, , { length }] = parts;
    if (response.closed) return;
    if (length > UNCOUNTED) response.once("close", usage.hold(id, length));
    write(response, ...parts);
  }

  /** Writes a long answer, a text in pieces: each is written once those before it have left. */
  async function writeInPieces(
    { id }: Viewer,
    response: ServerResponse,
    headers: Headers,
    pieces: string[],
    sliced: Sliced,
  ): Promise<void> {
    if (response.closed) return;
    pieces.push("\n");
    response.once(
      "close",
      usage.hold(
        id,
        sum(pieces, ({ length }) => length),
      ),
    );
    response.writeHead(200, { ...headers, ...NO_SNIFFING, "content-length": sum(pieces, (piece) => Buffer.byteLength(piece)) });
    const closed = new Promise<void>((resolve) => response.once("close", resolve));
    for (const [n, piece] of pieces.entries()) {
      // Frees the memory of the piece.
      pieces[n] = "";
      if (!response.write(piece)) await Promise.race([new Promise((resolve) => response.once("drain", resolve)), closed]);
      if (isSliceOver(sliced)) await nextSlice(sliced);
      if (response.closed) return;
    }
    response.end();
  }

  const http = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      if (error instanceof InvalidDocument) return send(response, 400, { errors: error.errors.map(formatError) });
      const formatted = formatError(error);
      // The rest of the request is not read, so the connection cannot be used for another.
      if (!request.complete) response.setHeader("connection", "close");
      if (error instanceof TooManyFailures) {
        response.setHeader("retry-after", error.retryAfter);
        return send(response, 429, { errors: [formatted] });
      }
      send(response, HTTP_STATUS[String(formatted.extensions?.["code"])] ?? 500, { errors: [formatted] });
    });
  });

  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Nobody else listens to a socket that is upgraded: an error without a listener would end the process.
    socket.on("error", () => socket.destroy());
    if (PATHS.has(locate(request).pathname)) sockets.upgrade(request, socket, head);
    else socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
  });

  await listen(http, host, port);
  const address = http.address() as AddressInfo;
  return {
    url: `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
    async close() {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      eventStreams.close();
      await sockets.close();
      sessions.close();
      await apollo.stop();
      http.closeIdleConnections();
      const late = setTimeout(() => http.closeAllConnections(), CLOSE_GRACE_MS);
      await closed;
      clearTimeout(late);
    },
  };
}

/** Throws for an operation that was broken off because its key is no longer good. @throws {@link AppError} UNAUTHENTICATED. */
function mustHaveKey({ bounds: { failure } }: Context): void {
  if (failure?.code === "UNAUTHENTICATED") throw failure;
}

/** Returns the part of an error between servers that the log has: none of their messages, as there may be a token in them. */
function faultOf(error: unknown): object {
  const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown };
  return { name, message, code };
}

/** The documents that a request brings, wherever Apollo looks for one. */
function textsOf(search: string, body: unknown): string[] {
  const { query } = (body ?? {}) as { query?: unknown };
  return [query, ...new URLSearchParams(search).getAll("query")].filter((text) => typeof text === "string");
}

/** The extensions of a request; undefined where it has none. */
function extensionsOf(search: string, body: unknown): unknown {
  if (search === "") return (body as { extensions?: unknown } | null | undefined)?.extensions;
  try {
    return JSON.parse(new URLSearchParams(search).get("extensions") ?? "null");
  } catch {
    return undefined;
  }
}

/** Returns the path and query of a request; an invalid URL has a path that nothing is served at. */
function locate({ url = "/" }: IncomingMessage): { pathname: string; search: string } {
  if (PATHS.has(url)) return { pathname: url, search: "" };
  return URL.canParse(url, "http://localhost") ? new URL(url, "http://localhost") : { pathname: "", search: "" };
}

const HTTP_STATUS: Record<string, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  BAD_USER_INPUT: 400,
  NOT_FOUND: 404,
  PERSISTED_QUERY_NOT_FOUND: 404,
  CONFLICT: 409,
  LIMIT_EXCEEDED: 413,
  UNAVAILABLE: 503,
};

function send(response: ServerResponse, status: number, body: object): void {
  write(response, status, { ...DATA_HEADERS, "content-type": "application/json; charset=utf-8" }, JSON.stringify(body));
}

type Headers = Record<string, string>;

function write(response: ServerResponse, status: number, headers: Headers, body: string): void {
  const bytes = Buffer.byteLength(body);
  // ASCII is the same bytes in either encoding, and written faster in this one.
  response
    .writeHead(status, { ...headers, ...NO_SNIFFING, "content-length": bytes })
    .end(body, bytes === body.length ? "latin1" : "utf8");
}

const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0);

async function listen(http: HttpServer, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRINUSE") throw new StartError(`PORT: ${port} on ${host} is in use by another process.`);
    throw new StartError(`HOST, PORT: cannot listen on ${host}:${port}: ${error.message}.`);
  });
}

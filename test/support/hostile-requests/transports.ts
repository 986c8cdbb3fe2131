import { once } from "node:events";
import { Agent, type IncomingMessage, request, type RequestOptions } from "node:http";
import { connect, type Socket } from "node:net";
import WebSocket from "ws";
import type { HostileDocument, Target, Told } from "./kinds.ts";

/** A request as it is written. */
export interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** The address that it comes from. */
  from?: string;
  /** Aborts it. */
  leave?: AbortSignal | undefined;
}

/** Answers that are longer are not looked into. */
const LONGEST_READ = 1_000_000;

// Hostile clients keep no connections: each request comes on its own.
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

/** Sends a request over HTTP, and reads the answer to its end. The time is the server's and the wire's: to make a large body takes a client long. */
export async function ask(
  { url }: Target,
  { method = "POST", path = "/graphql", headers = {}, body = "", from, leave }: Asked,
): Promise<Told> {
  const options: RequestOptions = {
    method,
    path,
    headers,
    agent,
    ...(from && { localAddress: from }),
    ...(leave && { signal: leave }),
  };
  const asked = request(url, { ...options, path });
  const answer = new Promise<IncomingMessage>((resolve, reject) => asked.once("response", resolve).on("error", reject));
  const began = performance.now();
  asked.end(body);
  try {
    const response = await answer;
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const ms = performance.now() - began;
    return { ...tellOf(response.statusCode!, Buffer.concat(chunks)), ms };
  } catch (error) {
    return { end: "cut", says: (error as Error).message };
  }
}

function tellOf(status: number, body: Buffer): Told {
  const start = body.subarray(0, 20).toString();
  const says = body.subarray(0, 500).toString();
  const other = { end: status === 200 ? "answered" : `HTTP ${status}`, says, ...(status !== 200 && { errors: says }) };
  if (!start.startsWith("{") && !start.startsWith("event:")) return other;
  if (body.length > LONGEST_READ) return start.includes(`{"errors"`) ? { ...other, end: "an error of a megabyte" } : other;
  const text = body.toString();
  const json = /^(?:event: next\ndata: )?(\{.*\})\s*/.exec(text)?.[1];
  return (json && errorOf(JSON.parse(json))) || other;
}

/** The first error of an answer of GraphQL. */
function errorOf(answer: { errors?: { message: string; extensions?: { code?: string } }[] }): Told | undefined {
  const [error] = answer.errors ?? [];
  return (
    error && {
      end: error.extensions?.code ?? "an error without a code",
      says: error.message,
      errors: JSON.stringify(answer.errors),
    }
  );
}

/** An operation as JSON. */
const bodyOf = (target: Target, { query, variables, json = JSON.stringify(variables?.(target) ?? {}) }: HostileDocument) =>
  `{"query":${JSON.stringify(query)},"variables":${json}}`;

const JSON_TYPE = { "content-type": "application/json" };
export const keyOf = ({ key }: Target): Record<string, string> => (key === undefined ? {} : { authorization: `Token ${key}` });
/** The same as a line of a request's head, with its end. */
export const keyLine = ({ key }: Target) => (key === undefined ? "" : `Authorization: Token ${key}\r\n`);

/** A way in which a document comes to a server. @param leave has the client go away, once nobody waits for the answer any more. */
type Transport = (target: Target, document: HostileDocument, leave?: AbortSignal) => Promise<Told>;

export const TRANSPORTS: Readonly<Record<string, Transport>> = {
  HTTP: (target, document, leave) =>
    ask(target, { headers: { ...JSON_TYPE, ...keyOf(target) }, body: bodyOf(target, document), leave }),
  "HTTP with extensions": (target, document, leave) =>
    ask(target, {
      headers: { ...JSON_TYPE, ...keyOf(target) },
      body: bodyOf(target, document).replace(/}$/, `,"extensions":{}}`),
      leave,
    }),
  "event stream": (target, document, leave) =>
    ask(target, {
      headers: { ...JSON_TYPE, accept: "text/event-stream", ...keyOf(target) },
      body: bodyOf(target, document),
      leave,
    }),
  socket: async (target, document, leave) => {
    const socket = await openSocket(target);
    leave?.addEventListener("abort", socket.end);
    // It may be left while it opens.
    if (leave?.aborted) socket.end();
    try {
      return await socket.ask("1", bodyOf(target, document));
    } finally {
      socket.end();
    }
  },
  GET: (target, { query, variables, json }, leave) => {
    const search = new URLSearchParams({ query });
    if (variables || json !== undefined) search.set("variables", json ?? JSON.stringify(variables?.(target)));
    const path = `/graphql?${String(search)}`;
    return ask(target, { method: "GET", path, headers: { ...JSON_TYPE, ...keyOf(target) }, leave });
  },
};

/** A socket of a hostile client. */
export interface HostileSocket {
  readonly socket: WebSocket;
  send(type: string, id?: string, payload?: object): void;
  /** The first that comes of an operation, which is given as JSON. */
  ask(id: string, payload: string): Promise<Told>;
  /** The server's close of the socket. */
  readonly closed: Promise<Told>;
  end(): void;
}

/** Opens a socket and authenticates, unless told not to. */
export async function openSocket(target: Target, init = true): Promise<HostileSocket> {
  const socket = new WebSocket(`${target.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  socket.on("error", () => undefined);
  const closed = new Promise<Told>((resolve) =>
    socket.once("close", (code, reason) => resolve({ end: `closed ${code}`, says: String(reason) })),
  );
  // An error is followed by the end, which tells.
  const happens = (event: "message" | "open") => new Promise((resolve) => socket.once(event, resolve));
  await Promise.race([happens("open"), closed]);
  const send = (type: string, id?: string, payload?: object) => socket.send(JSON.stringify({ id, type, payload }));
  if (init) {
    send("connection_init", undefined, target.key === undefined ? {} : { Authorization: `Token ${target.key}` });
    await Promise.race([happens("message"), closed]);
  }
  return {
    socket,
    send,
    closed,
    end: () => socket.terminate(),
    ask(id, payload) {
      const answer = new Promise<Told>((resolve) => {
        socket.on("message", (data: Buffer) => {
          if (data.length > LONGEST_READ) return resolve({ end: "answered", says: "" });
          const { id: of, type, payload: told } = JSON.parse(data.toString());
          if (of !== id) return;
          resolve(errorOf({ errors: type === "error" ? told : told?.errors }) ?? { end: "answered", says: "" });
        });
      });
      socket.send(`{"id":${JSON.stringify(id)},"type":"subscribe","payload":${payload}}`);
      return Promise.race([answer, closed]);
    },
  };
}

/** Writes bytes to the server's port. */
export async function openRaw({ url }: Target, text: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

/**
 * Resolves to the first answer of a server. The server may end the connection while a client still writes. Its answer may then be lost, and the client is told
 * no more than `cut`.
 */
export function heard(socket: Socket): Promise<Told> {
  return new Promise((resolve) => {
    socket.once("data", (chunk: Buffer) => {
      const says = chunk.toString();
      resolve({ end: /LIMIT_EXCEEDED/.exec(says)?.[0] ?? `HTTP ${/^HTTP\/1\.1 (\d+)/.exec(says)?.[1]}`, says });
    });
    const cut = () => resolve({ end: "cut", says: "" });
    if (socket.closed) cut();
    socket.once("close", cut);
  });
}

/** Sends small queries, one after the other, so that earlier requests have had their time. @returns `left`, or the reason why one of them was not answered. */
export async function meanwhile(target: Target): Promise<Told> {
  const body = JSON.stringify({ query: "{ jobs(limit: 1) { id } }" });
  for (let n = 0; n < 20; n++) {
    const told = await ask(target, { headers: { ...JSON_TYPE, ...keyOf(target) }, body });
    if (told.end !== "answered") return told;
  }
  return { end: "left", says: "" };
}

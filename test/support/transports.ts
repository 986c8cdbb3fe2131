import { once } from "node:events";
import { onTestFinished } from "vitest";
import WebSocket from "ws";

/** Ways in which an operation comes to a server. */
export const TRANSPORTS = ["plain HTTP", "Apollo Server", "an event stream", "a socket"] as const;
/** One of {@link TRANSPORTS}. */
export type Transport = (typeof TRANSPORTS)[number];

/** An answer, as far as there is one: a refused upgrade has a status alone, a closed socket a code and a reason. */
export interface Answer {
  data?: any;
  errors?: { message: string; extensions: { code: string; details?: { field: string; message: string }[] } }[];
  status?: number;
  closed?: { code: number; reason: string };
}

/** Sends a document with these headers, in one of the ways, and returns its first answer. */
export const answerOver = (
  transport: Transport,
  url: string,
  headers: Record<string, string>,
  query: string,
  variables: object = {},
): Promise<Answer> => operationOver(transport, url, headers, { query, variables });

/** Sends an operation, in whatever form it is, as {@link answerOver}. */
export async function operationOver(
  transport: Transport,
  url: string,
  headers: Record<string, string>,
  operation: object,
): Promise<Answer> {
  // A message without a text is none of the protocol's.
  if (transport === "a socket") return answerOverSocket(url, headers, { query: "", ...operation });
  const isStream = transport === "an event stream";
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: isStream ? "text/event-stream" : "application/json",
      ...headers,
    },
    // With extensions, a request is Apollo Server's.
    body: JSON.stringify({ ...(transport === "Apollo Server" && { extensions: {} }), ...operation }),
  });
  const text = await response.text();
  const event = /^event: next\ndata: (.*)$/m.exec(text)?.[1];
  return { ...JSON.parse(event ?? text), status: response.status };
}

async function answerOverSocket(url: string, headers: Record<string, string>, payload: object): Promise<Answer> {
  const socket = openSocket(url, headers);
  const answer = new Promise<Answer>((resolve) => {
    socket.on("unexpected-response", (_, { statusCode }) => resolve({ status: statusCode! }));
    socket.on("close", (code, reason) => resolve({ closed: { code, reason: String(reason) } }));
    socket.on("open", () => socket.send(`{"type":"connection_init"}`));
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.type === "connection_ack") socket.send(JSON.stringify({ id: "1", type: "subscribe", payload }));
      if (message.type === "next") resolve(message.payload);
      if (message.type === "error") resolve({ errors: message.payload });
    });
  });
  const given = await answer;
  socket.terminate();
  return given;
}

/** Opens a socket that is gone when the test is over. */
function openSocket(url: string, headers: Record<string, string>): WebSocket {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers });
  onTestFinished(() => socket.terminate());
  socket.on("error", () => undefined);
  return socket;
}

/** Opens a socket and has it authenticate. @returns it, and its close once that comes. */
export async function openAcknowledged(
  url: string,
  headers: Record<string, string>,
): Promise<{ socket: WebSocket; closed: Promise<{ code: number; reason: string }> }> {
  const socket = openSocket(url, headers);
  const closed = once(socket, "close").then(([code, reason]) => ({ code: code as number, reason: String(reason) }));
  await once(socket, "open");
  socket.send(`{"type":"connection_init"}`);
  await once(socket, "message");
  return { socket, closed };
}

import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { type HostileRequest, INVALID, REFUSED, type Target, times } from "./kinds.ts";
import { ask, heard, keyLine, keyOf, meanwhile, openRaw, openSocket } from "./transports.ts";

/* Misuses of sockets and event streams. */

type Over = Pick<HostileRequest, "words" | "due" | "says" | "send">;

const LINES = `subscription ($id: ID!) { job_log_entries(job_result_id: $id, after_sequence: 0) { id message } }`;
const CHANGES = "subscription { object_changes { id object_repr } }";
const LARGE = "query ($id: ID!) { job_result(id: $id) { result } }";
const JSON_TYPE = { "content-type": "application/json" };

/** A socket on which something is done; the end is the server's, or the client's after a while. */
const onSocket = (
  words: string,
  due: readonly string[],
  act: (socket: Awaited<ReturnType<typeof openSocket>>, target: Target) => unknown,
  { init = true, says }: { init?: boolean; says?: RegExp } = {},
): Over => ({
  words,
  due,
  ...(says && { says }),
  async send(target) {
    const socket = await openSocket(target, init);
    try {
      await act(socket, target);
      const began = performance.now();
      const told = await (due.includes("left") ? Promise.race([socket.closed, meanwhile(target)]) : socket.closed);
      return { ...told, ms: performance.now() - began };
    } finally {
      socket.end();
    }
  },
});

/** Bytes that the library would not send. */
const writeRaw = (socket: WebSocket, ...bytes: number[]) =>
  // oxlint-disable-next-line no-underscore-dangle -- it offers no other way
  (socket as unknown as { _socket: Duplex })._socket.write(Buffer.from(bytes));

export const sockets: Over[] = [
  // Most of their events wait to be read.
  onSocket(
    "1,000 subscriptions of one kind",
    ["left", "closed 4429", ...REFUSED],
    async ({ ask: first, send }, { runningId: id }) => {
      for (const n of times(999, String)) send("subscribe", n, { query: LINES, variables: { id } });
      await first("last", JSON.stringify({ query: CHANGES.replace("subscription", "query") }));
    },
  ),
  onSocket("1,001 subscriptions", ["closed 4429"], ({ send }) => {
    for (const n of times(1100, String)) send("subscribe", n, { query: CHANGES });
  }),
  onSocket("5,000 queries at once", ["closed 4429"], ({ send }) => {
    for (const n of times(5000, String)) send("subscribe", n, { query: "{ __typename }" });
  }),
  onSocket("300 large answers that nobody reads", ["left", "closed 4429", ...REFUSED], ({ socket, send }, { largeId: id }) => {
    socket.pause();
    for (const n of times(300, String)) send("subscribe", n, { query: LARGE, variables: { id } });
  }),
  {
    words: "30 sockets with large answers that nobody reads",
    // The user has to read first, before anything else is answered.
    due: ["left", ...REFUSED],
    async send(target) {
      const opened = await Promise.all(times(30, () => openSocket(target)));
      for (const { socket, send } of opened) {
        socket.pause();
        for (const n of times(4, String)) send("subscribe", n, { query: LARGE, variables: { id: target.largeId } });
      }
      const told = await meanwhile(target);
      for (const { socket, end } of opened) {
        end();
        await once(socket, "close");
      }
      return told;
    },
  },
  onSocket("an operation under an id that is in use", ["closed 4409"], ({ send }, { runningId: id }) => {
    for (const _ of times(2, Number)) send("subscribe", "1", { query: LINES, variables: { id } });
  }),
  onSocket("a subscription that costs too much", ["left"], async ({ ask: first }, { runningId: id }) => {
    const deep = "job_result { job_model { job_results { job_model { job_results { job_log_entries { id } } } } } }";
    const told = await first("1", JSON.stringify({ query: LINES.replace("message", deep), variables: { id } }));
    if (told.end !== "LIMIT_EXCEEDED") throw new Error(`must be refused: ${told.end}`);
  }),
  onSocket("no JSON", ["closed 4400"], ({ socket }) => socket.send("{")),
  onSocket("JSON of 100,000 levels", ["closed 4400"], ({ socket }) => socket.send("[".repeat(100_000))),
  onSocket("a message of no kind", ["closed 4400"], ({ send }) => send("nonsense")),
  onSocket("a message of 2 MB", ["closed 1009"], ({ socket }) => socket.send("x".repeat(2_000_000))),
  onSocket("bytes that are no text", ["closed 4400", "closed 1007"], ({ socket }) => socket.send(Buffer.alloc(1000, 0xff))),
  onSocket("a frame of an unknown kind", ["closed 1002"], ({ socket }) => {
    writeRaw(socket, 0x8b, 0x80, 0, 0, 0, 0);
  }),
  onSocket("a frame that says it has a petabyte", ["closed 1009"], ({ socket }) => {
    writeRaw(socket, 0x81, 0xff, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }),
  // The sender may be the one that gives up, on as many answers.
  onSocket("10,000 pings", ["left", "closed 1006"], ({ socket }) => {
    for (const _ of times(10_000, Number)) socket.ping();
  }),
  onSocket("an operation before a key", ["closed 4401"], ({ send }) => send("subscribe", "1", { query: "{ __typename }" }), {
    init: false,
  }),
  onSocket("nothing", ["left"], () => undefined, { init: false }),
  {
    words: "200 that nobody says a word on",
    due: ["left"],
    async send(target) {
      const opened = await Promise.all(times(200, () => openSocket(target, false)));
      const told = await meanwhile(target);
      for (const { end } of opened) end();
      return told;
    },
  },
  {
    words: "1,100 with a key",
    due: ["closed 4429"],
    async send(target) {
      const opened = await Promise.all(times(1100, () => openSocket(target)));
      const began = performance.now();
      const told = await Promise.race(opened.map(({ closed }) => closed));
      const ms = performance.now() - began;
      for (const { end } of opened) end();
      await Promise.all(opened.map(({ closed }) => closed));
      return { ...told, ms };
    },
  },
];

const post = (target: Target, query: string, id: string) => {
  const body = JSON.stringify({ query, variables: { id } });
  return `POST /graphql HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n${keyLine(target)}Content-Length: ${body.length}\r\n\r\n${body}`;
};

const unread = (words: string, query: string, due: readonly string[], idOf: (target: Target) => string): Over => ({
  words,
  due,
  async send(target) {
    const opened = await Promise.all(
      times(target.crowd, async () => (await openRaw(target, post(target, query, idOf(target)))).pause()),
    );
    const told = await meanwhile(target);
    for (const socket of opened) socket.destroy();
    return told;
  },
});

export const eventStreams: Over[] = [
  unread("of lines that nobody reads", LINES, ["left"], ({ runningId }) => runningId),
  unread("of large answers that nobody reads", LARGE, ["left", ...REFUSED], ({ largeId }) => largeId),
  {
    words: "1,100 at once",
    due: REFUSED,
    async send(target) {
      const opened = await Promise.all(times(1100, () => openRaw(target, post(target, CHANGES, ""))));
      const answers = opened.map(heard);
      const refusal = await Promise.any(
        answers.map(async (answer) => {
          const told = await answer;
          if (told.end !== "LIMIT_EXCEEDED") throw new Error(told.end);
          return told;
        }),
      ).catch(() => answers[0]!);
      for (const socket of opened) socket.destroy();
      return refusal;
    },
  },
  {
    words: "of a document that is not valid",
    due: INVALID,
    send: (target) =>
      ask(target, {
        headers: { ...JSON_TYPE, ...keyOf(target), accept: "text/event-stream" },
        body: JSON.stringify({ query: `subscription { ${"nothing ".repeat(500)} }` }),
      }),
  },
];

import { request } from "node:http";
import { ANSWERED, type HostileRequest, REFUSED, type Target, times, type Told, WRONG } from "./kinds.ts";
import { ask, type Asked, heard, keyLine, keyOf, meanwhile, openRaw } from "./transports.ts";

/* Requests that are hostile by the way in which they come over HTTP, on each path that is served. */

/** A request that comes over HTTP. */
export type OverHttp = Pick<HostileRequest, "words" | "due" | "says" | "send">;

export const JSON_TYPE = { "content-type": "application/json" };
/** The least that can be asked. */
export const NAME = JSON.stringify({ query: "{ __typename }" });
/** The server does not read a request that is too large to its end: a client that still writes may not get the refusal. */
const MAY_BE_CUT = [...REFUSED, "cut"];
const UNSUPPORTED = ["HTTP 415", "HTTP 400", "HTTP 405", "BAD_REQUEST", ...WRONG];

const sent = (words: string, due: readonly string[], { headers, ...asked }: Asked): OverHttp => ({
  words,
  due,
  send: (target) => ask(target, { ...asked, headers: { ...JSON_TYPE, ...keyOf(target), ...headers } }),
});

/** So many at once: the end of the worst, and the longest time of one. */
export async function all(count: number, send: (n: number) => Promise<Told>): Promise<Told> {
  const told = await Promise.all(times(count, send));
  const worst = told.find(({ end }) => end !== told[0]!.end) ?? told[0]!;
  return { ...worst, ms: Math.max(...told.map(({ ms = 0 }) => ms)) };
}

/** Something begun that the client leaves after it has asked for something else, over and over, in the meantime. */
export async function besideOthers(target: Target, leave: () => void): Promise<Told> {
  const told = await meanwhile(target);
  leave();
  return told;
}

export const bodies: OverHttp[] = [
  sent("no JSON", WRONG, { body: "{ jobs { id } }" }),
  sent("JSON that ends early", WRONG, { body: `{"query":"{ __typename }` }),
  sent("100,000 lists in each other", UNSUPPORTED, { body: `${"[".repeat(100_000)}${"]".repeat(100_000)}` }),
  sent("variables of 50,000 levels", [...ANSWERED, ...WRONG], {
    body: `{"query":"{ __typename }","variables":{"a":${`{"a":`.repeat(50_000)}1${"}".repeat(50_000)}}}`,
  }),
  sent("an input of 50,000 levels", ["GRAPHQL_VALIDATION_FAILED", "NOT_FOUND", ...WRONG, ...REFUSED], {
    body: `{"query":"mutation ($d: GenericScalar) { run_job(class_path: \\"a.B\\", data: $d) { id } }","variables":{"d":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`,
  }),
  sent("extensions of 50,000 levels", [...ANSWERED, ...WRONG], {
    body: `{"query":"{ __typename }","extensions":{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`,
  }),
  sent("a body of 3 MB", MAY_BE_CUT, { body: JSON.stringify({ query: "x".repeat(3_000_000) }) }),
  sent("a body of 2 MB without a query", [...UNSUPPORTED], { body: JSON.stringify(times(190_000, (n) => `k${n}`)) }),
  sent("a batch of 1,000", UNSUPPORTED, { body: JSON.stringify(times(1000, () => ({ query: "{ jobs { id } }" }))) }),
  sent("a query that is no text", UNSUPPORTED, { body: JSON.stringify({ query: { a: [] }, variables: [] }) }),
  sent("a form", UNSUPPORTED, {
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "query=%7B__typename%7D",
  }),
  sent("several parts", UNSUPPORTED, { headers: { "content-type": "multipart/form-data; boundary=x" }, body: "--x--" }),
  sent("a compressed body", WRONG, { headers: { "content-encoding": "gzip" }, body: Buffer.from("1f8b0800000000000003", "hex") }),
  sent("a GET of 10,000 characters", ANSWERED, {
    method: "GET",
    path: `/graphql?query=${encodeURIComponent(`{__typename}#${"x".repeat(9900)}`)}`,
  }),
  sent("a GET of 100,000 characters", ["HTTP 431"], { method: "GET", path: `/graphql?query=${"x".repeat(100_000)}` }),
  sent("a GET with 2,000 parameters", [...ANSWERED, ...UNSUPPORTED], {
    method: "GET",
    path: `/graphql?query=%7B__typename%7D${times(2000, (n) => `&a${n}`).join("")}`,
  }),
  sent("a PUT", ["HTTP 405", ...UNSUPPORTED], { method: "PUT", body: NAME }),
  sent("a path that is no URL", ["an error without a code"], { path: "//[", body: NAME }),
  sent("a path of 12,000 dots", ["an error without a code"], { path: `/${"../".repeat(4000)}etc/passwd`, body: NAME }),
];

const POST = (target: Target, more = "") =>
  `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${keyLine(target)}${more}`;

export const halfSent: OverHttp[] = [
  {
    words: "200 bodies of which a byte comes",
    due: ["left"],
    async send(target) {
      const sockets = await Promise.all(times(200, () => openRaw(target, `${POST(target, "Content-Length: 1000\r\n\r\n")}{`)));
      return besideOthers(target, () => sockets.forEach((socket) => socket.destroy()));
    },
  },
  {
    words: "200 heads without an end",
    due: ["left"],
    async send(target) {
      const sockets = await Promise.all(times(200, () => openRaw(target, POST(target, "X-A: b\r\n"))));
      return besideOthers(target, () => sockets.forEach((socket) => socket.destroy()));
    },
  },
  {
    words: "100 connections that say nothing",
    due: ["left"],
    async send(target) {
      const sockets = await Promise.all(times(100, () => openRaw(target, "")));
      return besideOthers(target, () => sockets.forEach((socket) => socket.destroy()));
    },
  },
  {
    words: "bytes that are not HTTP",
    due: ["HTTP 400"],
    async send(target) {
      const socket = await openRaw(target, "\0\x01\x02 what\r\n\r\n");
      const told = await heard(socket);
      socket.destroy();
      return told;
    },
  },
  {
    words: "50 chunks of a body that never ends",
    due: MAY_BE_CUT,
    async send(target) {
      const socket = await openRaw(target, POST(target, "Transfer-Encoding: chunked\r\n\r\n"));
      const answer = heard(socket);
      const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
      for (const _ of times(50, Number)) socket.write(chunk);
      const told = await answer;
      socket.destroy();
      return told;
    },
  },
];

const SCAN = `{ job_log_entries(message__re: ["z.*q", "y.*q", "x.*q"]) { id } }`;
const LARGE = `query ($id: ID!) { a: job_result(id: $id) { result } b: job_result(id: $id) { result } }`;

/** Sends requests, and goes away before they are answered. */
const leaving = (words: string, query: string): OverHttp => ({
  words,
  due: ["left"],
  async send(target) {
    const body = JSON.stringify({ query, variables: { id: target.largeId } });
    await Promise.all(
      times(target.crowd, async () => {
        const asked = request(`${target.url}/graphql`, { method: "POST", headers: { ...JSON_TYPE, ...keyOf(target) } });
        asked.on("error", () => undefined);
        await new Promise<void>((resolve) => asked.end(body, resolve));
        asked.destroy();
      }),
    );
    return besideOthers(target, () => undefined);
  },
});

/** Requests over HTTP whose answers nobody reads. */
const unread = (query: string): OverHttp => ({
  words: "large answers that nobody reads",
  due: ["left", ...REFUSED],
  async send(target) {
    const body = JSON.stringify({ query, variables: { id: target.largeId } });
    const text = `${POST(target, `Content-Length: ${body.length}\r\n\r\n`)}${body}`;
    const sockets = await Promise.all(times(target.crowd, async () => (await openRaw(target, text)).pause()));
    return besideOthers(target, () => sockets.forEach((socket) => socket.destroy()));
  },
});

export const clientsThatLeave: OverHttp[] = [
  leaving("from scans", SCAN),
  leaving("from large results", LARGE),
  unread("query ($id: ID!) { job_result(id: $id) { result } }"),
  leaving("from pages of 10,000 lines", "{ job_log_entries(limit: 10000) { id message log_object absolute_url } }"),
];

/** Much at once, each of it within the limits. */
const together = (words: string, due: readonly string[], query: string): OverHttp => ({
  words,
  due,
  send: (target) =>
    all(target.crowd / 5, () =>
      ask(target, {
        headers: { ...JSON_TYPE, ...keyOf(target) },
        body: JSON.stringify({ query, variables: { id: target.largeId } }),
      }),
    ),
});

export const bursts: OverHttp[] = [
  together("large results at once", ["answered", ...REFUSED], LARGE),
  together(
    "pages of 10,000 lines at once",
    ["answered", ...REFUSED],
    "{ job_log_entries(limit: 10000) { id sequence log_level message created log_object display } }",
  ),
  together("scans at once", ["answered", ...REFUSED], SCAN),
  together(
    "introspections at once",
    ANSWERED,
    "{ __schema { types { name fields { name args { name type { name } } type { name } } } } }",
  ),
];

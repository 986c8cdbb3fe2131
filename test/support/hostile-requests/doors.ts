import { createHmac, randomUUID } from "node:crypto";
import { ANSWERED, REFUSED, times, WRONG } from "./kinds.ts";
import { all, besideOthers, JSON_TYPE, NAME, type OverHttp } from "./http.ts";
import { ask, type Asked, keyLine, keyOf, openRaw } from "./transports.ts";

/* Requests at the other doors: webhooks, downloads, and keys. */

const sign = (body: string, secret: string) => createHmac("sha512", secret).update(body).digest("hex");
const webhook = (words: string, due: readonly string[], make: () => string, isSigned = true): OverHttp => ({
  words,
  due,
  send(target) {
    const body = make();
    const signature = isSigned ? sign(body, target.webhookSecret) : "ab".repeat(64);
    return ask(target, { path: "/webhooks/nautobot", headers: { ...JSON_TYPE, "x-hook-signature": signature }, body });
  },
});
const change = (data: object) =>
  JSON.stringify({
    event: "updated",
    timestamp: "2026-01-01T00:00:00Z",
    model: "device",
    username: "a",
    request_id: randomUUID(),
    data: { id: randomUUID(), ...data },
  });
const UNSIGNED = ["UNAUTHENTICATED"];

export const webhooks: OverHttp[] = [
  webhook("a wrong signature", UNSIGNED, () => change({}), false),
  webhook("2 MB with a wrong signature", UNSIGNED, () => change({ a: "x".repeat(2_000_000) }), false),
  webhook("3 MB", REFUSED, () => change({ a: "x".repeat(3_000_000) })),
  webhook("50,000 levels", ["answered", ...WRONG, ...REFUSED, "NOT_FOUND"], () =>
    change({ a: "DEEP" }).replace(`"DEEP"`, `${"[".repeat(50_000)}${"]".repeat(50_000)}`),
  ),
  webhook("15,000 fields", ANSWERED, () =>
    change({ object_type: "dcim.device", ...Object.fromEntries(times(15_000, (n) => [`f${n}`, n])) }),
  ),
  webhook("100,000 fields", REFUSED, () =>
    change({ object_type: "dcim.device", ...Object.fromEntries(times(100_000, (n) => [`f${n}`, n])) }),
  ),
  webhook("no JSON", WRONG, () => "{"),
  {
    words: "100 without a signature, at once",
    due: UNSIGNED,
    send: (target) => all(100, () => ask(target, { path: "/webhooks/nautobot", headers: JSON_TYPE, body: change({}) })),
  },
];

const download = (words: string, due: readonly string[], asked: Asked, id?: string): OverHttp => ({
  words,
  due,
  send: (target) =>
    ask(target, {
      method: "GET",
      path: `/api/extras/file-proxies/${id ?? target.fileId}/download/`,
      ...asked,
      headers: { ...keyOf(target), ...asked.headers },
    }),
});

export const downloads: OverHttp[] = [
  download("a range from the end", ["answered", "HTTP 206", "HTTP 416"], { headers: { range: "bytes=-99999999999" } }),
  download("a range of 1,000 ranges", ["answered", "HTTP 206", "HTTP 416"], {
    headers: { range: `bytes=${times(1000, (n) => `${n}-${n + 1}`).join(",")}` },
  }),
  download("a range backwards", ["answered", "HTTP 416"], { headers: { range: "bytes=9-1" } }),
  download("a POST", WRONG, { method: "POST", body: "x" }),
  download("a path out of its folder", ["NOT_FOUND"], {}, "..%2f..%2f..%2fetc%2fpasswd"),
  download("a path of 10,000 characters", ["NOT_FOUND"], {}, "x".repeat(10_000)),
  {
    words: "50 that read nothing of it",
    due: ["left"],
    async send(target) {
      const path = `/api/extras/file-proxies/${target.fileId}/download/`;
      const sockets = await Promise.all(
        times(50, async () => {
          const socket = await openRaw(target, `GET ${path} HTTP/1.1\r\nHost: a\r\n${keyLine(target)}\r\n`);
          return socket.pause();
        }),
      );
      return besideOthers(target, () => sockets.forEach((socket) => socket.destroy()));
    },
  },
];

/** An address of its own: an address with too many wrong keys waits for a minute, and all of its clients with it. */
const ELSEWHERE = "127.0.0.9";
const keyed = (authorization: string) => ({ headers: { ...JSON_TYPE, authorization }, body: NAME, from: ELSEWHERE });

export const wrongKeys: OverHttp[] = [
  { words: "none", due: UNSIGNED, send: (target) => ask(target, { headers: JSON_TYPE, body: NAME }) },
  { words: "of 10,000 characters", due: UNSIGNED, send: (target) => ask(target, keyed(`Token ${"x".repeat(10_000)}`)) },
  { words: "of another scheme", due: UNSIGNED, send: (target) => ask(target, keyed("Basic YTpi")) },
  {
    words: "300 of them",
    due: REFUSED,
    says: /Too many keys from your address were wrong/,
    async send(target) {
      const told = await Promise.all(times(300, (n) => ask(target, keyed(`Token wrong-key-${n}`))));
      const last = await ask(target, keyed("Token wrong-key"));
      return told.every(({ end }) => end === "UNAUTHENTICATED" || end === "LIMIT_EXCEEDED") ? last : told[0]!;
    },
  },
];

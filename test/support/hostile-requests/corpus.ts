import * as costs from "./costs.ts";
import * as doors from "./doors.ts";
import * as http from "./http.ts";
import type { HostileDocument, HostileRequest } from "./kinds.ts";
import * as reads from "./reads.ts";
import * as streams from "./streams.ts";
import * as structures from "./structures.ts";
import { TRANSPORTS } from "./transports.ts";

/* Requests that mean a server harm, or do it none the less: in families, each with the ends that are right. */

export type { HostileRequest, Target, Told } from "./kinds.ts";

const DOCUMENTS: Readonly<Record<string, readonly HostileDocument[]>> = {
  cycles: costs.cycles,
  aliases: costs.aliases,
  fragments: structures.fragments,
  depth: structures.depths,
  size: structures.sizes,
  overlaps: structures.overlaps,
  introspection: costs.introspections,
  "unlimited lists": costs.unlimited,
  "long lists of values": reads.longLists,
  patterns: reads.patterns,
  "text searches": reads.searches,
  sorts: reads.sorts,
  counts: reads.counts,
  "large results": reads.largeResults,
  variables: reads.variables,
};

const OVER_HTTP: Readonly<Record<string, readonly Omit<HostileRequest, "family" | "through">[]>> = {
  bodies: http.bodies,
  "half sent": http.halfSent,
  "clients that leave": http.clientsThatLeave,
  bursts: http.bursts,
  webhooks: doors.webhooks,
  downloads: doors.downloads,
  "wrong keys": doors.wrongKeys,
  sockets: streams.sockets,
  "event streams": streams.eventStreams,
};

const WAYS = Object.entries(TRANSPORTS);

/** A message of a socket, and the address of a GET, have limits of their own, which have a family each. */
const LONGEST: Readonly<Record<string, number>> = { socket: 1_000_000, GET: 4000 };

/** Tells whether a transport takes a document. */
export function fits(through: string, { query, variables, json }: HostileDocument): boolean {
  const longest = LONGEST[through];
  if (longest === undefined) return true;
  const texts = [JSON.stringify(query), json ?? JSON.stringify(variables?.({} as never) ?? {})];
  return texts.every(({ length }) => length < longest) && !(variables && through === "GET");
}

/** Families whose reads look at every line of a large table, over any transport. */
const SCANS: ReadonlySet<string> = new Set(["patterns", "text searches", "sorts"]);

/** All documents, whatever their family. */
export const HOSTILE_DOCUMENTS: readonly HostileDocument[] = Object.entries(DOCUMENTS).flatMap(([family, list]) =>
  list.map((document) => ({ ...document, words: `${family}: ${document.words}` })),
);

/** All requests that are more than a document. */
export const OTHER_REQUESTS: readonly HostileRequest[] = Object.entries(OVER_HTTP).flatMap(([family, list]) =>
  list.map((one) => ({
    ...one,
    family,
    through: family === "sockets" ? "socket" : family === "event streams" ? "event stream" : "HTTP",
  })),
);

/** @param everyWay documents over each transport that takes them; over one each otherwise, in turn. */
export function hostileRequests(everyWay: boolean): HostileRequest[] {
  let turn = 0;
  const all = Object.entries(DOCUMENTS).flatMap(([family, list]) =>
    list.flatMap((document) => {
      const ways = WAYS.filter(([through]) => fits(through, document));
      const { words, due, says } = document;
      return (everyWay && !SCANS.has(family) ? ways : [ways[turn++ % ways.length]!]).map(([through, transport]) => ({
        family,
        words,
        through,
        due,
        says,
        send: (target: Parameters<typeof transport>[0]) => transport(target, document),
      }));
    }),
  );
  return [...all, ...OTHER_REQUESTS];
}

import type { Database } from "../entities/database.ts";
import type { Session } from "./authenticate.ts";
import { findSessions, findTokens, findUsers, type FoundKey } from "./find-key.ts";
import { loadLimits } from "./load-limits.ts";
import { allowedBy } from "./networks.ts";
import { createRightsWatch } from "./rights-watch.ts";

/** The reason why a session cannot go on: its key is no longer good, or the rights or limits of its user are others than before. */
export type Ended = "key" | "rights";

/** Looks up sessions. */
export interface KeyWatch {
  /** Returns the sessions that cannot go on, with the reason. */
  check(sessions: readonly Session[]): Promise<Map<Session, Ended>>;
}

/** Keys in one statement. */
const MAX_KEYS = 500;

/** @param now milliseconds since the epoch. */
export function createKeyWatch(database: Database, now: () => number): KeyWatch {
  const rightsWatch = createRightsWatch(database);

  async function findAll<T>(
    keys: Iterable<string>,
    find: (database: Database, keys: readonly string[]) => Promise<Map<string, T>>,
  ): Promise<Map<string, T>> {
    const all = [...new Set(keys)];
    const found = new Map<string, T>();
    for (let at = 0; at < all.length; at += MAX_KEYS)
      for (const [key, value] of await find(database, all.slice(at, at + MAX_KEYS))) found.set(key, value);
    return found;
  }

  /** Tells whether a key lets its session go on as it began. */
  function isGood({ key, address }: Session, found: FoundKey | undefined): found is FoundKey {
    return (
      found !== undefined &&
      found.expires > now() &&
      found.writeEnabled === key.writeEnabled &&
      allowedBy(found.networks)(address)
    );
  }

  return {
    async check(sessions) {
      const hashesOf = (kind: string) => sessions.filter(({ key }) => key.kind === kind).map(({ key }) => key.hash);
      const idsOfJwt = sessions.filter(({ key }) => key.kind === "jwt").map(({ id }) => id);
      const tokens = await findAll(hashesOf("token"), findTokens);
      const browsers = await findAll(hashesOf("session"), findSessions);
      const users = await findAll(idsOfJwt, findUsers);
      const findOf = ({ id, key: { kind, hash, ...limits } }: Session): FoundKey | undefined => {
        if (kind !== "jwt") return (kind === "token" ? tokens : browsers).get(hash);
        const user = users.get(id);
        return user && { ...limits, user };
      };
      const ended = new Map<Session, Ended>();
      const left: ({ session: Session } & FoundKey)[] = [];
      for (const session of sessions) {
        const found = findOf(session);
        if (isGood(session, found)) left.push({ session, ...found });
        else ended.set(session, "key");
      }
      for (const session of await rightsWatch.changed(left)) ended.set(session, "rights");
      const limits = await loadLimits(database, left);
      for (const [n, { session }] of left.entries()) if (session.limits?.key !== limits[n]?.key) ended.set(session, "rights");
      return ended;
    },
  };
}

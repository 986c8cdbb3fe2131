import { hash } from "node:crypto";
import { sql } from "kysely";
import { LRUCache } from "lru-cache";
import type { Database } from "../entities/database.ts";
import { isoTime } from "../entities/timestamp.ts";
import { AppError } from "../errors.ts";

/** Who asks. */
export interface Viewer {
  id: string;
  username: string;
  isSuperuser: boolean;
}

/** Who asks, and with which key. */
export interface Session extends Viewer {
  keyHash: string;
}

/** A key is random and long, so one round of SHA-256 hides it as well as a slow hash would, at a speed that suits every request. */
export function hashKey(key: string): string {
  return hash("sha256", key);
}

/** Tells the user that an `Authorization` value stands for: `Token KEY` or `Bearer KEY`. @throws {@link AppError} UNAUTHENTICATED. */
export type Authenticate = (authorization: unknown) => Promise<Session>;

/** Users that are remembered at most. */
const MAX_REMEMBERED = 1000;

/**
 * @param memoryMs how long a key that was found is taken for good without asking the database again; 0 for never. A key that expires meanwhile
 * is refused at once all the same.
 */
export function createAuthenticator(database: Database, memoryMs: number, now: () => number = Date.now): Authenticate {
  const remembered = new LRUCache<string, Found>({ max: MAX_REMEMBERED, ttl: memoryMs });
  const query = database.rows
    .selectFrom("token")
    .innerJoin("user", "user.id", "token.user_id")
    .select(["user.id", "user.username", "user.is_superuser", "token.expires"])
    .where("token.key_hash", "=", "")
    .where("user.is_active", "=", sql.lit(true))
    .compile();

  async function find(keyHash: string): Promise<Found | undefined> {
    const [user] = (await database.read({ ...query, parameters: [keyHash] })) as unknown as UserRow[];
    if (!user) return undefined;
    const viewer = { id: user.id, username: user.username, isSuperuser: Boolean(user.is_superuser), keyHash };
    return { viewer, expires: user.expires === null ? Infinity : Date.parse(isoTime(user.expires)) };
  }

  return async (authorization) => {
    const key = typeof authorization === "string" ? /^(?:Token|Bearer) +(\S+)$/i.exec(authorization)?.[1] : undefined;
    if (!key) throw new AppError("UNAUTHENTICATED", "Send a key: `Authorization: Token KEY`.");
    const keyHash = hashKey(key);
    const found = remembered.get(keyHash) ?? (await find(keyHash));
    if (!found || found.expires <= now()) {
      throw new AppError("UNAUTHENTICATED", "The key is not known, has expired, or its user is not active.");
    }
    if (memoryMs > 0 && !remembered.has(keyHash)) remembered.set(keyHash, found);
    return found.viewer;
  };
}

interface Found {
  viewer: Session;
  /** Milliseconds since the epoch. */
  expires: number;
}

interface UserRow {
  id: string;
  username: string;
  is_superuser: boolean | number;
  expires: string | null;
}

import { hash } from "node:crypto";
import { type Selectable, sql } from "kysely";
import { LRUCache } from "lru-cache";
import type { Database } from "../entities/database.ts";
import type { StoredTime, Tables } from "../entities/tables.ts";
import { isoTime } from "../entities/times/timestamp.ts";
import { AppError } from "../errors.ts";
import { createFailedKeys } from "./failed-keys.ts";
import { loadRights, type Rights } from "./rights.ts";

/** A user who has authenticated. */
export interface Viewer {
  id: string;
  username: string;
  isStaff: boolean;
  isSuperuser: boolean;
  rights: Rights;
}

/** A user who has authenticated, with the key. */
export interface Session extends Viewer {
  keyHash: string;
}

/** A key is random and long, so one round of SHA-256 hides it as well as a slow hash would, at a speed that suits every request. */
export function hashKey(key: string): string {
  return hash("sha256", key);
}

/**
 * Returns the user of an `Authorization` value: `Token KEY` or `Bearer KEY`.
 * @param address of the client; failures are not counted where it is absent.
 * @throws {@link AppError} UNAUTHENTICATED; {@link TooManyFailedKeys} for a key that was not good before, when many of the address were not.
 */
export type Authenticate = (authorization: unknown, address?: string) => Promise<Session>;

/** A key expires by the machine's clock, and is remembered by one that nobody sets; both in milliseconds. */
interface AuthenticatorOptions {
  now?: () => number;
  elapsed?: () => number;
  /** Keys of one address that may be wrong in a minute. */
  maxFailuresPerMinute?: number;
}

/** Users that are remembered at most. */
const MAX_REMEMBERED = 1000;

/**
 * @param memoryMs how long a key that was found is taken for good without asking the database again; 0 for never. A key that expires meanwhile
 * is rejected at once all the same.
 */
export function createAuthenticator(
  database: Database,
  memoryMs: number,
  { now = Date.now, elapsed = () => performance.now(), maxFailuresPerMinute = Infinity }: AuthenticatorOptions = {},
): Authenticate {
  const failed = createFailedKeys(maxFailuresPerMinute, elapsed);
  const remembered = new LRUCache<string, Found>({ max: MAX_REMEMBERED });
  const query = database.rows
    .selectFrom("token")
    .innerJoin("user", "user.id", "token.user_id")
    .select(["user.id", "user.username", "user.is_staff", "user.is_superuser", "token.expires"])
    .where("token.key_hash", "=", "")
    .where("user.is_active", "=", sql.lit(true))
    .compile();

  async function find(keyHash: string): Promise<Found | undefined> {
    const [user] = await database.read<ViewerRow & { expires: StoredTime | null }>({ ...query, parameters: [keyHash] });
    if (!user) return undefined;
    const expires = user.expires === null ? Infinity : Date.parse(isoTime(user.expires));
    if (expires <= now()) return undefined;
    return { viewer: { ...(await viewerOf(database, user)), keyHash }, expires, readAt: elapsed() };
  }

  return async (authorization, address) => {
    const key = typeof authorization === "string" ? /^(?:Token|Bearer) +(\S+)$/i.exec(authorization)?.[1] : undefined;
    if (!key) throw new AppError("UNAUTHENTICATED", "Send a key: `Authorization: Token KEY`.");
    const keyHash = hashKey(key);
    const known = remembered.get(keyHash);
    if (known && elapsed() - known.readAt < memoryMs && known.expires > now()) return known.viewer;
    // A known key is looked up in any case: failures of others at its address do not count.
    const isGood = known || address === undefined ? undefined : failed.try(address);
    const found = await find(keyHash).catch((error: unknown) => {
      // A database that is away says nothing of the key.
      isGood?.();
      throw error;
    });
    if (!found) {
      remembered.delete(keyHash);
      throw new AppError("UNAUTHENTICATED", "The key is unknown or has expired, or its user is not active.");
    }
    isGood?.();
    remembered.set(keyHash, found);
    return found.viewer;
  };
}

/** The user of a run, as it is now. @throws {@link AppError} UNAUTHENTICATED when it is not active any more, or not there. */
export async function loadViewer(database: Database, id: string): Promise<Viewer> {
  const user = await database.rows
    .selectFrom("user")
    .select(["id", "username", "is_staff", "is_superuser"])
    .where("id", "=", id)
    .where("is_active", "=", sql.lit(true))
    .executeTakeFirst();
  if (!user) throw new AppError("UNAUTHENTICATED", "The user of this run is not active any more.");
  return viewerOf(database, user);
}

async function viewerOf(database: Database, { id, username, is_staff, is_superuser }: ViewerRow): Promise<Viewer> {
  const isSuperuser = Boolean(is_superuser);
  const rights = await loadRights(database, { id, isSuperuser });
  return { id, username, isStaff: Boolean(is_staff), isSuperuser, rights };
}

interface Found {
  viewer: Session;
  /** Milliseconds since the epoch. */
  expires: number;
  /** Time when the database was asked, in milliseconds of a monotonic clock. */
  readAt: number;
}

type ViewerRow = Pick<Selectable<Tables["user"]>, "id" | "is_staff" | "is_superuser" | "username">;

import { hash } from "node:crypto";
import { sql } from "kysely";
import { LRUCache } from "lru-cache";
import type { Database } from "../entities/database.ts";
import { AppError } from "../errors.ts";
import type { Audit } from "./audit.ts";
import type { OwnLimits, StoredLimits } from "../own-limits.ts";
import { createFailures } from "./failures.ts";
import { findSession, findToken, findUser, type FoundKey, VIEWER, type ViewerRow } from "./find-key.ts";
import type { LastUsed } from "./last-used.ts";
import { loadLimits } from "./load-limits.ts";
import { allowedBy, type IsAllowed } from "./networks.ts";
import { loadRights, type Rights } from "./rights.ts";

/** A user who has authenticated. */
export interface Viewer {
  id: string;
  username: string;
  isStaff: boolean;
  isSuperuser: boolean;
  rights: Rights;
  /** Limits of the user's operations that come before the server's; absent where those hold. */
  limits?: OwnLimits | undefined;
  /** The key that the client has sent; absent for the code of a run. */
  key?: Key;
}

/** A key, and the limits that it has besides the rights of its user. */
export interface Key {
  /** A token of the API, the session of a browser, or a token of an issuer elsewhere. */
  kind: "jwt" | "session" | "token";
  hash: string;
  /** False for a key that only reads. */
  writeEnabled: boolean;
  /** Networks that the key is accepted from; null for all. */
  networks: readonly string[] | null;
  /** Milliseconds since the epoch; Infinity for never. */
  expires: number;
  /** Limits of its own; absent for a kind of key that has none. */
  limits?: StoredLimits | undefined;
}

/** A user who has authenticated, with the key, and the address that it came from. */
export interface Session extends Viewer {
  key: Key;
  address: string | undefined;
}

/** Proofs of a user that a request brings. */
export interface Credentials {
  /** Value of `Authorization`: `Token KEY` or `Bearer KEY`. It comes before a session. */
  authorization?: unknown;
  /** Key of a browser's session. */
  session?: string | undefined;
  /** Address of the client; failures are not counted where it is absent, and no key with networks is accepted. */
  address?: string | undefined;
}

/** A key is random and long, so one round of SHA-256 hides it as well as a slow hash would, at a speed that suits every request. */
export function hashKey(key: string): string {
  return hash("sha256", key);
}

/** Finds the users of requests. */
export interface Authenticate {
  /**
   * Returns the user of a request.
   * @throws {@link AppError} UNAUTHENTICATED; {@link TooManyFailures} for a key that was not good before, when many of the address were not.
   */
  (credentials: Credentials): Promise<Session>;
  /** Has a key looked up again when it is used next. */
  forget(key: Pick<Key, "hash">): void;
}

/** Returns the user of a token of an issuer elsewhere, and the time when it expires. @throws {@link AppError} UNAUTHENTICATED. */
export type VerifyJwt = (token: string) => Promise<{ userId: string; expires: number }>;

/** A key expires by the machine's clock, and is remembered by one that nobody sets; both in milliseconds. */
interface AuthenticatorOptions {
  now?: () => number;
  elapsed?: () => number;
  /** Keys of one address that may be wrong in a minute. */
  maxFailuresPerMinute?: number;
  lastUsed?: Pick<LastUsed, "note"> | undefined;
  verifyJwt?: VerifyJwt | undefined;
  audit?: Audit | undefined;
}

/** Users that are remembered at most. */
const MAX_REMEMBERED = 1000;

/** Form of a token of an issuer elsewhere; no key of ours has a point. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * @param memoryMs how long a key that was found is taken for good without asking the database again; 0 for never. A key that expires meanwhile
 * is rejected at once all the same.
 */
export function createAuthenticator(
  database: Database,
  memoryMs: number,
  {
    now = Date.now,
    elapsed = () => performance.now(),
    maxFailuresPerMinute = Infinity,
    lastUsed,
    verifyJwt,
    audit,
  }: AuthenticatorOptions = {},
): Authenticate {
  const failed = createFailures(maxFailuresPerMinute, elapsed, "Too many keys from your address were wrong");
  const remembered = new LRUCache<string, Found>({ max: MAX_REMEMBERED });

  async function lookUp({ kind, text }: Given, keyHash: string): Promise<FoundKey | undefined> {
    if (kind === "token") return findToken(database, keyHash);
    if (kind === "session") return findSession(database, keyHash);
    const { userId, expires } = await verifyJwt!(text);
    const user = await findUser(database, userId);
    return user && { user, expires, writeEnabled: true, networks: null };
  }

  async function find(given: Given, keyHash: string): Promise<Found | undefined> {
    const found = await lookUp(given, keyHash);
    if (!found || found.expires <= now()) return undefined;
    const { tokenId, writeEnabled, networks, expires, limits } = found;
    const key = { kind: given.kind, hash: keyHash, writeEnabled, networks, expires, limits };
    return {
      viewer: { ...(await viewerOf(database, found)), key },
      tokenId,
      isAllowed: allowedBy(key.networks),
      readAt: elapsed(),
    };
  }

  /** Lets a found key in, from an address that may use it. */
  function admit({ viewer, tokenId, isAllowed }: Found, address: string | undefined): Session {
    if (!isAllowed(address)) throw new AppError("UNAUTHENTICATED", "The key is not accepted from your network.");
    if (tokenId !== undefined) lastUsed?.note(tokenId);
    return { ...viewer, address };
  }

  const authenticate = async (credentials: Credentials) => {
    const { address } = credentials;
    const given = readCredentials(credentials, verifyJwt !== undefined);
    const keyHash = hashKey(given.text);
    const remembering = remembered.get(keyHash);
    const known = remembering?.viewer.key.kind === given.kind ? remembering : undefined;
    if (known && elapsed() - known.readAt < memoryMs && known.viewer.key.expires > now()) return admit(known, address);
    // A known key is looked up in any case: failures of others at its address do not count.
    const isGood = known || address === undefined ? undefined : failed.try(address);
    const found = await find(given, keyHash).catch((error: unknown) => {
      // A database that is away says nothing of the key.
      if (!(error instanceof AppError) || error.code !== "UNAUTHENTICATED") isGood?.();
      throw error;
    });
    if (found && !found.isAllowed(address)) audit?.({ event: "key_refused", user: found.viewer.username, address });
    if (!found) {
      remembered.delete(keyHash);
      throw new AppError("UNAUTHENTICATED", UNKNOWN[given.kind]);
    }
    const session = admit(found, address);
    isGood?.();
    remembered.set(keyHash, found);
    return session;
  };
  return Object.assign(authenticate, {
    forget: ({ hash: keyHash }: Pick<Key, "hash">) => void remembered.delete(keyHash),
  });
}

/** A key as it came. */
interface Given {
  kind: Key["kind"];
  text: string;
}

const UNKNOWN: Readonly<Record<Key["kind"], string>> = {
  token: "The key is unknown or has expired, or its user is not active.",
  session: "Your session has ended: sign in again.",
  jwt: "The user of the token is not active.",
};

function readCredentials({ authorization, session }: Credentials, takesJwt: boolean): Given {
  if (authorization === undefined && session !== undefined) return { kind: "session", text: session };
  const text = typeof authorization === "string" ? /^(?:Token|Bearer) +(\S+)$/i.exec(authorization)?.[1] : undefined;
  if (!text) throw new AppError("UNAUTHENTICATED", "Send a key: `Authorization: Token KEY`.");
  return { kind: takesJwt && JWT.test(text) ? "jwt" : "token", text };
}

/** The user of a run, as it is now. @throws {@link AppError} UNAUTHENTICATED when it is not active any more, or not there. */
export async function loadViewer(database: Database, id: string): Promise<Viewer> {
  const user = await database.rows
    .selectFrom("user")
    .select(VIEWER)
    .where("id", "=", id)
    .where("is_active", "=", sql.lit(true))
    .executeTakeFirst();
  if (!user) throw new AppError("UNAUTHENTICATED", "The user of this run is not active any more.");
  return viewerOf(database, { user });
}

async function viewerOf(database: Database, found: Pick<FoundKey, "limits"> & { user: ViewerRow }): Promise<Viewer> {
  const { id, username, is_staff, is_superuser } = found.user;
  const isSuperuser = Boolean(is_superuser);
  const rights = await loadRights(database, { id, isSuperuser });
  const [limits] = await loadLimits(database, [found]);
  return { id, username, isStaff: Boolean(is_staff), isSuperuser, rights, limits };
}

interface Found {
  viewer: Viewer & { key: Key };
  /** Id of the row of a token of ours. */
  tokenId: string | undefined;
  isAllowed: IsAllowed;
  /** Time when the database was asked, in milliseconds of a monotonic clock. */
  readAt: number;
}

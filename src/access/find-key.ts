import { type CompiledQuery, type Selectable, sql } from "kysely";
import type { Database } from "../entities/database.ts";
import type { StoredTime, Tables } from "../entities/tables.ts";
import { readStoredTime } from "../entities/times/stored-time.ts";
import { LIMIT_COLUMNS, LIMIT_NAMES, LIMITED, type LimitName, type StoredLimits } from "../own-limits.ts";
import { HAS_LIMITS, readLimit } from "./load-limits.ts";

/** Columns of a user that a viewer is made of. */
export type ViewerRow = Pick<Selectable<Tables["user"]>, "id" | "is_staff" | "is_superuser" | "username"> & {
  has_limits: unknown;
};

/** A key as it is stored, with its active user. */
export interface FoundKey {
  user: ViewerRow;
  /** Id of a token's row. */
  tokenId?: string;
  writeEnabled: boolean;
  networks: readonly string[] | null;
  /** Milliseconds since the epoch; Infinity for never. */
  expires: number;
  /** Limits of its own; absent for a key that has none. */
  limits?: StoredLimits;
}

/** Selects the columns of {@link ViewerRow}. */
export const VIEWER = ["user.id", "user.username", "user.is_staff", "user.is_superuser", HAS_LIMITS] as const;

type TokenRow = ViewerRow & {
  token_id: string;
  key_hash: string;
  expires: StoredTime | null;
  write_enabled: unknown;
  allowed_networks: unknown;
} & Record<(typeof LIMIT_COLUMNS)[number], number | null>;

const tokensOf = ({ rows }: Database) =>
  rows
    .selectFrom("token")
    .innerJoin("user", "user.id", "token.user_id")
    .select([
      ...VIEWER,
      "token.id as token_id",
      "token.key_hash",
      "token.expires",
      "token.write_enabled",
      "token.allowed_networks",
    ])
    .select(LIMIT_COLUMNS.map((column) => `token.${column}` as const))
    .where("user.is_active", "=", sql.lit(true));

const sessionsOf = ({ rows }: Database) =>
  rows
    .selectFrom("user_session")
    .innerJoin("user", "user.id", "user_session.user_id")
    .select([...VIEWER, "user_session.key_hash", "user_session.expires"])
    .where("user.is_active", "=", sql.lit(true));

const usersOf = ({ rows }: Database) => rows.selectFrom("user").select(VIEWER).where("user.is_active", "=", sql.lit(true));

/** Statements that are asked at every request, compiled once for each database. */
const compiled = new WeakMap<object, { token: CompiledQuery; session: CompiledQuery }>();

function statementsFor(database: Database) {
  let statements = compiled.get(database.rows);
  if (!statements) {
    statements = {
      token: tokensOf(database).where("token.key_hash", "=", "").compile(),
      session: sessionsOf(database).where("user_session.key_hash", "=", "").compile(),
    };
    compiled.set(database.rows, statements);
  }
  return statements;
}

/** Returns the key with a hash; undefined for one that is not stored, or whose user is not active. */
export async function findToken(database: Database, keyHash: string): Promise<FoundKey | undefined> {
  const [row] = await database.read({ ...statementsFor(database).token, parameters: [keyHash] });
  return row && foundToken(database, row as TokenRow);
}

/** Returns the session of a browser; undefined as {@link findToken}. */
export async function findSession(database: Database, keyHash: string): Promise<FoundKey | undefined> {
  const [row] = await database.read({ ...statementsFor(database).session, parameters: [keyHash] });
  return row && foundSession(row as ViewerRow & { expires: StoredTime });
}

/** Returns an active user. */
export async function findUser(database: Database, id: string): Promise<ViewerRow | undefined> {
  return (await database.read(usersOf(database).where("id", "=", id).compile()))[0];
}

/** Returns the keys with these hashes, by hash. */
export async function findTokens(database: Database, hashes: readonly string[]): Promise<Map<string, FoundKey>> {
  const rows = await database.read(tokensOf(database).where("token.key_hash", "in", hashes).compile());
  return new Map(rows.map((row) => [row.key_hash, foundToken(database, row)]));
}

/** Returns the sessions with these hashes, by hash. */
export async function findSessions(database: Database, hashes: readonly string[]): Promise<Map<string, FoundKey>> {
  const rows = await database.read(sessionsOf(database).where("user_session.key_hash", "in", hashes).compile());
  return new Map(rows.map((row) => [row.key_hash, foundSession(row)]));
}

/** Returns the active ones of these users, by id. */
export async function findUsers(database: Database, ids: readonly string[]): Promise<Map<string, ViewerRow>> {
  const rows = await database.read(usersOf(database).where("id", "in", ids).compile());
  return new Map(rows.map((row) => [row.id, row]));
}

function foundToken(database: Database, row: TokenRow): FoundKey {
  return {
    user: row,
    tokenId: row.token_id,
    writeEnabled: Boolean(row.write_enabled),
    networks: readNetworks(database, row.allowed_networks),
    expires: row.expires === null ? Infinity : timeOf(row.expires),
    limits: Object.fromEntries(LIMIT_NAMES.map((name) => [name, readLimit(row[LIMITED[name].column]) ?? null])) as Record<
      LimitName,
      number | null
    >,
  };
}

/** Returns the networks of a stored key; null for all. A value that is no list allows nothing, rather than everything. */
export function readNetworks(database: Database, stored: unknown): string[] | null {
  const networks = stored === null ? null : database.readJson(stored);
  if (networks === null) return null;
  return Array.isArray(networks) ? networks.map(String) : [];
}

function foundSession(row: ViewerRow & { expires: StoredTime }): FoundKey {
  return { user: row, writeEnabled: true, networks: null, expires: timeOf(row.expires) };
}

/** A stored text that is no time has passed. */
function timeOf(stored: StoredTime): number {
  const time = readStoredTime(stored);
  return time === undefined ? 0 : Date.parse(time);
}

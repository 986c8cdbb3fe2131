import { type AliasedExpression, sql } from "kysely";
import type { Database } from "../entities/database.ts";
import { ofAnyTable } from "../entities/tables.ts";
import {
  type Limit,
  LIMIT_COLUMNS,
  LIMIT_NAMES,
  LIMITED,
  type LimitName,
  type OwnLimits,
  type StoredLimits,
} from "../own-limits.ts";

/** Users in one statement. */
const MAX_USERS = 500;

/** Tells of a selected user, as `has_limits`, whether a group of the user has any limit: most have none, and nothing more is read for them. */
export const HAS_LIMITS: AliasedExpression<unknown, "has_limits"> = sql`exists (
  select 1 from ${sql.table("group")} inner join group_user on group_user.group_id = ${sql.ref("group.id")}
  where group_user.user_id = ${sql.ref("user.id")} and coalesce(${sql.join(LIMIT_COLUMNS.map((column) => sql.ref(`group.${column}`)))}) is not null)`.as(
  "has_limits",
);

/** A user who was found, with the limits of the key if it has any. */
interface Limitable {
  user: { id: string; has_limits: unknown };
  limits?: StoredLimits | undefined;
}

/** Returns the limits of each user that come before the server's: those of the key, or else the most generous of the groups. */
export async function loadLimits(database: Database, found: readonly Limitable[]): Promise<(OwnLimits | undefined)[]> {
  const ids = [...new Set(found.filter(({ user }) => Boolean(user.has_limits)).map(({ user }) => user.id))];
  const byUser = new Map<string, Partial<Record<LimitName, Limit>>>();
  for (let at = 0; at < ids.length; at += MAX_USERS)
    for (const [id, limits] of await readGroups(database, ids.slice(at, at + MAX_USERS))) byUser.set(id, limits);
  return found.map(({ user, limits }) => ownLimits({ ...byUser.get(user.id), ...(limits && limitsOfKey(limits)) }));
}

async function readGroups(database: Database, ids: readonly string[]): Promise<Map<string, Partial<Record<LimitName, Limit>>>> {
  const rows = await database.read(
    ofAnyTable(database.rows)
      .selectFrom("group")
      .innerJoin("group_user", "group_user.group_id", "group.id")
      .select(["group_user.user_id", "group.name", ...LIMIT_COLUMNS.map((column) => `group.${column}` as const)])
      .where("group_user.user_id", "in", ids)
      .orderBy("group.name")
      .compile(),
  );
  const byUser = new Map<string, Partial<Record<LimitName, Limit>>>();
  for (const row of rows) {
    const id = row["user_id"] as string;
    let most = byUser.get(id);
    if (!most) byUser.set(id, (most = {}));
    for (const name of LIMIT_NAMES) {
      const { column } = LIMITED[name];
      const value = readLimit(row[column]);
      if (value !== undefined && value > (most[name]?.value ?? 0))
        most[name] = { value, of: `${column} of your group "${String(row["name"])}"` };
    }
  }
  return byUser;
}

/** Returns a stored limit; undefined for none, and for a value of another program that is no limit. */
export const readLimit = (stored: unknown): number | undefined => (typeof stored === "number" && stored > 0 ? stored : undefined);

function limitsOfKey(stored: StoredLimits): Partial<Record<LimitName, Limit>> {
  const limits: Partial<Record<LimitName, Limit>> = {};
  for (const name of LIMIT_NAMES) {
    const value = stored[name];
    if (value !== null) limits[name] = { value, of: `${LIMITED[name].column} of your key` };
  }
  return limits;
}

function ownLimits(limits: Partial<Record<LimitName, Limit>>): OwnLimits | undefined {
  const facts = LIMIT_NAMES.flatMap((name) => limits[name] ?? []);
  return facts.length === 0 ? undefined : { ...limits, key: JSON.stringify(facts) };
}

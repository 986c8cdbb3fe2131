import { hash } from "node:crypto";
import type { Database } from "../entities/database.ts";
import { ofAnyTable } from "../entities/tables.ts";
import type { Session } from "./authenticate.ts";
import type { ViewerRow } from "./find-key.ts";
import { ALL_RIGHTS, loadRights } from "./rights.ts";

/** Users in one statement. */
const MAX_USERS = 500;

/** Sees that rights of users change. */
export interface RightsWatch {
  /** Returns the sessions whose user may do something else than when they began. */
  changed(open: readonly { session: Session; user: ViewerRow }[]): Promise<Session[]>;
}

/** Rights of a user are read again only when the permissions that they come from have changed. */
export function createRightsWatch(database: Database): RightsWatch {
  let known = new Map<string, { permissions: string; key: string }>();

  async function keysOf(ids: readonly string[]): Promise<Map<string, string>> {
    const permissions = await permissionsOf(database, ids);
    const next: typeof known = new Map();
    for (const id of ids) {
      const theirs = permissions.get(id) ?? "";
      const before = known.get(id);
      const isSame = before?.permissions === theirs;
      const key = isSame ? before.key : (await loadRights(database, { id, isSuperuser: false })).key;
      next.set(id, { permissions: theirs, key });
    }
    known = next;
    return new Map([...next].map(([id, { key }]) => [id, key]));
  }

  return {
    async changed(open) {
      const plain = new Set(open.filter(({ user }) => !user.is_superuser).map(({ user }) => user.id));
      const keys = await keysOf([...plain]);
      return open
        .filter(({ session, user }) => {
          const key = user.is_superuser ? ALL_RIGHTS.key : keys.get(user.id);
          return session.rights.key !== key || session.isStaff !== Boolean(user.is_staff);
        })
        .map(({ session }) => session);
    },
  };
}

/** Returns a fingerprint of the permissions of each user, those of the groups included; a user without any has none. */
async function permissionsOf(database: Database, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = ofAnyTable(database.rows);
  const links = [];
  for (let at = 0; at < ids.length; at += MAX_USERS)
    links.push(
      ...(await database.read(
        rows
          .selectFrom("object_permission_user")
          .select(["user_id", "object_permission_id"])
          .where("user_id", "in", ids.slice(at, at + MAX_USERS))
          .union(
            rows
              .selectFrom("group_user")
              .innerJoin("object_permission_group as by", "by.group_id", "group_user.group_id")
              .select(["group_user.user_id", "by.object_permission_id"])
              .where("group_user.user_id", "in", ids.slice(at, at + MAX_USERS)),
          )
          .compile(),
      )),
    );
  if (links.length === 0) return new Map();
  const types = await database.read(
    rows.selectFrom("object_permission_content_type").select(["object_permission_id", "content_type_id"]).compile(),
  );
  const permissions = await database.read(
    rows.selectFrom("object_permission").select(["id", "enabled", "actions", "constraints"]).compile(),
  );
  const typesOf = Map.groupBy(types, (row) => row["object_permission_id"]);
  const printOf = new Map(
    permissions.map(({ id, enabled, actions, constraints }) => {
      const theirs = typesOf.get(id)?.map((row) => row["content_type_id"]) ?? [];
      return [id, JSON.stringify([id, Boolean(enabled), actions, constraints, theirs.toSorted()])];
    }),
  );
  return new Map(
    [...Map.groupBy(links, (row) => row["user_id"] as string)].map(([id, theirs]) => {
      const prints = theirs.map((row) => printOf.get(row["object_permission_id"]) ?? "").toSorted();
      return [id, hash("sha256", JSON.stringify(prints))];
    }),
  );
}

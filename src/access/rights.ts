import { hash } from "node:crypto";
import { type CompiledQuery, sql, type SqlBool } from "kysely";
import { anyOf, namesUser, type RowCondition, rowCondition } from "../entities/constraint-sql.ts";
import { contentTypeLabel } from "../entities/content-types.ts";
import type { Database } from "../entities/database.ts";
import { NOBODY } from "../entities/new-id.ts";
import { ofAnyTable } from "../entities/tables.ts";
import { uuidOf } from "../entities/mapping/scalars.ts";
import { tableOf } from "../entities/mapping/shape.ts";
import { AppError } from "../errors.ts";

/** Actions that permissions allow: Nautobot's four, and one for each act that needs more. */
export const ACTIONS = [
  "view",
  "add",
  "change",
  "delete",
  "run",
  "approve",
  "cancel",
  "enable",
  "import",
  "override_approval",
  "prune",
] as const;
/** One of {@link ACTIONS}. */
export type Action = (typeof ACTIONS)[number];

/** The class of a model. */
export type Model = object & { name: string };

/** A condition on a model's rows: those that a user may act on. `key` tells it from those of other rights. */
export type Restriction = RowCondition & { key: string; isNone: boolean };

/** A permission as far as it applies to objects of one kind. */
export interface Grant {
  /** Id and name of the permission. */
  id: string;
  name: string;
  constraints: unknown;
}

/** Acts that a user may do. Two users whose rights have the same `key` may do the same. */
export interface Rights {
  readonly key: string;
  /** True for a superuser, who may do everything. */
  readonly isSuperuser: boolean;
  /** Permissions that allow an action on objects of a model. */
  grants(action: Action, model: Model): readonly Grant[];
  /** Tells whether the user may act so on any object of a model. */
  mayAny(action: Action, model: Model): boolean;
  /** Returns the condition of the objects that the user may act on; undefined for all objects. */
  restrict(action: Action, model: Model): Restriction | undefined;
}

/** Name of a right, as Nautobot spells it: `extras.run_job`. */
export function rightName(action: Action, model: Model): string {
  const [app, name] = contentTypeLabel(model).split(".");
  return `${app}.${action}_${name}`;
}

/** Returns the error for a user without a right. */
export function lacks(action: Action, model: Model): AppError {
  return new AppError("FORBIDDEN", `You need the permission ${rightName(action, model)}.`);
}

/** Throws unless the user may act so on any object of a model. @throws {@link AppError} FORBIDDEN that names the right. */
export function mustHave(rights: Rights, action: Action, model: Model): void {
  if (!rights.mayAny(action, model)) throw lacks(action, model);
}

/** Returns whether the user may act so on an object. An object that does not exist is none. */
export async function mayOn(database: Database, rights: Rights, action: Action, model: Model, id: string): Promise<boolean> {
  if (!rights.restrict(action, model)) return true;
  return (await mayOnWhich(database, rights, action, model, [id])).has(id);
}

/** Objects in one statement. */
const CHUNK = 500;

/**
 * Returns the ids of those objects that the user may act on so; objects that do not exist are none of them, unless the user may act on all. It asks the
 * database also where there are none, so that the time does not tell hidden objects from missing ones.
 */
export async function mayOnWhich(
  database: Database,
  rights: Rights,
  action: Action,
  model: Model,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const restriction = rights.restrict(action, model);
  if (!restriction) return new Set(ids);
  const may = new Set<string>();
  if (restriction.isNone) return may;
  const named = [...new Set(ids)].flatMap((id) => uuidOf(id) ?? []);
  const stored = named.length > 0 ? named : [NOBODY];
  const table = tableOf(model);
  for (let n = 0; n < stored.length; n += CHUNK) {
    const id = sql.ref(`${table}.id`);
    const some = sql.join(stored.slice(n, n + CHUNK));
    const statement = sql`select ${id} as id from ${sql.table(table)} where ${id} in (${some}) and ${restriction(database)}`;
    for (const row of await database.read(statement.compile(database.rows) as CompiledQuery<{ id: string }>)) may.add(row.id);
  }
  return new Set(ids.filter((id) => may.has(uuidOf(id) ?? "")));
}

/** Rights of a superuser, and of the server itself. */
export const ALL_RIGHTS: Rights = {
  key: "*",
  isSuperuser: true,
  grants: () => [],
  mayAny: () => true,
  restrict: () => undefined,
};

/** A permission for objects of one kind, as it is stored. */
interface StoredGrant extends Grant {
  label: string;
  actions: readonly string[];
}

/** Reads the rights of a user: those of the user's permissions and of the groups'. */
export async function loadRights(database: Database, user: { id: string; isSuperuser: boolean }): Promise<Rights> {
  if (user.isSuperuser) return ALL_RIGHTS;
  const rows = await database.read(
    ofAnyTable(database.rows)
      .selectFrom("object_permission as permission")
      .innerJoin("object_permission_content_type as of", "of.object_permission_id", "permission.id")
      .innerJoin("content_type", "content_type.id", "of.content_type_id")
      .select(["permission.id", "permission.name", "permission.actions", "permission.constraints", "content_type.label"])
      .where("permission.enabled", "=", sql.lit(true))
      .where((eb) =>
        eb.or([
          eb(
            "permission.id",
            "in",
            eb.selectFrom("object_permission_user").select("object_permission_id").where("user_id", "=", user.id),
          ),
          eb(
            "permission.id",
            "in",
            eb
              .selectFrom("object_permission_group as by")
              .innerJoin("group_user", "group_user.group_id", "by.group_id")
              .select("by.object_permission_id")
              .where("group_user.user_id", "=", user.id),
          ),
        ]),
      )
      .orderBy("permission.name")
      .compile(),
  );
  return rightsOf(
    rows.map(({ id, name, actions, constraints, label }) => ({
      id: id as string,
      name: name as string,
      label: label as string,
      actions: listOf(database.readJson(actions)),
      constraints: database.readJson(constraints),
    })),
    user.id,
  );
}

const listOf = (json: unknown): string[] => (Array.isArray(json) ? json.filter((one) => typeof one === "string") : []);

function rightsOf(stored: readonly StoredGrant[], userId: string): Rights {
  const byAct = new Map<string, StoredGrant[]>();
  for (const grant of stored)
    for (const action of new Set(grant.actions)) {
      const act = `${action} ${grant.label}`;
      byAct.set(act, [...(byAct.get(act) ?? []), grant]);
    }
  const grants = (action: Action, model: Model) => byAct.get(`${action} ${contentTypeLabel(model)}`) ?? [];
  const constraintsOf = (act: string) => {
    const all = byAct.get(act)!.map(({ constraints }) => JSON.stringify(constraints ?? null));
    return all.includes("null") ? ["null"] : [...new Set(all)].toSorted();
  };
  const facts = [...byAct.keys()].toSorted().map((act) => [act, constraintsOf(act)]);
  const isPersonal = stored.some(({ constraints }) => namesUser(constraints));
  const key = hash("sha256", JSON.stringify([facts, isPersonal && userId]));
  const known = new Map<string, Restriction | undefined>();
  const restrict = (action: Action, model: Model) => {
    const act = `${action} ${contentTypeLabel(model)}`;
    if (!known.has(act)) known.set(act, restrictionOf(grants(action, model), model, userId));
    return known.get(act);
  };
  return { key, isSuperuser: false, grants, mayAny: (action, model) => grants(action, model).length > 0, restrict };
}

/** Returns the condition of the objects that any of the permissions is for; undefined if one of them is for all. */
function restrictionOf(grants: readonly Grant[], model: Model, userId: string): Restriction | undefined {
  if (grants.some(({ constraints }) => (constraints ?? null) === null)) return undefined;
  if (grants.length === 0) return Object.assign(() => sql<SqlBool>`(false)`, { key: "none", isNone: true });
  const all = grants.map(({ constraints }) => constraints);
  const conditions = all.map((constraints) => rowCondition(model, constraints, userId));
  const condition: RowCondition = (database, table, owner) =>
    anyOf(
      database,
      conditions.map((one) => one(database, table, owner)),
    );
  const [first] = conditions;
  const only = conditions.every((one) => one.only === first!.only) ? first!.only : undefined;
  return Object.assign(condition, { only, key: hash("sha256", JSON.stringify([all, namesUser(all) && userId])), isNone: false });
}

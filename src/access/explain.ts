import { type CompiledQuery, sql } from "kysely";
import { type RowCondition, rowCondition, rowConstraintErrors } from "../entities/constraint-sql.ts";
import { contentTypeLabel } from "../entities/content-types.ts";
import type { Database } from "../entities/database.ts";
import { tableOf } from "../entities/mapping/shape.ts";
import { ofAnyTable } from "../entities/tables.ts";
import type { Action, Model } from "./rights.ts";

/** An act of a user: on one object, or on any of a kind. */
export interface Act {
  userId: string;
  action: Action;
  model: Model;
  /** Id of the object, in lower case; undefined for any. */
  id: string | undefined;
}

/** A permission of a user, and its part in an act. */
export interface Explained {
  id: string;
  name: string;
  matches: boolean;
  /** The reason why it matches, or does not, as a sentence. */
  reason: string;
}

/** Explains an act by the permissions of its user, and of the user's groups, that are for objects of the kind. */
export async function explain(database: Database, act: Act): Promise<Explained[]> {
  const stored = await database.read(permissionsOf(database, act));
  const explained: Explained[] = [];
  for (const permission of stored) explained.push(await explainOne(database, act, permission));
  return explained;
}

interface StoredPermission extends Record<string, unknown> {
  id: string;
  name: string;
  enabled: unknown;
  actions: unknown;
  constraints: unknown;
}

function permissionsOf(database: Database, { userId, model }: Act): CompiledQuery<StoredPermission> {
  const rows = ofAnyTable(database.rows);
  const groups = rows.selectFrom("group_user").select("group_id").where("user_id", "=", userId);
  return rows
    .selectFrom("object_permission as permission")
    .innerJoin("object_permission_content_type as of", "of.object_permission_id", "permission.id")
    .innerJoin("content_type", "content_type.id", "of.content_type_id")
    .select(["permission.id", "permission.name", "permission.enabled", "permission.actions", "permission.constraints"])
    .where("content_type.label", "=", contentTypeLabel(model))
    .where((eb) =>
      eb.or([
        eb(
          "permission.id",
          "in",
          eb.selectFrom("object_permission_user").select("object_permission_id").where("user_id", "=", userId),
        ),
        eb(
          "permission.id",
          "in",
          eb.selectFrom("object_permission_group").select("object_permission_id").where("group_id", "in", groups),
        ),
      ]),
    )
    .orderBy("permission.name")
    .compile() as CompiledQuery<StoredPermission>;
}

async function explainOne(database: Database, act: Act, permission: StoredPermission): Promise<Explained> {
  const { id, name } = permission;
  const told = (matches: boolean, reason: string): Explained => ({ id, name, matches, reason });
  const actions = database.readJson(permission.actions);
  const constraints = database.readJson(permission.constraints);
  if (!permission.enabled) return told(false, "It is disabled.");
  if (!Array.isArray(actions) || !actions.includes(act.action)) return told(false, `It does not allow ${act.action}.`);
  if ((constraints ?? null) === null) return told(true, "It is for all objects of the kind.");
  const [wrong] = rowConstraintErrors(act.model, constraints);
  if (wrong !== undefined) return told(false, `Its constraints are not valid: ${wrong}`);
  if (act.id === undefined) return told(true, "It is for the objects that match its constraints.");
  const matches = await fits(database, act.model, rowCondition(act.model, constraints, act.userId), act.id);
  return told(matches, `The object ${matches ? "matches" : "does not match"} its constraints.`);
}

async function fits(database: Database, model: Model, condition: RowCondition, id: string): Promise<boolean> {
  const table = tableOf(model);
  const statement = sql`select 1 as found from ${sql.table(table)} where ${sql.ref(`${table}.id`)} = ${id} and ${condition(database)}`;
  return (await database.read(statement.compile(database.rows) as CompiledQuery<{ found: number }>)).length > 0;
}

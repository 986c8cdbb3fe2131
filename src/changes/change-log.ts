import { sql } from "kysely";
import { cutText } from "../cut-text.ts";
import type { SqlEntityManager } from "@mikro-orm/sql";
import type { Rights } from "../access/rights.ts";
import type { ObjectChangeAction, ObjectChangeContext } from "../entities/choices.ts";
import { statementsOf } from "../entities/database.ts";
import { ContentType, JobHook, JobHookDelivery, ObjectChange, User } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import type { Snapshot } from "../entities/models/object-change.ts";
import { ofAnyTable } from "../entities/tables.ts";

/** The user who makes changes, and the way in which the changes come about. */
export interface Author {
  /** Null for the server itself, and for somebody who is no user here. */
  userId: string | null;
  username: string;
  /** Acts that the author may do: changes beyond them are refused. */
  rights: Rights;
  /** Shared by all changes of one request. */
  requestId: string;
  context: ObjectChangeContext;
  /** More about the way, e.g. the name of a job. */
  detail: string;
}

/** A change of an object, of ours or of another application. */
export interface Change {
  objectType: ContentType;
  objectId: string;
  objectRepr: string;
  action: ObjectChangeAction;
  before: Snapshot | null;
  after: Snapshot | null;
  time?: Date | undefined;
  reason?: string | undefined;
}

/** Makes an entry of the log; it is written when `em` writes. */
export function recordChange(em: SqlEntityManager, author: Author, change: Change): ObjectChange {
  const related = relatedTo(change.after ?? change.before);
  return em.create(
    ObjectChange,
    {
      id: newId(),
      ...(change.time && { time: change.time }),
      user: author.userId === null ? null : em.getReference(User, author.userId),
      userName: author.username,
      requestId: author.requestId,
      changeContext: author.context,
      changeContextDetail: cutText(change.reason ?? author.detail, 400),
      action: change.action,
      changedObjectType: change.objectType,
      changedObjectId: change.objectId,
      objectRepr: change.objectRepr,
      objectDataV2: change.after ?? change.before,
      prechange: change.before,
      ...(related && {
        relatedObjectType: em.getReference(ContentType, related.typeId),
        relatedObjectId: related.id,
      }),
    },
    { partial: true },
  );
}

/** Notes which hooks the changes set off; they are carried out after the commit. Changes by a hook's own run set off no hooks. */
export async function setOffHooks(em: SqlEntityManager, author: Author, changes: readonly ObjectChange[]): Promise<void> {
  if (author.context === "JOB_HOOK" || changes.length === 0) return;
  const types = new Set(changes.map(({ changedObjectType }) => changedObjectType.id));
  // As rows: any number of hooks may be for objects of other types.
  const hooks = await ofAnyTable(statementsOf(em))
    .selectFrom("job_hook_content_type as of")
    .innerJoin("job_hook as hook", "hook.id", "of.job_hook_id")
    .select(["hook.id", "of.content_type_id", ...Object.values(SET_OFF_BY)])
    .where("of.content_type_id", "in", [...types])
    .where(sql<boolean>`hook.enabled = true`)
    .orderBy("hook.id")
    .execute();
  for (const objectChange of changes) {
    for (const hook of hooks) {
      if (hook["content_type_id"] !== objectChange.changedObjectType.id || !hook[SET_OFF_BY[objectChange.action]]) continue;
      const jobHook = em.getReference(JobHook, hook["id"] as string);
      em.create(JobHookDelivery, { id: newId(), jobHook, objectChange }, { partial: true });
    }
  }
}

/** Columns of a hook that say which changes set it off. */
const SET_OFF_BY = { CREATE: "type_create", UPDATE: "type_update", DELETE: "type_delete" } as const satisfies Record<
  ObjectChangeAction,
  string
>;

/** The object that a note is about. */
function relatedTo(snapshot: Snapshot | null): { typeId: string; id: string } | undefined {
  const type = snapshot?.["assigned_object_type"] as { id: string } | null | undefined;
  return type ? { typeId: type.id, id: snapshot!["assigned_object_id"] as string } : undefined;
}

import type { Database } from "../../entities/database.ts";
import { ObjectChange } from "../../entities/index.ts";
import type { ButtonContext, ChangeRecord, HookContext, JobContext, Receiver } from "../../sdk/define-job.ts";

/*
 * The inputs of a receiver stand in its run's `task_kwargs`: `{ object_change }` for a hook's, `{ object_type, object_id, object }` for a button's. A change
 * stays where it is, and is read when the run starts.
 */

/** Inputs of a button's run, as they are stored. */
export interface ButtonKwargs {
  object_type: string;
  object_id: string;
  object: Record<string, unknown>;
}

/** Returns the additional context of `receive`. @throws Error when the change is no longer in the change log. */
export async function receiverData(
  database: Database,
  receiver: Receiver,
  kwargs: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  if (receiver === "hook") return hookData(database, kwargs["object_change"] as string);
  const { object_type: objectType, object_id: objectId, object } = kwargs as unknown as ButtonKwargs;
  return { objectType, objectId, object } satisfies Omit<ButtonContext, keyof JobContext>;
}

async function hookData(database: Database, id: string): Promise<Record<string, unknown>> {
  const found = await database.fork().findOne(ObjectChange, { id }, { populate: ["changedObjectType"] });
  if (!found) throw new Error(`The change ${id} is no longer in the change log.`);
  const { time, userName, requestId, action, changedObjectType, changedObjectId, objectRepr, prechange, objectDataV2 } = found;
  const after = action === "DELETE" ? null : objectDataV2;
  const change: ChangeRecord = {
    id,
    time: time.toISOString(),
    userName,
    requestId,
    objectType: changedObjectType.label,
    objectId: changedObjectId,
    objectRepr,
    before: prechange,
    after,
  };
  return { change, action, changedObject: after } satisfies Omit<HookContext, keyof JobContext>;
}

import type { ObjectChangeAction } from "../entities/choices.ts";
import { mustHave } from "../access/rights.ts";
import { ObjectChange } from "../entities/index.ts";
import type { Snapshot } from "../entities/models/object-change.ts";
import { uuidOf } from "../entities/mapping/scalars.ts";
import type { ErrorDetail } from "../errors.ts";
import { contentTypesOf, isContentTypeLabel } from "./content-types.ts";
import { withoutSecrets } from "./secrets.ts";
import { isOwnType } from "./own-objects.ts";
import { refuse } from "./objects.ts";
import type { Unit } from "./unit.ts";

/** A change of an object of another application, as it was reported. */
export interface ForeignChange {
  /** `app_label.model`, e.g. `dcim.device`. */
  objectType: string;
  objectId: string;
  objectRepr: string;
  action: ObjectChangeAction;
  /** Null for a new object, and where it is not known. */
  before: unknown;
  /** Null for a deleted object. */
  after: unknown;
  /** Time of the change; now when absent. */
  time?: Date | undefined;
}

/**
 * Writes a change into the log that another application made of an object of its own, so that hooks run for it. Values that are called
 * secrets do not enter it.
 * @throws AppError FORBIDDEN for an author who may not add it; BAD_USER_INPUT that names every field that does not fit.
 */
export async function recordForeign(unit: Unit, change: ForeignChange): Promise<ObjectChange> {
  mustHave(unit.author.rights, "add", ObjectChange);
  refuse(problems(change));
  const [objectType] = await contentTypesOf(unit.em, [change.objectType]);
  const recorded = unit.record({
    objectType: objectType!,
    objectId: uuidOf(change.objectId)!,
    objectRepr: change.objectRepr,
    action: change.action,
    before: withoutSecrets(change.before ?? null) as Snapshot | null,
    after: withoutSecrets(change.after ?? null) as Snapshot | null,
    time: change.time,
  });
  unit.owe("add", ObjectChange, recorded.id);
  return recorded;
}

function problems({ objectType, objectId, objectRepr, action, before, after }: ForeignChange): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  const report = (holds: boolean, field: string, message: string) => {
    if (!holds) details.push({ field, message });
  };
  report(
    isContentTypeLabel(objectType),
    "object_type",
    "A kind of object is `app_label.model` in lower case, e.g. `dcim.device`.",
  );
  report(!isOwnType(objectType), "object_type", "Changes of this server's own objects are recorded by the server.");
  report(uuidOf(objectId) !== undefined, "object_id", "The object's id is a UUID.");
  report([...objectRepr].length <= 200, "object_repr", "This field has at most 200 characters.");
  for (const [field, value] of Object.entries({ before, after }))
    report(value == null || (typeof value === "object" && !Array.isArray(value)), field, "This field is an object.");
  if (action === "DELETE") report(after == null, "after", "A deleted object is nothing afterwards: give it as `before`.");
  else report(after != null, "after", "Say what the object is after the change.");
  if (action === "CREATE") report(before == null, "before", "A new object was nothing before: give it as `after`.");
  return details;
}

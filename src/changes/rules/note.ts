import { contentTypeLabel } from "../../entities/content-types.ts";
import { MODELS, Note, User } from "../../entities/index.ts";
import { AppError, type ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { isBySuperuser } from "./superuser.ts";

/** Rules of Note: it is about an object that there is, and its writer's own. */
export const noteRules = {
  async check(note: Note, unit: Unit): Promise<ErrorDetail[]> {
    const isNew = note.user === undefined;
    if (isNew) signedBy(note, unit);
    else await ownedBy(note, unit);
    const details = note.note.trim() === "" ? [{ field: "data.note", message: "This field cannot be blank." }] : [];
    // The object of a note never changes, and may be deleted.
    const label = isNew ? note.assignedObjectType?.label : undefined;
    const model = MODELS.find((candidate) => contentTypeLabel(candidate) === label);
    if (model && (await unit.em.count(model as never, { id: note.assignedObjectId } as never)) === 0)
      details.push({ field: "data.assigned_object_id", message: `There is no object of the kind ${label} with this id.` });
    return details;
  },

  async mayDelete(note: Note, unit: Unit): Promise<ErrorDetail[]> {
    await ownedBy(note, unit);
    return [];
  },
};

function signedBy(note: Note, { author, em }: Unit): void {
  note.user = author.userId === null ? null : em.getReference(User, author.userId);
  note.userName = author.username;
}

/** @throws {@link AppError} FORBIDDEN */
async function ownedBy(note: Note, unit: Unit): Promise<void> {
  if (note.user?.id === unit.author.userId || (await isBySuperuser(unit))) return;
  throw new AppError("FORBIDDEN", `The note belongs to ${note.userName}: only its author may change it.`);
}

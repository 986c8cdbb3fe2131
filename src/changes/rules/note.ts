import { contentTypeLabel } from "../../entities/content-types.ts";
import { MODELS, Note, User } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";

/** Rules of Note: it is about an object that its writer may view, and signed by the writer. Permissions say who changes it. */
export const noteRules = {
  async check(note: Note, unit: Unit): Promise<ErrorDetail[]> {
    const isNew = note.user === undefined;
    if (isNew) signedBy(note, unit);
    const details = note.note.trim() === "" ? [{ field: "data.note", message: "This field cannot be blank." }] : [];
    // The object of a note never changes, and may be deleted.
    const label = isNew ? note.assignedObjectType?.label : undefined;
    const model = MODELS.find((candidate) => contentTypeLabel(candidate) === label);
    if (model && !(await isThere(unit, model, note.assignedObjectId)))
      details.push({ field: "data.assigned_object_id", message: `There is no object of the kind ${label} with this id.` });
    return details;
  },
};

function signedBy(note: Note, { author, em }: Unit): void {
  note.user = author.userId === null ? null : em.getReference(User, author.userId);
  note.userName = author.username;
}

async function isThere(unit: Unit, model: (typeof MODELS)[number], id: string): Promise<boolean> {
  return (await unit.may("view", model as never, [id])).has(id) && (await unit.em.count(model as never, { id } as never)) > 0;
}

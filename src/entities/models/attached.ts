import { HasAttached, LinkedTo } from "../mapping/model.ts";
import { Note } from "./note.ts";
import { ObjectChange } from "./object-change.ts";
import { Tag } from "./tag.ts";

/*
 * Relations that objects of any model can have. Functions, not constants: the models here and those that use them import each other, and only a function
 * exists before its file has run.
 */

/** Notes on an object. */
export function Notes(): PropertyDecorator {
  return HasAttached(() => Note, "assignedObjectId", { description: "Notes on the object, oldest first." });
}

/** Changes of an object. */
export function ObjectChanges(): PropertyDecorator {
  return HasAttached(() => ObjectChange, "changedObjectId", { description: "Changes of the object, newest first." });
}

/** An object's tags; `table` is the one between the two. */
export function Tags(table: string): PropertyDecorator {
  return LinkedTo(() => Tag, { table, description: "The object's tags." });
}

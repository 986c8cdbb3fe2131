import { Resolver } from "type-graphql";
import { Note } from "../../../entities/index.ts";
import { modelMutations } from "../../model/model-mutations.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Notes on objects. */
@Resolver(() => Note)
export class NoteResolver extends namedResolver(Note, {
  one: "note",
  many: "notes",
  display: { needs: ["user_name", "note"], of: (row) => `${row["user_name"]}: ${row["note"]}` },
}) {}

/** Notes: to write, to change, to delete. */
@Resolver()
export class NoteMutations extends modelMutations(Note, {
  create: ["assigned_object_type", "assigned_object_id", "note"],
  update: ["note"],
}) {}

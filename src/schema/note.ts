import { Resolver } from "type-graphql";
import { Note } from "../entities/index.ts";
import { namedResolver } from "./named-resolver.ts";

/** What people wrote about objects. */
@Resolver(() => Note)
export class NoteResolver extends namedResolver(Note, {
  one: "note",
  many: "notes",
  display: { needs: ["user_name", "note"], of: (row) => `${row["user_name"]}: ${row["note"]}` },
}) {}

import { CancelRunDocument, FollowLogDocument, RunJobDocument, RunStateDocument } from "./generated.ts";

/** Texts of the documents that a client sends by itself, for the list of a server that takes no others. */
export const clientDocuments: readonly string[] = [CancelRunDocument, FollowLogDocument, RunJobDocument, RunStateDocument].map(
  String,
);

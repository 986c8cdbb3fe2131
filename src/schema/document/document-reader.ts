import { type DocumentNode, GraphQLError, type GraphQLSchema } from "graphql";
import { LRUCache } from "lru-cache";
import { parseWithin, type StructureLimits } from "./structure.ts";
import { listSingleValues } from "./single-values.ts";
import { validateWithin } from "./validate-within.ts";

/** Characters of the documents that are kept parsed, together. A parsed document takes some hundred times the room of its text. */
const KEPT_CHARACTERS = 200_000;

/** Longer documents are not kept; in characters. */
export const LONGEST_KEPT = 20_000;

/**
 * Parses and validates a text. Returns the document, the same one for the same text, or its errors.
 * @throws {@link AppError} LIMIT_EXCEEDED for a document that is too large, by the cost of its validation.
 */
export type ReadDocument = (text: string) => DocumentNode | readonly GraphQLError[];

/** Makes a reader for one schema. */
export function createDocumentReader(schema: GraphQLSchema, limits: StructureLimits): ReadDocument {
  const read = (text: string) => {
    try {
      const document = listSingleValues(schema, parseWithin(text, limits));
      const errors = validateWithin(schema, document);
      return errors.length > 0 ? errors : document;
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
  };
  const kept = new LRUCache<string, ReturnType<ReadDocument>>({
    maxSize: KEPT_CHARACTERS,
    // A text without anything takes a place too.
    sizeCalculation: (_, text) => text.length + 1,
    memoMethod: read,
  });
  return (text) => (text.length > LONGEST_KEPT ? read(text) : kept.memo(text));
}

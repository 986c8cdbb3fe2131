import { type DocumentNode, GraphQLError, type GraphQLSchema } from "graphql";
import { LRUCache } from "lru-cache";
import { type Limit, limitOf, type OwnLimits } from "../../own-limits.ts";
import { checkDepth, parseWithin, type StructureLimits } from "./structure.ts";
import { listSingleValues } from "./single-values.ts";
import { validateWithin } from "./validate-within.ts";

/** Characters of the documents that are kept parsed, together. A parsed document takes some hundred times the room of its text. */
const KEPT_CHARACTERS = 200_000;

/** Longer documents are not kept; in characters. */
export const LONGEST_KEPT = 20_000;

/** The user who sends a document, as far as it matters to reading it. */
export interface Sender {
  limits?: OwnLimits | undefined;
}

/** A document, or its errors. */
type Found = DocumentNode | readonly GraphQLError[];

/**
 * Parses and validates a text. Returns the document, the same one for the same text, or its errors.
 * @throws {@link AppError} LIMIT_EXCEEDED for a document that is too large, by the cost of its validation, or for its sender.
 */
export type ReadDocument = (text: string, sender: Sender) => Found;

/** A document that was read. Its depth is kept, since a sender may be allowed less than the one for whom it was read. */
interface Kept {
  found: Found;
  depth: number;
}

/** Makes a reader for one schema. */
export function createDocumentReader(schema: GraphQLSchema, limits: StructureLimits): ReadDocument {
  const read = (text: string, most: Limit): Kept => {
    try {
      const { document: parsed, depth } = parseWithin(text, limits, most);
      const document = listSingleValues(schema, parsed);
      const errors = validateWithin(schema, document);
      return { found: errors.length > 0 ? errors : document, depth };
    } catch (error) {
      if (error instanceof GraphQLError) return { found: [error], depth: 0 };
      throw error;
    }
  };
  const kept = new LRUCache<string, Kept, Limit>({
    maxSize: KEPT_CHARACTERS,
    // A text without anything takes a place too.
    sizeCalculation: (_, text) => text.length + 1,
    memoMethod: (text, _, { context }) => read(text, context),
  });
  return (text, { limits: own }) => {
    const most = limitOf("maxQueryDepth", limits, own);
    const { found, depth } = text.length > LONGEST_KEPT ? read(text, most) : kept.memo(text, { context: most });
    checkDepth(depth, most);
    return found;
  };
}

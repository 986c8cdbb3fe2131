import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, validate } from "graphql";
import { LRUCache } from "lru-cache";

/** How many documents are kept parsed. */
const KEPT_DOCUMENTS = 500;

/** Longer documents are not kept; in characters. */
export const LONGEST_KEPT = 20_000;

/** Parses and validates a text: the document, the same for the same text, or what is wrong with it. */
export type ReadDocument = (text: string) => DocumentNode | readonly GraphQLError[];

/** Makes a reader for one schema. */
export function createDocumentReader(schema: GraphQLSchema): ReadDocument {
  const read = (text: string) => {
    try {
      const document = parse(text);
      const errors = validate(schema, document);
      return errors.length > 0 ? errors : document;
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      // graphql-js goes down a document by calls, and the stack ends before the text does.
      if (error instanceof RangeError) return [new GraphQLError("The document is nested too deeply.")];
      throw error;
    }
  };
  const kept = new LRUCache({ max: KEPT_DOCUMENTS, memoMethod: read });
  return (text) => (text.length > LONGEST_KEPT ? read(text) : kept.memo(text));
}

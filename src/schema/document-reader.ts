import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, validate } from "graphql";
import { LRUCache } from "lru-cache";

/** How many documents are kept parsed. */
const KEPT_DOCUMENTS = 500;

/** Longer documents are not kept; in characters. */
const LONGEST_KEPT = 20_000;

/** Parses and validates; the document, or what is wrong with the text. */
export function createDocumentReader(schema: GraphQLSchema): (text: string) => DocumentNode | readonly GraphQLError[] {
  const read = (text: string) => {
    try {
      const document = parse(text);
      const errors = validate(schema, document);
      return errors.length > 0 ? errors : document;
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
  };
  const kept = new LRUCache({ max: KEPT_DOCUMENTS, memoMethod: read });
  return (text) => (text.length > LONGEST_KEPT ? read(text) : kept.memo(text));
}

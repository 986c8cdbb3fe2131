import { type DocumentNode, GraphQLError, type GraphQLSchema, validate } from "graphql";
import { AppError, counted } from "../../errors.ts";
import { measureOverlaps } from "./overlaps.ts";
import { VALIDATION_RULES } from "./root-fields.ts";

/** Errors of a document after which no more are looked for. */
const MOST_ERRORS = 100;

/**
 * Validates a document. Returns its errors, at most {@link MOST_ERRORS} and one that says so.
 * @throws {@link AppError} LIMIT_EXCEEDED where graphql-js gives up, since it would have to compare too many fields with each other.
 */
export function validateWithin(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  const errors = validate(schema, document, VALIDATION_RULES, { maxErrors: MOST_ERRORS });
  // It has no class for either end, and tells of them in its last error.
  const last = errors.at(-1)?.message;
  if (last === "Validation aborted.") refuse(document);
  if (last !== "Too many validation errors, error limit reached. Validation aborted.") return errors;
  const others = new GraphQLError(`The document has more errors than these ${MOST_ERRORS}. Correct them to see the others.`);
  return [...errors.slice(0, MOST_ERRORS), others];
}

function refuse(document: DocumentNode): never {
  const { name, times } = measureOverlaps(document).most;
  throw new AppError(
    "LIMIT_EXCEEDED",
    `The document has "${name}" ${counted(times, "time")} in one object, and validation cannot compare all of them with each other. Name each field once in an object, or send parts of the document separately.`,
  );
}

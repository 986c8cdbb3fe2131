import { randomUUID } from "node:crypto";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import type { Logger } from "pino";
import { AppError } from "../../errors.ts";
import { knownRefusal } from "./known-refusals.ts";

/** Turns a thrown error into the client's error; the same for every transport. */
export type FormatError = (thrown: unknown) => GraphQLFormattedError;

/**
 * The one place where errors are translated: an {@link AppError} keeps its sentence, code and details; an error of GraphQL itself (syntax,
 * validation, variables) passes; anything else is logged under an id, and the client sees that id alone.
 * @param hidesNames leaves out the names that GraphQL's own errors suggest, as they tell the schema bit by bit.
 */
export function createErrorFormat(log: Logger, { hidesNames = false }: { hidesNames?: boolean } = {}): FormatError {
  return (thrown) => {
    const error = thrown instanceof GraphQLError ? thrown : new GraphQLError(String(thrown), { originalError: thrown as Error });
    const cause = rootCause(error);
    const original = knownRefusal(cause) ?? cause;
    const { message, locations, path, extensions } = error.toJSON();
    const place = { ...(locations && { locations }), ...(path && { path }) };
    if (original instanceof AppError) {
      if (original.code === "UNAVAILABLE") log.warn({ err: cause, path }, "the database could not be asked");
      const details = original.details.length > 0 ? { details: original.details } : {};
      return { message: original.message, ...place, extensions: { code: original.code, ...details } };
    }
    if (original === undefined) {
      // `http` is how Apollo tells itself the status.
      const { http: _, ...told } = extensions ?? {};
      const shown = hidesNames ? message.replace(SUGGESTION, "") : message;
      return { message: shown, ...place, extensions: { code: "GRAPHQL_VALIDATION_FAILED", ...told } };
    }
    const id = randomUUID();
    log.error({ err: original, id, path }, "an operation failed");
    return {
      message: `Internal server error. Its id in the server's log is ${id}.`,
      ...place,
      extensions: { code: "INTERNAL_SERVER_ERROR", id },
    };
  };
}

const SUGGESTION = / Did you mean [^?]+\?$/;

/** Returns the error from before GraphQL and Apollo wrapped it; undefined for an error of GraphQL itself. */
function rootCause(error: GraphQLError): Error | undefined {
  let cause: Error | undefined = error;
  while (cause instanceof GraphQLError) cause = cause.originalError;
  return cause;
}

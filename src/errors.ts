/**
 * Faults of a caller, and `UNAVAILABLE` for a database that cannot be asked just now, as a closed list. It is the `extensions.code` of a GraphQL
 * error, so clients branch on it; everything that is not in this list is our fault and reaches the client as `INTERNAL_SERVER_ERROR`.
 */
export type ErrorCode =
  | "BAD_USER_INPUT"
  | "CONFLICT"
  | "FORBIDDEN"
  | "INVALID_SCHEDULE"
  | "JOB_ALREADY_RUNNING"
  | "JOB_NOT_ENABLED"
  | "JOB_NOT_INSTALLED"
  | "LIMIT_EXCEEDED"
  | "NOT_CANCELABLE"
  | "NOT_FOUND"
  | "UNAUTHENTICATED"
  | "UNAVAILABLE";

/** One thing wrong with one field of the input: `field` is its dotted path as the caller wrote it, `message` a sentence. */
export interface ErrorDetail {
  field: string;
  message: string;
}

/** An error whose message is a sentence meant for the caller. Thrown anywhere; translated once, in `schema/error-format.ts`. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];

  constructor(code: ErrorCode, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The process cannot start as it was configured. `start.ts` prints the message as it is, without a stack, and exits with 1. */
export class StartError extends Error {
  override readonly name = "StartError";
}

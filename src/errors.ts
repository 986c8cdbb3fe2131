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
  | "PERSISTED_QUERY_NOT_FOUND"
  | "UNAUTHENTICATED"
  | "UNAVAILABLE";

/** An error of one field of the input: `field` is its dotted path as the caller wrote it, `message` a sentence. */
export interface ErrorDetail {
  field: string;
  message: string;
}

/** An error whose message is a sentence meant for the caller. Thrown anywhere; translated once, in `schema/execution/error-format.ts`. */
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

/**
 * Returns the error of one field.
 * @param field dotted path of the input, as the caller wrote it.
 * @param message sentence that is the error's own and the field's.
 */
export const fieldError = (code: ErrorCode, field: string, message: string): AppError =>
  new AppError(code, message, [{ field, message }]);

/** Faults of one request, collected so that the caller is told all of them at once. */
export class Faults {
  readonly #errors: { error: AppError; field: string | undefined }[] = [];

  /**
   * Does a part of the work.
   * @param field that is at fault where an error names none, beside others that do.
   * @returns the result of the work; undefined when the caller is at fault.
   * @throws any other error.
   */
  async try<T>(work: () => Promise<T> | T, field?: string): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#errors.push({ error, field });
      return undefined;
    }
  }

  /** @throws {@link AppError} the one that was collected, or one with the code of the first and the details of all, each field told by one. */
  refuse(): void {
    const [first, ...others] = this.#errors;
    if (!first) return;
    if (others.length === 0) throw first.error;
    const details: ErrorDetail[] = [];
    for (const { error, field } of this.#errors) {
      const told = new Set(details.map((detail) => detail.field));
      const own = error.details.length === 0 && field !== undefined ? [{ field, message: error.message }] : error.details;
      details.push(...own.filter((detail) => !told.has(detail.field)));
    }
    throw new AppError(first.error.code, this.#errors.map(({ error }) => error.message).join(" "), details);
  }
}

/** The process cannot start as it was configured. `start.ts` prints the message as it is, without a stack, and exits with 1. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * Returns a number with its noun, for messages: `1 run`, `2 runs`.
 * @param noun in the singular.
 * @param plural of a noun that does more than take an s.
 */
export const counted = (count: number, noun: string, plural = `${noun}s`): string => `${count} ${count === 1 ? noun : plural}`;

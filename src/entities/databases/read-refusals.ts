import { AppError } from "../../errors.ts";

/** Returns the refusal of a read whose rows have more text than `maxBytes`. */
export const tooManyBytes = (maxBytes: number): AppError =>
  new AppError(
    "LIMIT_EXCEEDED",
    `The rows of this request have more than ${maxBytes} bytes of text: ask for fewer rows or fields, and page on.`,
  );

/** Whether an error is the refusal of {@link tooManyBytes}; from another process it comes as its sentence. */
export const isTooManyBytes = (error: AppError, maxBytes: number): boolean => error.message === tooManyBytes(maxBytes).message;

/** Returns the refusal of a read whose statement took longer than `timeoutMs`. */
export const tookTooLong = (timeoutMs: number): AppError =>
  new AppError(
    "LIMIT_EXCEEDED",
    `A statement of this request took longer than ${timeoutMs} ms (STATEMENT_TIMEOUT_MS): narrow its filters, so that fewer rows are looked at.`,
  );

/** Returns the refusal of a read before which too many wait, or that has waited too long. */
export const laneIsFull = (): AppError =>
  new AppError(
    "LIMIT_EXCEEDED",
    "Too many reads are under way that take long: ask again later, or narrow the filters of this one.",
  );

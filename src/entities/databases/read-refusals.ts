import { AppError, counted } from "../../errors.ts";

/** The refusal of a read whose rows have more text than they may. */
export class TooManyBytes extends AppError {
  constructor(maxBytes: number) {
    super(
      "LIMIT_EXCEEDED",
      `The rows of this request have more than ${counted(maxBytes, "byte")} of text: ask for fewer rows or fields, and page on.`,
    );
  }
}

/** Returns the refusal of a read whose statement took longer than `timeoutMs`. */
export const tookTooLong = (timeoutMs: number): AppError =>
  new AppError(
    "LIMIT_EXCEEDED",
    `A statement of this request took longer than ${timeoutMs} ms (STATEMENT_TIMEOUT_MS): narrow its filters, so that it reads fewer rows.`,
  );

/** Returns the refusal of a read before which too many wait, or that has waited too long. */
export const laneIsFull = (): AppError =>
  new AppError("LIMIT_EXCEEDED", "Too many long reads are under way: try again later, or narrow the filters of this one.");

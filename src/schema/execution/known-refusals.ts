import { isPassing } from "../../entities/faults.ts";
import { AppError } from "../../errors.ts";

/** Refusals of PostgreSQL that the caller's values cause, by `SQLSTATE`. */
const SENTENCES: Readonly<Record<string, string>> = {
  "2201B": "A regular expression is one that this server's database does not understand",
  "54000": "The values are more than the database takes in one statement",
  "54001": "The values are nested too deeply, or are too many, for the database",
};

/** Codes with which a database that can only be read, or whose folder can, refuses every change. */
const READ_ONLY: ReadonlySet<string> = new Set([
  "SQLITE_READONLY",
  "SQLITE_READONLY_DBMOVED",
  "SQLITE_READONLY_DIRECTORY",
  "25006",
]);

/**
 * Returns the error for the caller where something below rejected what they sent for a reason that can be told: a database, or the stack, which
 * ends before a document that is nested deeply does; or where the database cannot be asked just now. Undefined for any other error.
 */
export function knownRefusal(error: Error | undefined): AppError | undefined {
  if (error instanceof AppError) return undefined;
  if (error instanceof RangeError && error.message === "Maximum call stack size exceeded")
    return new AppError("LIMIT_EXCEEDED", "The request is nested too deeply: send fewer levels.");
  for (let cause = error; cause instanceof Error; cause = cause.cause as Error | undefined) {
    const code = String((cause as { code?: unknown }).code);
    const sentence = SENTENCES[code];
    if (sentence !== undefined) return new AppError("BAD_USER_INPUT", `${sentence}.`);
    if (READ_ONLY.has(code))
      return new AppError("FORBIDDEN", "The server's database is read-only: let the server write to its files and their folder.");
  }
  // A change whose answer was lost may have been made.
  if (isPassing(error)) return new AppError("UNAVAILABLE", "The database is away, busy or full. Try again in a moment.");
  return undefined;
}

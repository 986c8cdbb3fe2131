import { listIn, membersOf, textIn } from "./json-members.ts";

/** A failure as `result` of its run keeps it: as Nautobot's workers store an exception. */
interface FailureResult {
  exc_type: string;
  exc_module: string;
  /** Its arguments. */
  exc_message: readonly string[];
}

/** Errors of JavaScript know no module. Nautobot has this for those of the language itself. */
const MODULE = "builtins";

/** Returns the `result` of a run that failed. */
export function failureResult(type: string, message: string): FailureResult {
  return { exc_type: type, exc_module: MODULE, exc_message: [message] };
}

/** Returns the failure in a value of {@link failureResult}; empty texts for any other value. */
export function readFailure(result: unknown): { type: string; message: string } {
  const { exc_type: type, exc_message: message } = membersOf(result);
  return { type: textIn(type), message: textIn(listIn(message)[0]) };
}

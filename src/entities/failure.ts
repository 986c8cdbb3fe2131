/** A failure as `result` of its run keeps it. */
interface FailureResult {
  exc_type: string;
  exc_message: string;
}

/** Returns the `result` of a run that failed. */
export function failureResult(type: string, message: string): FailureResult {
  return { exc_type: type, exc_message: message };
}

/** Returns what {@link failureResult} was made of; empty texts for any other value. */
export function readFailure(result: unknown): { type: string; message: string } {
  const { exc_type: type = "", exc_message: message = "" } = (result ?? {}) as Partial<FailureResult>;
  return { type, message };
}

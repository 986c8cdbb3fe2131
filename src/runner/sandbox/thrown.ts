import type { Outcome } from "../sandbox.ts";
import { JobFailure } from "../define-job.ts";
import type { Redactor } from "./redaction.ts";

/** Longest text of a failure, in characters. */
const MAX_TEXT = 100_000;
/** Causes of an error that are told. */
const MAX_CAUSES = 20;

/** The parts of a thrown value that are told. Its traceback is null when the job said that it has none to tell. */
export interface Thrown {
  name: string;
  message: string;
  traceback: string | null;
}

/** A thrown value, of any kind, as an outcome. An error that a timer or a stream makes of `signal` is told as the signal's own reason. */
export function failure(thrown: unknown, redactor: Redactor, signal?: AbortSignal): Outcome & { kind: "failure" } {
  const { name, message, traceback } = readThrown(thrown, signal);
  return {
    kind: "failure",
    excType: redactor.text(name, MAX_TEXT),
    excMessage: redactor.text(message, MAX_TEXT),
    traceback: traceback === null ? null : redactor.text(traceback, MAX_TEXT),
  };
}

/** Reads a thrown value. It never throws, whatever the value's getters and proxies do. */
export function readThrown(thrown: unknown, signal?: AbortSignal): Thrown {
  try {
    const error = thrown instanceof Error ? thrown : new Error(typeof thrown === "string" ? thrown : `threw ${String(thrown)}`);
    const { name, message } = signal?.aborted && error.cause === signal.reason ? (signal.reason as Error) : error;
    return { name: String(name), message: String(message), traceback: error instanceof JobFailure ? null : tracebackOf(error) };
  } catch {
    const message = "The job threw a value that cannot be read.";
    return { name: "Error", message, traceback: `Error: ${message}` };
  }
}

/** The stack and its causes' stacks. */
function tracebackOf(error: Error): string {
  const stacks: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && stacks.length <= MAX_CAUSES; cause = cause.cause)
    stacks.push(String(cause.stack ?? `${cause.name}: ${cause.message}`));
  return stacks.join("\nCaused by: ");
}

import { inspect, types } from "node:util";
import type { Failure } from "../failure.ts";
import type { Outcome } from "../sandbox.ts";
import { JobFailure } from "../../../sdk/define-job.ts";
import type { Redactor } from "../redaction/redaction.ts";

/** Longest text of a failure, in characters. */
const MAX_TEXT = 100_000;
/** Errors that one failure tells: the one that was thrown, its causes, and those that it gathers. */
const MAX_ERRORS = 20;
/** Bounds of the shown properties of an error. */
const SHOWN = { depth: 3, breakLength: 120, maxArrayLength: 20, maxStringLength: 1000 };

/** The parts of a thrown value that are told. Its traceback is null when the job said that it has none to tell. */
export interface Thrown {
  name: string;
  message: string;
  traceback: string | null;
}

/** A thrown value, of any kind, as an outcome. An error that a timer or a stream makes of `signal` is told as the signal's own reason. */
export function failure(thrown: unknown, redactor: Redactor, signal?: AbortSignal): Outcome & { kind: "failure" } {
  const { name, message, traceback } = readThrown(thrown, signal);
  return redactFailure({ excType: name, excMessage: message, traceback }, redactor);
}

/** A failure as an outcome: without secrets, and with texts that can be stored. */
export function redactFailure({ excType, excMessage, traceback }: Failure, redactor: Redactor): Outcome & { kind: "failure" } {
  return {
    kind: "failure",
    excType: redactor.text(excType, MAX_TEXT),
    excMessage: redactor.text(excMessage, MAX_TEXT),
    traceback: traceback === null ? null : redactor.text(traceback, MAX_TEXT),
  };
}

/** Reads a thrown value. It never throws, not even for throwing getters and proxies. */
export function readThrown(thrown: unknown, signal?: AbortSignal): Thrown {
  try {
    const error = isError(thrown) ? thrown : new Error(typeof thrown === "string" ? thrown : `threw ${shown(thrown)}`);
    const told = signal?.aborted && error.cause === signal.reason ? (signal.reason as Error) : error;
    const traceback = error instanceof JobFailure ? null : tracebackOf(error);
    return { name: String(told.name), message: messageOf(told), traceback };
  } catch {
    const message = "The job threw a value that cannot be read.";
    return { name: "Error", message, traceback: `Error: ${message}` };
  }
}

/** Errors of another realm too, such as those of `node:vm`. */
const isError = (value: unknown): value is Error => value instanceof Error || types.isNativeError(value);

/** A value that is no error: in its own words, if it has any. */
function shown(value: unknown): string {
  const text = String(value);
  return Array.isArray(value) || text.startsWith("[object ") ? inspect(value, SHOWN) : text;
}

/** The message; of an error without one, as Node's for a host none of whose addresses answers, those of the errors that it gathers, or its code. */
function messageOf(error: Error): string {
  if (error.message) return String(error.message);
  const messages = gatheredBy(error).flatMap((one) => (isError(one) && one.message ? [String(one.message)] : []));
  return messages.length > 0 ? messages.slice(0, MAX_ERRORS).join("; ") : String((error as { code?: unknown }).code ?? "");
}

/** The errors of an `AggregateError` and its like. */
function gatheredBy(error: Error): readonly unknown[] {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) ? errors : [];
}

/** The stacks of an error, of those that it gathers and of its causes, each with its further properties. */
function tracebackOf(error: Error): string {
  const parts: string[] = [];
  const told = new Set<unknown>();
  const tellOne = (prefix: string, one: unknown): void => {
    if (!isError(one)) return void parts.push(prefix + shown(one));
    if (told.has(one)) return void parts.push(`${prefix}${one.name}: ${one.message} (told above)`);
    told.add(one);
    parts.push(prefix + String(one.stack ?? `${one.name}: ${one.message}`) + carriedBy(one));
    for (const gathered of gatheredBy(one)) tell("One of its errors: ", gathered);
    if (one.cause !== undefined) tell("Caused by: ", one.cause);
  };
  const tell = (prefix: string, one: unknown): void => {
    if (parts.length === MAX_ERRORS) parts.push("…");
    if (parts.length > MAX_ERRORS) return;
    try {
      tellOne(prefix, one);
    } catch {
      // The other errors are still shown.
      parts.push(`${prefix}a value that cannot be read`);
    }
  };
  tell("", error);
  return parts.join("\n");
}

const TOLD_APART: ReadonlySet<string> = new Set(["name", "message", "stack", "cause", "errors"]);

/** Properties that an error has of its own, such as `code` and `address`, as Node prints it behind the stack. */
function carriedBy(error: Error): string {
  const own = Object.entries(Object.getOwnPropertyDescriptors(error)).filter(
    ([name, { enumerable }]) => enumerable && !TOLD_APART.has(name),
  );
  return own.length === 0 ? "" : ` ${inspect(Object.defineProperties({}, Object.fromEntries(own)), SHOWN)}`;
}

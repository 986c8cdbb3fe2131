import { failed, failureOf } from "../failure.ts";
import type { Outcome } from "../sandbox.ts";
import { BrokenMessage } from "../wire/broken-message.ts";
import { LineLimitExceeded } from "./line-count.ts";
import type { StopReason } from "../wire/protocol.ts";
import type { Redactor } from "../redaction/redaction.ts";
import { redactFailure } from "../wire/thrown.ts";
import { MAX_PROCESSES } from "./memory-watch.ts";
import { EndedError, type Excess, OutOfMemoryError } from "./vessel.ts";

/** The reason that a job is told at its soft time limit. */
export const softLimit = (ms: number): StopReason => ({
  name: "SoftTimeLimitExceeded",
  message: `The job was told to stop: it ran longer than its soft time limit of ${ms / 1000} s.`,
});

/** The reason of a run that was ended at its hard time limit. */
export const hardLimit = (ms: number): StopReason => ({
  name: "TimeLimitExceeded",
  message: `The job was ended: it ran longer than its time limit of ${ms / 1000} s.`,
});

/** A run that took more memory than `limitMb` MiB; 0 for one without a limit. */
export const overMemory = (limitMb: number) =>
  failed(
    "MemoryLimitExceeded",
    limitMb > 0
      ? `The job was ended: it took more memory than its limit of ${limitMb} MiB.`
      : "The job was ended: it took more memory than the engine or the system can give.",
  );

/** A run that took more than it may. */
export const tooMuch = (what: Excess, memoryLimitMb: number) =>
  what === "memory"
    ? overMemory(memoryLimitMb)
    : failed("ProcessLimitExceeded", `The job was ended: it had more than ${MAX_PROCESSES} processes.`);

/** The errors of the engine and of Node for memory that the system refuses. */
const REFUSED = new Set(["Array buffer allocation failed", "Failed to allocate memory"]);

/** An outcome as it is told: an allocation that failed in a job with a limit of memory was beyond the limit. */
export function explain(outcome: Outcome, memoryLimitMb: number): Outcome {
  if (outcome.kind === "success" || memoryLimitMb === 0 || !REFUSED.has(outcome.excMessage)) return outcome;
  const { excType, excMessage } = overMemory(memoryLimitMb);
  return failed(excType, excMessage, outcome.traceback);
}

/** Thrown when the lines or prints of a run cannot be stored. */
export class LogStorageError extends Error {
  override readonly name = "LogStorageError";
}

/** Errors that are a sentence for the job's author; where they were made is the server's own affair. */
const TOLD = [BrokenMessage, EndedError, LineLimitExceeded, LogStorageError];

/** The outcome of a run whose vessel ended before it told one. */
export function endOf(error: Error, memoryLimitMb: number, redactor: Redactor): Outcome {
  if (error instanceof OutOfMemoryError) return overMemory(memoryLimitMb);
  if (TOLD.some((kind) => error instanceof kind)) return failed(error.name, error.message);
  return redactFailure(failureOf(error), redactor);
}

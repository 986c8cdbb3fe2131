import type { MessagePort } from "node:worker_threads";
import type { ErrorDetail } from "../../../errors.ts";
import type { StoredFile } from "../../../sdk/define-job.ts";
import type { FileDescription, JobSource, Outcome, SandboxTask } from "../sandbox.ts";
import type { PipeMemory } from "./byte-pipe.ts";

/** Operations of one run that the server works on at once; more of them wait inside the sandbox for their turn. */
export const MAX_OPERATIONS = 10;

/** Files of one run that the server takes at once; more of them wait inside the sandbox for their turn. */
export const MAX_FILES = 50;

/** Data of a thread at its start. */
export interface ThreadData {
  /** The port of requests; `parentPort` is left to others, such as Node's own watch mode. */
  port: MessagePort;
  /** The pipe of all that the thread says. */
  pipe: PipeMemory;
}

/** Reason for which a run has to stop, or a file was rejected: an error's name and message, the parts of an error that pass between threads. */
export interface StopReason {
  name: string;
  message: string;
}

/** A message to a thread. */
export type Request =
  | { kind: "run"; run: number; task: SandboxTask }
  | { kind: "abort"; reason: StopReason }
  /** The outcome of a file that a run handed over. */
  | { kind: "file"; file: number; result: { stored: StoredFile } | { error: StopReason } }
  /** The outcome of an operation that a run sent: an `OperationAnswer` as JSON. */
  | { kind: "answer"; operation: number; answer: string }
  | { kind: "describe"; file: string }
  | { kind: "validate"; source: JobSource; data: Record<string, unknown>; secrets: readonly string[] };

/**
 * The answers of a thread or process, one to each request, among its records. `ready` comes first, unasked. An `outcome` names its run and
 * comes after the last record of it; `fit` says whether another task may follow in the same place. `unloadable` is for a job whose code does
 * not load any more.
 */
export type Reply =
  | { kind: "ready" }
  | { kind: "outcome"; run: number; outcome: Outcome; fit: boolean }
  | { kind: "described"; file: FileDescription }
  | { kind: "validated"; details: ErrorDetail[] }
  | { kind: "unloadable"; error: string };

import type { ErrorDetail } from "../../errors.ts";
import type { FileDescription, JobSource, Outcome, SaidLine, SandboxTask } from "../sandbox.ts";

/** What a thread is started with. */
export interface ThreadData {
  /** One 32-bit counter of batches that may still be sent before earlier ones are stored; the thread sleeps on it at zero. */
  credits: Int32Array<SharedArrayBuffer>;
}

/** Batches that may be under way from one run at a time. */
export const CREDITS = 8;

/** What a thread is told. */
export type Request =
  | { kind: "run"; task: SandboxTask }
  | { kind: "abort"; reason: string }
  | { kind: "describe"; file: string }
  | { kind: "validate"; source: JobSource; data: Record<string, unknown> };

/** What a thread answers. `ready` comes first; a run sends any number of `lines`, then one `outcome`. */
export type Reply =
  | { kind: "ready" }
  | { kind: "lines"; batch: SaidLine[] }
  | { kind: "outcome"; outcome: Outcome }
  | { kind: "described"; file: FileDescription }
  | { kind: "validated"; details: ErrorDetail[] };

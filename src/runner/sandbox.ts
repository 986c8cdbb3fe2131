import type { DefinedJob, Isolation } from "./define-job.ts";
import type { ErrorDetail } from "../errors.ts";
import type { LogLevel } from "../entities/choices.ts";

/** Which job: a file and the name it is exported under there. */
export interface JobSource {
  /** Absolute path. */
  file: string;
  exportName: string;
}

/** How long a job's code may run, in whole milliseconds from when its file begins to load. A soft limit at or above the hard one never fires. */
export interface TimeLimits {
  /** After this long the job is told, through `context.signal`. */
  readonly softMs: number;
  /** After this long the run is ended, whatever the job does. */
  readonly hardMs: number;
}

/** One run's worth of work. Structured-cloneable: it crosses a thread boundary. */
export interface SandboxTask extends JobSource {
  isolation: Isolation;
  jobResult: { id: string; name: string };
  data: Record<string, unknown>;
  dryRun: boolean;
  limits: TimeLimits;
  user: { id: string; username: string } | null;
}

/** A line as the job said it; `created` is milliseconds since the epoch. Already fit for storage: see `sandbox/fit-text.ts`. */
export interface SaidLine {
  level: LogLevel;
  grouping: string;
  message: string;
  created: number;
  object: string;
  url: string;
}

/** How a run ended. A failure is data, never an exception. */
export type Outcome =
  | { kind: "success"; result: unknown }
  | { kind: "failure"; excType: string; excMessage: string; traceback: string };

/** What the source says of one job: its definition without code, and its variables as JSON Schema. */
export interface JobDescription {
  exportName: string;
  meta: Omit<DefinedJob, "run" | "variables">;
  variablesSchema: Record<string, unknown>;
}

/** What one file holds. */
export type FileDescription = { jobs: JobDescription[] } | { error: string };

/**
 * Runs job code where it can do no harm to the API, and can always be ended. Job files are loaded in here and nowhere else.
 * Unless the job says otherwise, every run has a world of its own: nothing that one run leaves behind is seen by the next.
 */
export interface Sandbox {
  /**
   * Runs a task to its end. Never rejects. When `signal` aborts, the job is told through `context.signal`, given `graceMs`, and ended.
   * @param lines takes each batch as it comes; the job is held back while batches are not yet stored.
   */
  run(task: SandboxTask, lines: (batch: SaidLine[]) => Promise<void>, signal: AbortSignal): Promise<Outcome>;
  /** Loads files anew and tells which jobs each holds; a file that throws, exits or hangs is told as an error. */
  describe(files: readonly string[]): Promise<FileDescription[]>;
  /** Checks inputs against the job's variables; an empty list when they fit. Rejects when the job's code does not load or answer. */
  validate(source: JobSource, data: Record<string, unknown>): Promise<ErrorDetail[]>;
  close(): Promise<void>;
}

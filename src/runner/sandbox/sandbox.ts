import type { DefinedJob, GraphQLAnswerError, Isolation, JobHooks, StoredFile } from "../../sdk/define-job.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { ConsoleEntryRow, LineRow, RunRow } from "../../entities/database.ts";
import type { Failure } from "./failure.ts";
import type { Redaction } from "./redaction/redaction.ts";

/** A job: its file and the name of its export. */
export interface JobSource {
  /** Absolute path. */
  file: string;
  exportName: string;
}

/** Time limits of a job's code, in whole milliseconds from when its file begins to load. A soft limit at or above the hard one never fires. */
export interface TimeLimits {
  /** After this long the job is told, through `context.signal`. */
  readonly softMs: number;
  /** Milliseconds after which the run is ended, in any state of its job. */
  readonly hardMs: number;
}

/** The work of one run. Structured-cloneable: it crosses a thread boundary. */
export interface SandboxTask extends JobSource {
  isolation: Isolation;
  jobResult: { id: string; name: string; token: string };
  data: Record<string, unknown>;
  dryRun: boolean;
  limits: TimeLimits;
  /** In mebibytes; 0 for none, and the sandbox's own when absent. */
  memoryLimitMb?: number | undefined;
  user: { id: string; username: string } | null;
  /** Secrets to remove from the run's output and outcome; none when absent. */
  redaction?: Redaction;
}

/** A line of a run before it has its place in the log. Already fit for storage: see `redaction/fit-text.ts`. */
export type SaidLine = Omit<LineRow, keyof RunRow>;

/** A text that the job printed with one write, fit for storage like a line. */
export type PrintedText = Omit<ConsoleEntryRow, keyof RunRow>;

/** Progress of a job: `done` of `total`, in units of the job's choice; fit for storage as a line is. */
export interface Progress {
  done: number;
  total: number | null;
  message: string;
}

/** The outcome of an operation, as GraphQL answers it; it is JSON. */
export interface OperationAnswer {
  data?: unknown;
  /** At least one, where there are any. */
  errors?: readonly GraphQLAnswerError[] | undefined;
}

/**
 * Takes the output of a run while it runs, each kind in its order. The run waits until its output is taken. A run with a line or text that cannot be stored
 * fails.
 */
export interface RunListener {
  lines(batch: SaidLine[]): Promise<void>;
  /** Texts that the job printed to its console. */
  printed(batch: PrintedText[]): Promise<void>;
  /** The newest progress; of several at once only the last one is told. */
  progress(progress: Progress): void;
  /**
   * Stores a file while the job writes it. A rejection is thrown in the job.
   * @param content throws when the file will never be whole: the job failed to write the rest of it, or was ended.
   */
  file(name: string, content: AsyncIterable<Uint8Array>): Promise<StoredFile>;
  /** Executes a GraphQL operation, as the user of the run. */
  graphql(document: string, variables: Record<string, unknown>): Promise<OperationAnswer>;
}

/** Outcome of a run. A failure is data, never an exception. */
export type Outcome = { kind: "success"; result: unknown } | ({ kind: "failure" } & Failure);

/** Description of a job by its source: its definition without code, and its variables as JSON Schema. */
export interface JobDescription {
  exportName: string;
  meta: Omit<DefinedJob, "run" | "variables" | keyof JobHooks>;
  variablesSchema: Record<string, unknown>;
}

/** Jobs of a file, or the reason why it does not load. */
export type FileDescription = { jobs: JobDescription[] } | { error: string };

/**
 * Runs job code where it can do no harm to the API, and can always be ended. Job files are loaded in here and nowhere else.
 * Unless the job says otherwise, every run has a world of its own: nothing that one run leaves behind is seen by the next.
 */
export interface Sandbox {
  /**
   * Runs a task to its end. Never rejects. When `signal` aborts, the job is told through `context.signal`, given `graceMs`, and ended.
   * When it resolves, `on` has taken all that the run said.
   * @param end cuts the grace short: when it aborts, the run is ended at once.
   */
  run(task: SandboxTask, on: RunListener, signal: AbortSignal, end?: AbortSignal): Promise<Outcome>;
  /** Loads files again and tells which jobs each holds; a file that throws, exits or hangs is told as an error. */
  describe(files: readonly string[]): Promise<FileDescription[]>;
  /**
   * Checks inputs against the job's variables; an empty list when they fit. Rejects when the job's code does not load or answer.
   * @param secrets texts that are kept out of errors, and out of the output of the check.
   */
  validate(source: JobSource, data: Record<string, unknown>, secrets?: readonly string[]): Promise<ErrorDetail[]>;
  close(): Promise<void>;
}

import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";
import type { z } from "zod";

/*
 * The context of running job code, and the errors that it may throw. Declarations are in `define-job.ts`.
 */

/** Type of a job's `variables`: an object schema whose keys are the variables' names. */
export type Variables = z.ZodObject;

/** Options of a line. */
export interface LineOptions {
  /** The object of the line: its name, or its name and its URL. */
  object?: string | { display: string; absoluteUrl?: string };
  /** Heading that the line belongs under; `main` when absent. */
  grouping?: string;
}

type Say = (message: string, options?: LineOptions) => void;

/** Writes lines, with one method for each level. The methods are synchronous, and hold back a job that writes faster than lines can be stored. */
export interface JobLogger {
  debug: Say;
  info: Say;
  success: Say;
  warning: Say;
  failure: Say;
  error: Say;
  critical: Say;
}

/** The reason of `context.signal` when a run reaches its soft time limit. A job that catches it can clean up, and return or throw. */
export class SoftTimeLimitExceeded extends Error {
  declare name: "SoftTimeLimitExceeded";

  // On the prototype, so that a stack begins with it.
  static {
    this.prototype.name = "SoftTimeLimitExceeded";
  }
}

/** The reason of `context.signal` when a user cancels the run. Its message has the user and the reason. */
export class JobCanceled extends Error {
  declare name: "JobCanceled";

  static {
    this.prototype.name = "JobCanceled";
  }
}

/** Fails a run with a sentence for people. The job's code is not at fault, so the run has no traceback. */
export class JobFailure extends Error {
  declare name: string;

  // On the prototype, so that a class of the author's own may have its own.
  static {
    this.prototype.name = "JobFailure";
  }
}

/** Content of a file; texts are stored as UTF-8. A stream is read as fast as it can be stored. */
export type FileContent = AsyncIterable<Uint8Array | string> | Uint8Array | string;

/** A file that a run created. */
export interface StoredFile {
  /** Id of the FileProxy. */
  readonly id: string;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

/** An error of an answer. */
export interface GraphQLAnswerError {
  readonly message: string;
  /** Path of the error in the data. */
  readonly path?: readonly (number | string)[];
  readonly extensions?: {
    /** Code of the error, e.g. `NOT_FOUND`. */
    readonly code?: string;
    /** Errors of single fields. */
    readonly details?: readonly { readonly field: string; readonly message: string }[];
  };
}

/** The error of `graphql` for an answer with errors. Its message is that of the first error. */
export class GraphQLRequestError extends Error {
  declare name: "GraphQLRequestError";
  /** At least one. */
  readonly errors: readonly GraphQLAnswerError[];

  constructor(errors: readonly GraphQLAnswerError[]) {
    super(errors.length > 1 ? `${errors[0]!.message} (and ${errors.length - 1} more)` : errors[0]!.message);
    this.errors = errors;
  }

  static {
    this.prototype.name = "GraphQLRequestError";
  }
}

/** A document that GraphQL Code Generator made, `TypedDocumentNode` or `TypedDocumentString`, or a text. */
export type GraphQLDocument<Data, V> = DocumentTypeDecoration<Data, V> | string;

/** The argument of `run`. */
export interface JobContext<V extends Variables = Variables> {
  readonly logger: JobLogger;
  /** The run's inputs, checked against `variables` and with its defaults filled in. */
  readonly data: z.output<V>;
  /**
   * Aborted when the run has to stop; pass it on to `fetch`, timers and streams. At the soft time limit its reason is a
   * {@link SoftTimeLimitExceeded}, for a run that is canceled a {@link JobCanceled}.
   */
  readonly signal: AbortSignal;
  /** True when the run must change nothing. */
  readonly dryRun: boolean;
  /** User of the run; null for none. */
  readonly user: { readonly id: string; readonly username: string } | null;
  /**
   * The run itself. A job's HTTP request with `token` in the header `X-Job-Result` counts as the run's: the change log names the run for its changes.
   * `graphql` needs no token. The token counts until this attempt of the run has ended.
   */
  readonly jobResult: { readonly id: string; readonly name: string; readonly token: string };
  /**
   * Reports progress: `done` of `total`, in the job's own unit. It may be called at any rate: about ten values a second are stored, and always the last.
   */
  progress(done: number, total?: number | null, message?: string | null): void;
  /**
   * Stores a file as one of the run's `files`, to be downloaded from its `download_url`. Content that comes as a stream is stored while it
   * comes. Rejects when the name is not a file name, or the file is too large (`FileTooLarge`). An incomplete
   * file is deleted. A run that returns waits for its files.
   * @param name 1 to 255 characters, none of them a path separator; several files of a run may have the same.
   */
  createFile(name: string, content: FileContent): Promise<StoredFile>;
  /**
   * Sends a GraphQL query or mutation to the server as the run's user, and resolves to its `data`. The change log names the run for its changes.
   * Rejects with a {@link GraphQLRequestError} when the answer has errors, or when the user is no longer active. Rejects at once when the variables
   * are not JSON. Ten operations of a run are under way at once, and others wait. A document has at most 100,000 characters, variables 4,000,000 of
   * JSON, and an answer 16,000,000. A run that returns waits for its operations.
   */
  graphql<Data = Record<string, unknown>, V = Record<string, unknown>>(
    document: GraphQLDocument<Data, V>,
    variables?: V,
  ): Promise<Data>;
}

/** The outcome of a run, for `afterReturn`. */
export type JobOutcome =
  | { readonly status: "SUCCESS"; readonly result: unknown }
  | { readonly status: "FAILURE"; readonly error: unknown };

/** An entry of the change log. */
export interface ChangeRecord {
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly userName: string;
  readonly requestId: string;
  /** `app_label.model`, e.g. `dcim.device`. */
  readonly objectType: string;
  readonly objectId: string;
  readonly objectRepr: string;
  /** The object before the change; null for a new one. */
  readonly before: ObjectData | null;
  /** The object after the change; null for a deleted one. */
  readonly after: ObjectData | null;
}

/** An object with its fields, spelled as its API spells them. */
export type ObjectData = Readonly<Record<string, unknown>>;

/** The argument of a job hook receiver's `receive`. */
export interface HookContext extends Omit<JobContext, "data" | "dryRun"> {
  readonly change: ChangeRecord;
  readonly action: "CREATE" | "DELETE" | "UPDATE";
  /** The object after the change; null when it was deleted. */
  readonly changedObject: ObjectData | null;
}

/** The argument of a job button receiver's `receive`. */
export interface ButtonContext extends Omit<JobContext, "data" | "dryRun"> {
  /** The object of the pressed button. */
  readonly object: ObjectData;
  /** `app_label.model`, e.g. `dcim.device`. */
  readonly objectType: string;
  readonly objectId: string;
}

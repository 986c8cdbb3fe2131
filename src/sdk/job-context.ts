import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";
import type { z } from "zod";

/*
 * What job code is given while it runs, and what it may throw. `define-job.ts` has what an author declares.
 */

/** What `variables` of a job is: an object schema, its keys the variables' names. */
export type Variables = z.ZodObject;

/** What a line may say besides its message. */
export interface LineOptions {
  /** What the line is about: its name, or its name and where it is to be seen. */
  object?: string | { display: string; absoluteUrl?: string };
  /** Heading that the line belongs under; `main` when absent. */
  grouping?: string;
}

type Say = (message: string, options?: LineOptions) => void;

/** Says lines, one method a level. Synchronous for the author; a job that says more than can be stored is held back here. */
export interface JobLogger {
  debug: Say;
  info: Say;
  success: Say;
  warning: Say;
  failure: Say;
  error: Say;
  critical: Say;
}

/** Why `context.signal` is aborted when a run reaches its soft time limit. A job that catches it can clean up, and return or throw. */
export class SoftTimeLimitExceeded extends Error {
  declare name: "SoftTimeLimitExceeded";

  // On the prototype, so that a stack begins with it.
  static {
    this.prototype.name = "SoftTimeLimitExceeded";
  }
}

/** Why `context.signal` is aborted when somebody cancels the run. Its message says who, and why. */
export class JobCanceled extends Error {
  declare name: "JobCanceled";

  static {
    this.prototype.name = "JobCanceled";
  }
}

/** Fails a run with a sentence for people: nothing is wrong with the job's code, so the run has no traceback. */
export class JobFailure extends Error {
  declare name: string;

  // On the prototype, so that a class of the author's own may have its own.
  static {
    this.prototype.name = "JobFailure";
  }
}

/** What a file may be made of; texts are stored as UTF-8. A stream is read as fast as it can be stored. */
export type FileContent = AsyncIterable<Uint8Array | string> | Uint8Array | string;

/** A file that a run left. */
export interface StoredFile {
  /** Id of the FileProxy. */
  readonly id: string;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

/** One error of an answer. */
export interface GraphQLAnswerError {
  readonly message: string;
  /** Where in the data. */
  readonly path?: readonly (number | string)[];
  readonly extensions?: {
    /** What went wrong, as the API names it, e.g. `NOT_FOUND`. */
    readonly code?: string;
    /** What is wrong with single fields. */
    readonly details?: readonly { readonly field: string; readonly message: string }[];
  };
}

/** Why `graphql` of a job rejects: the answer has errors. Its message is that of the first. */
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

/** What `run` is given. */
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
  /** Who asked for the run; null when nobody in particular did. */
  readonly user: { readonly id: string; readonly username: string } | null;
  /**
   * The run itself. With its `token` as the header `X-Job-Result`, a request that the job sends over HTTP counts as the run's: what it changes is in
   * the change log as the run's. `graphql` needs none. The token counts until this attempt of the run has ended.
   */
  readonly jobResult: { readonly id: string; readonly name: string; readonly token: string };
  /**
   * Tells how far the job has come: `done` of `total`, in whatever it counts. May be called as often as one likes: some ten values a second
   * are stored, the last one always.
   */
  progress(done: number, total?: number | null, message?: string | null): void;
  /**
   * Stores a file as one of the run's `files`, to be downloaded from its `download_url`. Content that comes as a stream is stored while it
   * comes. Rejects when the name is no file's name or the file is larger than the server takes (`FileTooLarge`); of a file that is not
   * whole, nothing is kept. A run that returns waits for it.
   * @param name 1 to 255 characters, none of them a path separator; several files of a run may have the same.
   */
  createFile(name: string, content: FileContent): Promise<StoredFile>;
  /**
   * Has the server answer one GraphQL query or mutation, as the user that the run is for, and resolves to its `data`. What it changes is in the
   * change log as the run's. Rejects with a {@link GraphQLRequestError} when the answer has errors, also when that user may do nothing any more,
   * and at once when the variables hold what JSON cannot. Ten operations of a run are under way at once, others wait for their turn; a document
   * has at most 100,000 characters, its variables 4,000,000 of JSON, an answer 16,000,000. A run that returns waits for it.
   */
  graphql<Data = Record<string, unknown>, V = Record<string, unknown>>(
    document: GraphQLDocument<Data, V>,
    variables?: V,
  ): Promise<Data>;
}

/** How a run came out, as `afterReturn` is told. */
export type JobOutcome =
  | { readonly status: "SUCCESS"; readonly result: unknown }
  | { readonly status: "FAILURE"; readonly error: unknown };

/** One change of an object, as the change log has it. */
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

/** What `receive` of a job hook receiver is given. */
export interface HookContext extends Omit<JobContext, "data" | "dryRun"> {
  readonly change: ChangeRecord;
  readonly action: "CREATE" | "DELETE" | "UPDATE";
  /** The object after the change; null when it was deleted. */
  readonly changedObject: ObjectData | null;
}

/** What `receive` of a job button receiver is given. */
export interface ButtonContext extends Omit<JobContext, "data" | "dryRun"> {
  /** The object that the button was pressed for. */
  readonly object: ObjectData;
  /** `app_label.model`, e.g. `dcim.device`. */
  readonly objectType: string;
  readonly objectId: string;
}

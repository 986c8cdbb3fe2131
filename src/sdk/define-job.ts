import { z } from "zod";
import { definitionSchema, receiverSchema } from "./definition-schema.ts";
import type { ButtonContext, HookContext, JobContext, JobOutcome, Variables } from "./job-context.ts";

export { z };
export * from "./job-context.ts";
export * from "./variables.ts";

/**
 * Functions around `run`, like Nautobot's `before_start`, called in this order: `beforeStart`, `run`, `onSuccess` or `onFailure`, `afterReturn`. Each
 * may be async, and counts for the time limits. None is called when the inputs are wrong, or after a run was ended by force or by an uncaught error.
 */
export interface JobHooks<V extends Variables = Variables> {
  /** An error that it throws fails the run, and `run` is not called. */
  beforeStart?(context: JobContext<V>): unknown;
  /** Gets the value that `run` returned. An error that it throws fails the run, without a call of `onFailure`. */
  onSuccess?(context: JobContext<V>, result: unknown): unknown;
  /** Gets the error of `beforeStart` or `run`. An error that it throws becomes a line of the log, and changes nothing else. */
  onFailure?(context: JobContext<V>, error: unknown): unknown;
  /** Gets the outcome of the run. An error that it throws becomes a line of the log, and changes nothing else. */
  afterReturn?(context: JobContext<V>, outcome: JobOutcome): unknown;
}

/** Further attempts of a failed run. */
export interface Retry {
  /** Attempts after the first. */
  limit: number;
  /** Seconds from the end of the first attempt to the second. Each further wait is twice as long as the one before, up to a day. */
  backoff: number;
}

/** Fate of a run that `maxConcurrent` leaves no slot for. */
export type OnLimit = "queue" | "reject" | "replace";

/** Isolation of a job's runs from each other. */
export type Isolation = "process" | "run" | "shared";

/**
 * Metadata of a job, spelled as Nautobot's `Meta` attributes in camelCase. Most of them can be overridden
 * in the database; an override reverts to the value here.
 */
export interface JobDefinition<V extends Variables = Variables> extends JobHooks<V> {
  /** Unique name for people. */
  name: string;
  /** Heading that the job is listed under; the module's name when absent. */
  grouping?: string;
  /** Description of the job, as Markdown. */
  description?: string;
  /** Inputs; none when absent. */
  variables?: V;
  /** True when the job may run as soon as it is first found; otherwise an administrator enables it. */
  enabled?: boolean;
  approvalRequired?: boolean;
  consoleLogDefault?: boolean;
  dryrunDefault?: boolean;
  hasSensitiveVariables?: boolean;
  hidden?: boolean;
  /** At most one run at a time. A second one is rejected, unless its request has `ignore_singleton_lock`. */
  isSingleton?: boolean;
  /** At most this many runs at a time. */
  maxConcurrent?: number;
  /**
   * Fate of a run beyond `maxConcurrent`. With `reject`, the default, it is rejected. With `queue`, it waits for a slot. With `replace`, the oldest
   * run is canceled, and the new one starts when it has ended.
   */
  onLimit?: OnLimit;
  /** Further attempts of a failed run; none when absent. */
  retry?: Retry;
  readOnly?: boolean;
  supportsDryrun?: boolean;
  /** Seconds after which `signal` is aborted; 0 for the server's default. A job notices it only while it awaits. */
  softTimeLimit?: number;
  /** Seconds after which the run is ended, without regard to its job; 0 for the server's default. */
  timeLimit?: number;
  /**
   * Mebibytes of memory that a run may take, Buffers included; 0 for no limit, the server's `MEMORY_LIMIT_MB` when absent. A run that takes
   * more is ended with `MemoryLimitExceeded`. A job with its own limit waits for its process to start, some 60 ms.
   */
  memoryLimitMb?: number;
  /** Queues the job may run on; the first is its default. */
  taskQueues?: readonly string[];
  /**
   * `run`, the default: each run has a fresh child process, which costs some 60 ms of processor time. `shared`: runs of one file follow each
   * other in a process that stays, twenty times faster; the variables of a module keep their values from run to run.
   * A server with `SANDBOX=thread` has threads for both; `process` asks for a fresh child process there too.
   */
  isolation?: Isolation;
  /** The job's code. Its return value becomes `result` of the run and must be JSON. An error fails the run. */
  run(context: JobContext<V>): unknown;
}

/** Trigger of a receiver. */
export type Receiver = "button" | "hook";

/** Metadata of a receiver: that of a job, without inputs and dry runs. */
export interface ReceiverDefinition<Context> extends Omit<
  JobDefinition,
  keyof JobHooks | "dryrunDefault" | "run" | "supportsDryrun" | "variables"
> {
  /** The receiver's code. Its return value becomes `result` of the run. An error fails the run. */
  receive(context: Context): unknown;
}

const JOB = Symbol.for("jobgraph.job");

/** A definition from {@link defineJob}. The server recognizes jobs among a module's exports by it. */
export type DefinedJob<V extends Variables = Variables> = Readonly<JobDefinition<V>> & {
  readonly [JOB]: true;
  readonly receiver?: Receiver;
};

/**
 * Declares a job. Export the result: the export's name is the job's `job_class_name`.
 * @throws TypeError that names missing and wrong fields.
 */
export function defineJob<const V extends Variables = z.ZodObject<Record<never, never>>>(
  definition: JobDefinition<V>,
): DefinedJob<V> {
  check("defineJob", definitionSchema, definition);
  return Object.freeze({ ...definition, [JOB]: true as const });
}

/**
 * Declares a job that job hooks run when an object changes.
 * @throws TypeError that names missing and wrong fields.
 */
export function defineJobHookReceiver(definition: ReceiverDefinition<HookContext>): DefinedJob {
  check("defineJobHookReceiver", receiverSchema, definition);
  return receiver("hook", definition);
}

/**
 * Declares a job that job buttons run for an object.
 * @throws TypeError that names missing and wrong fields.
 */
export function defineJobButtonReceiver(definition: ReceiverDefinition<ButtonContext>): DefinedJob {
  check("defineJobButtonReceiver", receiverSchema, definition);
  return receiver("button", definition);
}

function check(name: string, schema: z.ZodType, definition: unknown): void {
  const checked = schema.safeParse(definition);
  if (!checked.success) throw new TypeError(`${name}: ${z.prettifyError(checked.error)}`);
  const { onLimit, maxConcurrent } = checked.data as Partial<JobDefinition>;
  if (onLimit && maxConcurrent === undefined)
    throw new TypeError(`${name}: onLimit says what to do at maxConcurrent, which is missing`);
}

/** The data of a receiver's run is its change or object; see `receivers.ts`. */
function receiver<Context>(kind: Receiver, { receive, ...definition }: ReceiverDefinition<Context>): DefinedJob {
  const run = ({ data, ...context }: JobContext) => receive({ ...context, ...data } as Context);
  return Object.freeze({ ...definition, run, receiver: kind, [JOB]: true as const });
}

/** Returns whether a value is a result of {@link defineJob}. */
export function isDefinedJob(value: unknown): value is DefinedJob {
  return typeof value === "object" && value !== null && JOB in value;
}

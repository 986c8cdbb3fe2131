import { z } from "zod";
import { definitionSchema, receiverSchema } from "./definition-schema.ts";
import type { ButtonContext, HookContext, JobContext, JobOutcome, Variables } from "./job-context.ts";

export { z };
export * from "./job-context.ts";
export * from "./variables.ts";

/**
 * What is called around `run`, as Nautobot's `before_start` and its like, in this order: `beforeStart`, `run`, `onSuccess` or `onFailure`,
 * `afterReturn`. Each may be async, and is waited for; time limits count for them too. None of them is called when the inputs do not fit, nor
 * once a run was ended by force or by an error that nobody caught.
 */
export interface JobHooks<V extends Variables = Variables> {
  /** What it throws makes the run fail, without `run` being called. */
  beforeStart?(context: JobContext<V>): unknown;
  /** Is told what `run` returned. What it throws makes the run fail; `onFailure` is not called for that. */
  onSuccess?(context: JobContext<V>, result: unknown): unknown;
  /** Is told what `beforeStart` or `run` threw. What it throws itself is said as a line of the log, and changes nothing. */
  onFailure?(context: JobContext<V>, error: unknown): unknown;
  /** Is told how the run came out. What it throws is said as a line of the log, and changes nothing. */
  afterReturn?(context: JobContext<V>, outcome: JobOutcome): unknown;
}

/** How a run that failed is tried again. */
export interface Retry {
  /** Attempts after the first. */
  limit: number;
  /** Seconds from the end of the first attempt to the second. Each further wait is twice as long as the one before, up to a day. */
  backoff: number;
}

/** What becomes of a run for which `maxConcurrent` leaves no room. */
export type OnLimit = "queue" | "reject" | "replace";

/** What runs of a job share. */
export type Isolation = "process" | "run" | "shared";

/**
 * Metadata of a job, spelled as Nautobot's `Meta` attributes in camelCase. Most of them can be overridden
 * in the database; what stands here is what an override reverts to.
 */
export interface JobDefinition<V extends Variables = Variables> extends JobHooks<V> {
  /** Unique name for people. */
  name: string;
  /** Heading that the job is listed under; the module's name when absent. */
  grouping?: string;
  /** What the job does; Markdown. */
  description?: string;
  /** Inputs; none when absent. */
  variables?: V;
  /** Whether the job may be run as soon as it is first found; an administrator enables it otherwise. */
  enabled?: boolean;
  approvalRequired?: boolean;
  consoleLogDefault?: boolean;
  dryrunDefault?: boolean;
  hasSensitiveVariables?: boolean;
  hidden?: boolean;
  /** At most one run at a time; a second is refused, unless its caller insists. */
  isSingleton?: boolean;
  /** At most this many runs at a time. */
  maxConcurrent?: number;
  /**
   * What becomes of a run beyond `maxConcurrent`. `reject`, the default: it is refused. `queue`: it waits for its turn. `replace`: the oldest run
   * is canceled, and it starts when that one has ended.
   */
  onLimit?: OnLimit;
  /** How a run that failed, for whatever reason, is tried again; not at all when absent. */
  retry?: Retry;
  readOnly?: boolean;
  supportsDryrun?: boolean;
  /** Seconds after which `signal` is aborted; 0 for the server's default. A job hears it while it awaits. */
  softTimeLimit?: number;
  /** Seconds after which the run is ended, whatever it does; 0 for the server's default. */
  timeLimit?: number;
  /**
   * Mebibytes of memory that a run may take, Buffers included; 0 for no limit, the server's `MEMORY_LIMIT_MB` when absent. A run that takes
   * more is ended with `MemoryLimitExceeded`. A job with a limit of its own waits for its process to start, some 60 ms.
   */
  memoryLimitMb?: number;
  /** Queues the job may run on; the first is its default. */
  taskQueues?: readonly string[];
  /**
   * `run`, the default: each run has a fresh child process, which costs some 60 ms of processor time. `shared`: runs of one file follow each
   * other in a process that stays, twenty times faster; what a module keeps in variables, one run leaves to the next.
   * A server with `SANDBOX=thread` has threads for both; `process` asks for a fresh child process there too.
   */
  isolation?: Isolation;
  /** The job's code. What it returns becomes `result` of the run and must be JSON; what it throws makes the run fail. */
  run(context: JobContext<V>): unknown;
}

/** What sets off a job that no person runs. */
export type Receiver = "button" | "hook";

/** Metadata of a receiver: a job's, without what a person would be asked. */
export interface ReceiverDefinition<Context> extends Omit<
  JobDefinition,
  keyof JobHooks | "dryrunDefault" | "run" | "supportsDryrun" | "variables"
> {
  /** The receiver's code. What it returns becomes `result` of the run; what it throws makes the run fail. */
  receive(context: Context): unknown;
}

const JOB = Symbol.for("jobgraph.job");

/** A definition that went through {@link defineJob}; how the server tells jobs from a module's other exports. */
export type DefinedJob<V extends Variables = Variables> = Readonly<JobDefinition<V>> & {
  readonly [JOB]: true;
  readonly receiver?: Receiver;
};

/**
 * Declares a job. Export what it returns: the export's name is the job's `job_class_name`.
 * @throws TypeError that names what is missing or of the wrong kind.
 */
export function defineJob<const V extends Variables = z.ZodObject<Record<never, never>>>(
  definition: JobDefinition<V>,
): DefinedJob<V> {
  check("defineJob", definitionSchema, definition);
  return Object.freeze({ ...definition, [JOB]: true as const });
}

/**
 * Declares a job that job hooks run when an object changes.
 * @throws TypeError that names what is missing or of the wrong kind.
 */
export function defineJobHookReceiver(definition: ReceiverDefinition<HookContext>): DefinedJob {
  check("defineJobHookReceiver", receiverSchema, definition);
  return receiver("hook", definition);
}

/**
 * Declares a job that job buttons run for an object.
 * @throws TypeError that names what is missing or of the wrong kind.
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

/** A receiver's data is what set it off; see `receivers.ts`. */
function receiver<Context>(kind: Receiver, { receive, ...definition }: ReceiverDefinition<Context>): DefinedJob {
  const run = ({ data, ...context }: JobContext) => receive({ ...context, ...data } as Context);
  return Object.freeze({ ...definition, run, receiver: kind, [JOB]: true as const });
}

/** True for what {@link defineJob} returned. */
export function isDefinedJob(value: unknown): value is DefinedJob {
  return typeof value === "object" && value !== null && JOB in value;
}

import { z } from "zod";

export { z };

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

/** What `run` is given. */
export interface JobContext<V extends Variables = Variables> {
  readonly logger: JobLogger;
  /** The run's inputs, checked against `variables` and with its defaults filled in. */
  readonly data: z.output<V>;
  /** Aborted when the run has to stop; pass it on to `fetch`, timers and streams. */
  readonly signal: AbortSignal;
  /** True when the run must change nothing. */
  readonly dryRun: boolean;
  /** Who asked for the run; null when nobody in particular did. */
  readonly user: { readonly id: string; readonly username: string } | null;
  /** The run itself. */
  readonly jobResult: { readonly id: string; readonly name: string };
}

/** What runs of a job share. */
export type Isolation = "run" | "shared";

/**
 * Metadata of a job, spelled as Nautobot's `Meta` attributes in camelCase. Every one of them but `variables` and `run` can be overridden
 * in the database; what stands here is what an override reverts to.
 */
export interface JobDefinition<V extends Variables = Variables> {
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
  isSingleton?: boolean;
  readOnly?: boolean;
  supportsDryrun?: boolean;
  /** Seconds; 0 for the server's default. */
  softTimeLimit?: number;
  /** Seconds; 0 for the server's default. */
  timeLimit?: number;
  /** Queues the job may run on; the first is its default. */
  taskQueues?: readonly string[];
  /**
   * `run`, the default: each run has a fresh thread, which costs some 40 ms of processor time. `shared`: runs of one file follow each other in
   * a thread that stays, a hundred times faster; what a module keeps in variables, one run leaves to the next.
   */
  isolation?: Isolation;
  /** The job's code. What it returns becomes `result` of the run and must be JSON; what it throws makes the run fail. */
  run(context: JobContext<V>): unknown;
}

const seconds = z.number().nonnegative().optional();
const flag = z.boolean().optional();

/** The metadata again, for authors whose editor does not check types, and against misspelt names. */
const definitionSchema = z.strictObject({
  name: z.string().min(1).max(100),
  grouping: z.string().min(1).max(255).optional(),
  description: z.string().optional(),
  variables: z.instanceof(z.ZodObject, { error: "must be a z.object(…)" }).optional(),
  enabled: flag,
  approvalRequired: flag,
  consoleLogDefault: flag,
  dryrunDefault: flag,
  hasSensitiveVariables: flag,
  hidden: flag,
  isSingleton: flag,
  readOnly: flag,
  supportsDryrun: flag,
  softTimeLimit: seconds,
  timeLimit: seconds,
  taskQueues: z.array(z.string().min(1).max(100)).optional(),
  isolation: z.enum(["run", "shared"]).optional(),
  run: z.custom((value) => typeof value === "function", "must be a function"),
});

const JOB = Symbol.for("jobgraph.job");

/** A definition that went through {@link defineJob}; how the server tells jobs from a module's other exports. */
export type DefinedJob<V extends Variables = Variables> = Readonly<JobDefinition<V>> & { readonly [JOB]: true };

/**
 * Declares a job. Export what it returns: the export's name is the job's `job_class_name`.
 * @throws TypeError that names what is missing or of the wrong kind.
 */
export function defineJob<const V extends Variables = z.ZodObject<Record<never, never>>>(
  definition: JobDefinition<V>,
): DefinedJob<V> {
  const checked = definitionSchema.safeParse(definition);
  if (!checked.success) throw new TypeError(`defineJob: ${z.prettifyError(checked.error)}`);
  return Object.freeze({ ...definition, [JOB]: true as const });
}

/** True for what {@link defineJob} returned. */
export function isDefinedJob(value: unknown): value is DefinedJob {
  return typeof value === "object" && value !== null && JOB in value;
}

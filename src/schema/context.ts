import type { Audit } from "../access/audit.ts";
import type { Session, Viewer } from "../access/authenticate.ts";
import { type Author, transact, type Unit } from "../changes/index.ts";
import type { Database, Hold } from "../entities/database.ts";
import { JobResult, type ObjectChange } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import { AppError } from "../errors.ts";
import type { LimitName } from "../own-limits.ts";
import type { Runner } from "../runner/index.ts";
import type { ListScope, PageLimits } from "./reading/list-arguments.ts";
import { boundDatabase, type BoundLimits, Bounds, type OperationUsage, type WhenGone } from "./execution/bounds.ts";
import type { Reader } from "./reading/reader.ts";
import { createRelations, type Relations } from "./reading/relations.ts";

/** Context of every resolver, one for each operation. */
export interface Context {
  /** The database as the viewer sees it, with statements within {@link bounds}. */
  reader: Reader;
  runner: Runner;
  viewer: Viewer;
  scope: ListScope;
  /** The server's limits, for users who have none of their own. */
  limits: Readonly<Record<LimitName, number>>;
  /** Reads the objects that rows of this operation refer to, one statement a level. */
  relations: Relations;
  /** Bounds of the operation. */
  bounds: Bounds;
  /** True if the answer is to tell the operation's cost. */
  tellsCost: boolean;
  /**
   * The author of this operation's changes. All its changes have one request id.
   * @throws BAD_USER_INPUT when the operation comes with a token of no run that is under way; CONFLICT when its run is not held any more.
   */
  author(): Promise<Author>;
  /** Changes objects in one transaction. The change log has all changes, and they set off their hooks. @see {@link transact} */
  change<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
  /** Adds a line to the audit, with the user and the address of this operation. */
  audit: Audit;
  /** Changes objects as `change`, and returns the changes too. A dry run keeps nothing. */
  tryChange<T>(work: (unit: Unit) => Promise<T>, dryRun: boolean): Promise<{ value: T; changes: readonly ObjectChange[] }>;
}

/** The run whose code sends an operation: known by its hold, or by the token that comes with the operation. */
export type SendingRun = { hold: Hold } | { token: string };

/** Dependencies of contexts. */
export interface ContextDeps extends Pick<Context, "runner"> {
  database: Database;
  limits: BoundLimits & PageLimits & Readonly<Record<LimitName, number>>;
  audit?: Audit | undefined;
  /** Counts the answers that users have not read yet; absent where nobody reads from a socket or request. */
  usage?: OperationUsage;
}

/** Circumstances of an operation. */
export interface Coming {
  /** The run that sends it: changes by a hook's own run set off no hooks. */
  sender?: SendingRun | undefined;
  tellsCost?: boolean | undefined;
  /** Without it, somebody waits for the answer to the end. */
  whenGone?: WhenGone | undefined;
}

/** A fresh context for one operation. */
export function createContext(
  { database: unbound, runner, limits, usage, audit }: ContextDeps,
  viewer: Viewer,
  { sender, tellsCost = false, whenGone }: Coming = {},
): Context {
  const bounds = new Bounds(limits, viewer, whenGone, usage);
  const database = boundDatabase(unbound, bounds);
  const reader = { database, rights: viewer.rights };
  const { maxPageSize, defaultPageSize } = limits;
  const scope = { maxPageSize, defaultPageSize, viewerId: viewer.id };
  let author: Promise<Author> | undefined;
  const context: Context = {
    reader,
    runner,
    viewer,
    scope,
    limits,
    relations: createRelations(reader, scope, bounds),
    bounds,
    tellsCost,
    audit: (facts) => audit?.({ user: viewer.username, address: (viewer as Partial<Session>).address, ...facts }),
    author: () => (author ??= authorOf({ database, runner }, viewer, sender)),
    async tryChange(work, dryRun) {
      const done = await transact(database, await context.author(), work, dryRun);
      if (!dryRun) await runner.changed(done.changes);
      return done;
    },
    change: async (work) => (await context.tryChange(work, false)).value,
  };
  return context;
}

const heldAs = ({ job_result_id: id, worker_id: workerId, attempt }: Hold) =>
  ({ id, status: "STARTED", workerId, attempt }) as const;

async function authorOf(
  { database, runner }: Pick<ContextDeps, "database" | "runner">,
  viewer: Viewer,
  sender?: SendingRun,
): Promise<Author> {
  const author = { userId: viewer.id, username: viewer.username, rights: viewer.rights, requestId: newId() };
  if (sender === undefined) return { ...author, context: "WEB", detail: "" };
  const sent = "hold" in sender ? heldAs(sender.hold) : { id: await runner.runOfToken(sender.token) };
  const run = await database.fork().findOne(JobResult, sent, { populate: ["jobModel"] });
  if (!run)
    throw new AppError("CONFLICT", "Nothing was changed: the run of this request has ended, or another worker has it now.");
  return { ...author, context: run.jobModel?.isJobHookReceiver ? "JOB_HOOK" : "JOB", detail: run.name };
}

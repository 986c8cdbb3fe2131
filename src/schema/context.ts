import type { Viewer } from "../access/authenticate.ts";
import { type Author, transact, type Unit } from "../changes/index.ts";
import type { Database } from "../entities/database.ts";
import { JobResult, type ObjectChange } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import { isUuid } from "../entities/scalars.ts";
import { AppError } from "../errors.ts";
import type { Runner } from "../runner/index.ts";
import type { ListScope, PageLimits } from "./list-arguments.ts";
import { boundDatabase, type BoundLimits, Bounds, type WhenGone } from "./price/bounds.ts";
import { createRelations, type Relations } from "./relations.ts";

/** What every resolver is given; one an operation. */
export interface Context {
  /** Its statements are within {@link bounds}. */
  database: Database;
  runner: Runner;
  viewer: Viewer;
  scope: ListScope;
  /** Reads what rows of this operation refer to, one statement a level. */
  relations: Relations;
  /** How far the operation may go. */
  bounds: Bounds;
  /** Whether the answer is to tell what it costs. */
  tellsCost: boolean;
  /**
   * Who changes things in this operation, by which way. All its changes have one request id.
   * @throws {@link AppError} BAD_USER_INPUT when the operation says that it comes from a run which is not there.
   */
  author(): Promise<Author>;
  /** Changes things, in one transaction; what has changed is in the change log and sets off its hooks. @see {@link transact} */
  change<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
  /** The same, and the changes themselves; a dry run tells them, and keeps nothing. */
  tryChange<T>(work: (unit: Unit) => Promise<T>, dryRun: boolean): Promise<{ value: T; changes: readonly ObjectChange[] }>;
}

/** What contexts are made of. */
export interface ContextDeps extends Pick<Context, "database" | "runner"> {
  limits: BoundLimits & PageLimits;
}

/** How an operation came. */
export interface Coming {
  /** The run whose code sends it, as the header `X-Job-Result` says: what a hook's own run changes sets off no hooks. */
  jobResultId?: string | undefined;
  tellsCost?: boolean | undefined;
  /** Without it, somebody waits for the answer to the end. */
  whenGone?: WhenGone | undefined;
}

/** A fresh context for one operation. */
export function createContext(
  { database: unbound, runner, limits }: ContextDeps,
  viewer: Viewer,
  { jobResultId, tellsCost = false, whenGone }: Coming = {},
): Context {
  const bounds = new Bounds(limits, whenGone);
  const database = boundDatabase(unbound, bounds);
  const { maxPageSize, defaultPageSize } = limits;
  const scope = { maxPageSize, defaultPageSize, viewerId: viewer.id };
  let author: Promise<Author> | undefined;
  const context: Context = {
    database,
    runner,
    viewer,
    scope,
    relations: createRelations(database, scope, bounds),
    bounds,
    tellsCost,
    author: () => (author ??= authorOf(database, viewer, jobResultId)),
    async tryChange(work, dryRun) {
      const done = await transact(database, await context.author(), work, dryRun);
      if (!dryRun) await runner.changed(done.changes);
      return done;
    },
    change: async (work) => (await context.tryChange(work, false)).value,
  };
  return context;
}

async function authorOf(database: Database, viewer: Viewer, jobResultId: string | undefined): Promise<Author> {
  const author = { userId: viewer.id, username: viewer.username, requestId: newId() };
  if (jobResultId === undefined) return { ...author, context: "WEB", detail: "" };
  const run = isUuid(jobResultId)
    ? await database.fork().findOne(JobResult, { id: jobResultId }, { populate: ["jobModel"] })
    : null;
  if (!run) throw new AppError("BAD_USER_INPUT", "The header X-Job-Result names no run.");
  return { ...author, context: run.jobModel?.isJobHookReceiver ? "JOB_HOOK" : "JOB", detail: run.name };
}

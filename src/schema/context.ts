import type { Viewer } from "../access/authenticate.ts";
import { type Author, transact, type Unit } from "../changes/index.ts";
import type { Database } from "../entities/database.ts";
import type { ObjectChange } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import type { Runner } from "../runner/index.ts";
import type { PageLimits } from "./list-arguments.ts";
import { createRelations, type Relations } from "./relations.ts";

/** What every resolver is given; one an operation. */
export interface Context {
  database: Database;
  runner: Runner;
  viewer: Viewer;
  limits: PageLimits;
  /** Reads what rows of this operation refer to, one statement a level. */
  relations: Relations;
  /** Who changes things in this operation. All its changes have one request id. */
  author(): Author;
  /** Changes things, in one transaction; what has changed is in the change log and sets off its hooks. @see {@link transact} */
  change<T>(work: (unit: Unit) => Promise<T>): Promise<T>;
  /** The same, and the changes themselves; a dry run tells them, and keeps nothing. */
  tryChange<T>(work: (unit: Unit) => Promise<T>, dryRun: boolean): Promise<{ value: T; changes: readonly ObjectChange[] }>;
}

/** A fresh context for one operation. */
export function createContext(deps: Pick<Context, "database" | "limits" | "runner">, viewer: Viewer): Context {
  const { database, runner, limits } = deps;
  let author: Author | undefined;
  const context: Context = {
    ...deps,
    viewer,
    relations: createRelations(database, limits),
    author: () => (author ??= { userId: viewer.id, username: viewer.username, requestId: newId(), context: "WEB", detail: "" }),
    async tryChange(work, dryRun) {
      const done = await transact(database, context.author(), work, dryRun);
      if (!dryRun) await runner.changed(done.changes);
      return done;
    },
    change: async (work) => (await context.tryChange(work, false)).value,
  };
  return context;
}

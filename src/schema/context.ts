import type { Viewer } from "../access/authenticate.ts";
import type { Database } from "../entities/database.ts";
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
}

/** A fresh context for one operation. */
export function createContext(deps: Pick<Context, "database" | "limits" | "runner">, viewer: Viewer): Context {
  return { ...deps, viewer, relations: createRelations(deps.database, deps.limits) };
}

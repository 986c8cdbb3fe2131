import { ALL_RIGHTS, type Model, type Restriction, type Rights } from "../../access/rights.ts";
import type { Database } from "../../entities/database.ts";
import type { ModelShape } from "../../entities/mapping/shape.ts";

/** The database as a user sees it: each read takes one, so that none forgets the user's rights. */
export interface Reader {
  database: Database;
  rights: Pick<Rights, "key" | "restrict">;
}

/** The database as the server itself sees it. */
export const fullReader = (database: Database): Reader => ({ database, rights: ALL_RIGHTS });

/** Returns the condition of the objects of a model that a reader sees; undefined for all objects. */
export const visible = ({ rights }: Reader, { model }: ModelShape): Restriction | undefined =>
  rights.restrict("view", model as Model);

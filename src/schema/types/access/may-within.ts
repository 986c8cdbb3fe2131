import type { CompiledQuery } from "kysely";
import type { Viewer } from "../../../access/authenticate.ts";
import { type Action, lacks, mayOn, type Model } from "../../../access/rights.ts";
import type { Unit } from "../../../changes/index.ts";
import { type Database, statementsOf } from "../../../entities/database.ts";

/**
 * Throws unless the user may act so on an object as the unit has made or found it. An object that does not exist is none.
 * @throws AppError FORBIDDEN that names the right.
 */
export async function mustMayWithin(
  { em }: Unit,
  database: Database,
  { rights }: Viewer,
  action: Action,
  model: Model,
  id: string,
): Promise<void> {
  await em.flush();
  const rows = statementsOf(em);
  const within = Object.assign(Object.create(database) as Database, {
    rows,
    read: async (statement: CompiledQuery) => (await rows.executeQuery(statement)).rows,
  });
  if (!(await mayOn(within, rights, action, model, id))) throw lacks(action, model);
}

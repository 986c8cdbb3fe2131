import { namesUser } from "../entities/constraint-sql.ts";
import type { Database } from "../entities/database.ts";
import { MODELS } from "../entities/index.ts";
import { AppError } from "../errors.ts";
import type { Viewer } from "./authenticate.ts";
import { ACTIONS, loadRights, rightName, type Rights } from "./rights.ts";

/** Another user, whom somebody wants to change. */
interface Other {
  username: string;
  isSuperuser: boolean;
}

/**
 * Throws for a superuser, whom other superusers change alone.
 * @param what the act, for the sentence.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustReach({ isSuperuser }: Viewer, other: Other, what: string): void {
  if (other.isSuperuser && !isSuperuser)
    throw new AppError("FORBIDDEN", `Only superusers may ${what} a superuser, and "${other.username}" is one.`);
}

/**
 * Throws unless the user may do all that another may: who sets the password of somebody, or makes keys for somebody, can act as that user.
 * @param what the act, for the sentence.
 * @throws {@link AppError} FORBIDDEN that names a right of the other which the user lacks.
 */
export async function mustOutrank(
  database: Database,
  viewer: Viewer,
  { id, username, is_superuser }: { id: string; username: string; is_superuser: unknown },
  what: string,
): Promise<void> {
  const isSuperuser = Boolean(is_superuser);
  mustReach(viewer, { username, isSuperuser }, what);
  if (viewer.isSuperuser) return;
  const more = rightBeyond(await loadRights(database, { id, isSuperuser }), viewer.rights);
  if (more === undefined) return;
  throw new AppError(
    "FORBIDDEN",
    `You may ${what} only users who may do no more than you, and "${username}" has ${more} for objects that you lack it for.`,
  );
}

/** Returns the name of a right that covers objects which the other rights do not; undefined without one. A constraint covers itself, unless it names the user. */
function rightBeyond(theirs: Rights, mine: Rights): string | undefined {
  for (const model of MODELS)
    for (const action of ACTIONS) {
      const own = mine.grants(action, model).map(({ constraints }) => constraints ?? null);
      const isCovered = (wanted: unknown) =>
        own.some((one) => one === null || (!namesUser(wanted) && JSON.stringify(one) === JSON.stringify(wanted)));
      if (!theirs.grants(action, model).every(({ constraints }) => isCovered(constraints ?? null)))
        return rightName(action, model);
    }
  return undefined;
}

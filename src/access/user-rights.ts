import type { Database } from "../entities/database.ts";
import { AppError } from "../errors.ts";
import { ALL_RIGHTS, loadRights, type Rights } from "./rights.ts";

/**
 * Reads the rights of a user as whom something is done that nobody waits for.
 * @param userId null for the server itself, which may do everything.
 * @throws {@link AppError} FORBIDDEN when the user is not active, or not there any more.
 */
export async function rightsOfUser(database: Database, userId: string | null): Promise<Rights> {
  if (userId === null) return ALL_RIGHTS;
  const [user] = await database.read(
    database.rows.selectFrom("user").select(["id", "username", "is_superuser", "is_active"]).where("id", "=", userId).compile(),
  );
  if (!user) throw new AppError("FORBIDDEN", "The user of the run is deleted.");
  if (!user.is_active) throw new AppError("FORBIDDEN", `The user ${user.username} is not active.`);
  return loadRights(database, { id: user.id, isSuperuser: Boolean(user.is_superuser) });
}

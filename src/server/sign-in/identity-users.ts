import { ALL_RIGHTS } from "../../access/rights.ts";
import { type Author, createObject, transact } from "../../changes/index.ts";
import type { Identity } from "../../access/identity/claims.ts";
import type { Database } from "../../entities/database.ts";
import { Group, type ObjectChange, User } from "../../entities/index.ts";
import { newId } from "../../entities/new-id.ts";
import { ofAnyTable } from "../../entities/tables.ts";
import { AppError } from "../../errors.ts";

/** Settings of users who sign in elsewhere. */
export interface IdentitySettings {
  /** True if somebody from elsewhere becomes the user of this server with the same name. */
  linkUsers: boolean;
  /** Names of the groups whose members an issuer chooses; all groups when undefined. */
  managedGroups: readonly string[] | undefined;
}

/** Dependencies of {@link createIdentityUsers}. */
interface IdentityDeps {
  database: Database;
  /** Is told of changes once they are committed. */
  changed(changes: readonly ObjectChange[]): Promise<void>;
  settings: IdentitySettings;
}

/**
 * Finds the user of an identity, makes one at the first sign-in, and brings the user's groups in step with the issuer.
 * @throws {@link AppError} UNAUTHENTICATED for a user who is disabled; FORBIDDEN for a name that another user has, or that no user can have.
 */
export type UserOfIdentity = (identity: Identity) => Promise<{ id: string; username: string }>;

/** Longest identity; its column's length. */
const MAX_IDENTITY = 512;

/** Returns the users of identities. */
export function createIdentityUsers({ database, changed, settings }: IdentityDeps): UserOfIdentity {
  const authorOf = ({ issuer }: Identity): Author => ({
    userId: null,
    username: "",
    requestId: newId(),
    context: "ORM",
    detail: `the sign-in through ${issuer}`,
    rights: ALL_RIGHTS,
  });

  async function find(column: "identity" | "username", value: string) {
    const [user] = await database.read(
      database.rows
        .selectFrom("user")
        .select(["id", "username", "identity", "is_active", "is_superuser"])
        .where(column, "=", value)
        .compile(),
    );
    return user;
  }

  /** Makes the user of an identity, or has the user with its name be that. */
  async function meet(identity: Identity, name: string) {
    const { username, firstName, lastName, email } = identity;
    const known = await find("username", username);
    if (!known) {
      const { changes } = await transact(database, authorOf(identity), async (unit) => {
        const user = await createObject(unit, User, { username, firstName, lastName, email });
        user.identity = name;
      }).catch(async (error: unknown) => {
        // Another request of the same person has come first.
        if (error instanceof AppError && (await find("identity", name))) return { changes: [] };
        throw refusalOf(error, username);
      });
      await changed(changes);
    } else if (known.identity !== name) {
      if (!settings.linkUsers || known.identity !== null || known.is_superuser)
        throw new AppError(
          "FORBIDDEN",
          `There is another user "${username}" on this server: an administrator has to rename one of you.`,
        );
      await database.rows
        .updateTable("user")
        .set({ identity: name })
        .where("id", "=", known.id)
        .where("identity", "is", null)
        .execute();
    }
    return find("identity", name);
  }

  /** Makes the user a member of the groups that the issuer names, and of no others of those that it manages. */
  async function keepGroups(identity: Identity, userId: string): Promise<void> {
    if (identity.groups === undefined) return;
    const rows = await database.read(
      database.rows
        .selectFrom("group")
        .select(["id", "name"])
        .where(
          "id",
          "in",
          ofAnyTable(database.rows).selectFrom("group_user").select("group_id").where("user_id", "=", userId) as never,
        )
        .unionAll(
          database.rows
            .selectFrom("group")
            .select(["id", "name"])
            .where("name", "in", identity.groups.length > 0 ? identity.groups : [""]),
        )
        .compile(),
    );
    const named = new Set(identity.groups);
    const counts = Map.groupBy(
      rows.filter(({ name }) => settings.managedGroups?.includes(name) ?? true),
      ({ id }) => id,
    );
    // A group that is in both halves has the user as its member already.
    const wrong = [...counts].filter(([, found]) => found.length === 1).map(([id]) => id);
    if (wrong.length === 0) return;
    const { changes } = await transact(database, authorOf(identity), async (unit) => {
      const groups = await unit.hold(Group, { id: { $in: wrong } });
      await unit.em.populate(groups, ["users"]);
      for (const { name, users } of groups) {
        const user = unit.em.getReference(User, userId);
        if (named.has(name)) users.add(user);
        else users.remove(user);
      }
    });
    await changed(changes);
  }

  return async (identity) => {
    const name = `${identity.issuer} ${identity.subject}`;
    if (name.length > MAX_IDENTITY)
      throw new AppError("FORBIDDEN", "The issuer's name of this user is too long for this server.");
    const user = (await find("identity", name)) ?? (await meet(identity, name));
    if (!user?.is_active) throw new AppError("UNAUTHENTICATED", "This user is not active.");
    await keepGroups(identity, user.id);
    return { id: user.id, username: user.username };
  };
}

/** Returns the error for a user whom the rules of users refuse: the person cannot change the name, but may tell somebody. */
function refusalOf(error: unknown, username: string): unknown {
  if (!(error instanceof AppError) || error.code !== "BAD_USER_INPUT") return error;
  return new AppError("FORBIDDEN", `Nobody can be a user ${JSON.stringify(username.slice(0, 200))} here. ${error.message}`);
}

import { Arg, Ctx, Extensions, Field, ObjectType, Query, Resolver } from "type-graphql";
import { explain, type Explained } from "../../../access/explain.ts";
import { ACTIONS, mayOn, mayOnWhich, type Model, mustHave, type Rights } from "../../../access/rights.ts";
import { NOBODY } from "../../../entities/new-id.ts";
import { contentTypeLabel } from "../../../entities/content-types.ts";
import type { Database } from "../../../entities/database.ts";
import { ObjectPermission, User } from "../../../entities/index.ts";
import { ID, uuidOf } from "../../../entities/mapping/scalars.ts";
import { tableOf } from "../../../entities/mapping/shape.ts";
import { ofAnyTable } from "../../../entities/tables.ts";
import { AppError } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import type { SizedField } from "../../reading/list-arguments.ts";
import { readAct } from "./read-act.ts";

/** A permission in the answer. */
@ObjectType({ description: "A permission of the user for objects of the kind, and its part in the act." })
class TestedPermission implements Explained {
  @Field(() => ID, { description: "Primary key of the permission." })
  id!: string;

  @Field(() => String, { description: "Name of the permission." })
  name!: string;

  @Field(() => Boolean, { description: "True if the permission allows the act." })
  matches!: boolean;

  @Field(() => String, { description: "The reason, as a sentence." })
  reason!: string;
}

/** The answer to a question about an act. */
@ObjectType({ description: "The answer to the question if a user may act so, and its reasons." })
class PermissionTest {
  @Field(() => Boolean, { description: "True if the user may act so." })
  allowed!: boolean;

  @Field(() => Boolean, { description: "True for a superuser, who needs no permission." })
  superuser!: boolean;

  @Field(() => String, { description: "The reason, as a sentence." })
  reason!: string;

  @Extensions({ sizedBy: ObjectPermission } satisfies SizedField)
  @Field(() => [TestedPermission], {
    description: "The user's permissions for objects of the kind, as far as you may view them: those of the groups too.",
  })
  permissions!: Explained[];
}

/** Questions about what other users may do. */
@Resolver()
export class PermissionTestResolver {
  @Query(() => PermissionTest, {
    description:
      "Tells if a user may act so, and which permission allows it, or why none does. For users who may view permissions, about users and objects that they may view.",
  })
  async testPermission(
    @Arg("user", () => String, { description: "The user, by username or id." }) user: string,
    @Arg("action", () => String, { description: `One of ${ACTIONS.join(", ")}.` }) actionName: string,
    @Arg("objectType", () => String, { description: "Kind of objects, such as `extras.job`." }) objectType: string,
    @Arg("id", () => ID, { nullable: true, description: "Primary key of the object; any object when absent." })
    objectId: string | null | undefined,
    @Ctx() { reader: { database }, viewer: { rights } }: Context,
  ): Promise<PermissionTest> {
    mustHave(rights, "view", ObjectPermission);
    const { action, model } = readAct(actionName, objectType);
    const [found] = await database.read(
      database.rows
        .selectFrom("user")
        .select(["id", "is_active", "is_superuser"])
        .where((eb) => eb.or([eb("username", "=", user), eb("id", "in", [uuidOf(user) ?? NOBODY])]))
        .compile(),
    );
    const isSeen = await mayOn(database, rights, "view", User, found?.id ?? NOBODY);
    if (!found || !isSeen) throw new AppError("NOT_FOUND", `There is no user with the name or id ${JSON.stringify(user)}.`);
    const id = objectId === null || objectId === undefined ? undefined : await seenId({ database, rights }, model, objectId);
    const all = await explain(database, { userId: found.id, action, model, id });
    const superuser = Boolean(found.is_superuser);
    const isActive = Boolean(found.is_active);
    const matches = all.some((one) => one.matches);
    const ids = all.map((one) => one.id);
    const seen = await mayOnWhich(database, rights, "view", ObjectPermission, ids);
    return {
      allowed: isActive && (superuser || matches),
      superuser,
      reason: reasonOf({ isActive, superuser, matches, isEmpty: all.length === 0 }),
      permissions: all.filter((one) => seen.has(one.id)),
    };
  }
}

/** The database, and the rights of the viewer. */
interface Seen {
  database: Database;
  rights: Rights;
}

/** Returns the stored id of an object that the viewer sees. @throws {@link AppError} NOT_FOUND. */
async function seenId({ database, rights }: Seen, model: Model, id: string): Promise<string> {
  const stored = uuidOf(id) ?? NOBODY;
  const rows = ofAnyTable(database.rows);
  const isSeen = await mayOn(database, rights, "view", model, stored);
  const there = isSeen && (await database.read(rows.selectFrom(tableOf(model)).select("id").where("id", "=", stored).compile()));
  if (there && there.length > 0) return stored;
  throw new AppError("NOT_FOUND", `There is no object of the kind ${contentTypeLabel(model)} with id "${id}".`);
}

interface Facts {
  isActive: boolean;
  superuser: boolean;
  matches: boolean;
  isEmpty: boolean;
}

function reasonOf({ isActive, superuser, matches, isEmpty }: Facts): string {
  if (!isActive) return "The user is not active, and may do nothing.";
  if (superuser) return "The user is a superuser, who may do everything.";
  if (matches) return "A permission of the user allows it.";
  return isEmpty ? "The user has no permission for objects of the kind." : "No permission of the user allows it.";
}

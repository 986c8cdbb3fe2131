import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Extensions, Field, FieldResolver, Info, ObjectType, Query, Resolver } from "type-graphql";
import { ACTIONS, mayOn, rightName } from "../../../access/rights.ts";
import { ID } from "../../../entities/mapping/scalars.ts";
import { ofAnyTable } from "../../../entities/tables.ts";
import type { Context } from "../../context.ts";
import type { SizedField } from "../../reading/list-arguments.ts";
import { MOST_TOKENS, MyToken, readTokens } from "./my-token.ts";
import { KINDS, readAct } from "./read-act.ts";

/** The user who asks. */
@ObjectType({ description: "The user who asks, whatever permissions that user has." })
class Me {
  @Field(() => ID, { description: "Primary key of the user." })
  id!: string;

  @Field(() => String, { description: "Unique name of the user." })
  username!: string;

  @Field(() => String, { description: "Given name." })
  firstName!: string;

  @Field(() => String, { description: "Family name." })
  lastName!: string;

  @Field(() => String, { description: "E-mail address." })
  email!: string;

  @Field(() => Boolean, { description: "True for staff." })
  isStaff!: boolean;

  @Field(() => Boolean, { description: "True for a superuser, who may do everything." })
  isSuperuser!: boolean;

  @Field(() => Boolean, { description: "False when this operation came with a key that only reads." })
  writeEnabled!: boolean;
}

/** The user who asks, and the acts that this user may do. */
@Resolver(() => Me)
export class MeResolver {
  @Query(() => Me, { description: "The user who asks." })
  async me(@Ctx() { reader: { database }, viewer, bounds }: Context): Promise<Me> {
    const { id, username, isStaff, isSuperuser, key } = viewer;
    const [row] = await database.read(
      database.rows.selectFrom("user").select(["first_name", "last_name", "email"]).where("id", "=", id).compile(),
    );
    const { first_name: firstName = "", last_name: lastName = "", email = "" } = row ?? {};
    bounds.take(lengthOf([username, firstName, lastName, email]));
    return { id, username, firstName, lastName, email, isStaff, isSuperuser, writeEnabled: key?.writeEnabled ?? true };
  }

  @Extensions({ sizedBy: 1000 } satisfies SizedField)
  @FieldResolver(() => [String], { description: "Names of the user's groups." })
  groups(@Ctx() { reader: { database }, viewer, relations }: Context, @Info() info: GraphQLResolveInfo): Promise<string[]> {
    const load = async (): Promise<string[][]> => {
      const rows = await database.read(
        database.rows
          .selectFrom("group")
          .select("name")
          .where(
            "id",
            "in",
            ofAnyTable(database.rows).selectFrom("group_user").select("group_id").where("user_id", "=", viewer.id),
          )
          .orderBy("name")
          .limit(1000)
          .compile(),
      );
      return [rows.map(({ name }): string => name)];
    };
    return relations.batch<string[]>(viewer.id, info, () => ({ load, weigh: lengthOf }));
  }

  @Extensions({ sizedBy: ACTIONS.length * KINDS.length } satisfies SizedField)
  @FieldResolver(() => [String], {
    description:
      "Names of the rights that the user has on any object, such as `extras.run_job`; all of them for a superuser. `can` tells it of one object.",
  })
  permissions(@Ctx() { viewer: { rights }, bounds }: Context): string[] {
    const names = KINDS.flatMap((model) =>
      ACTIONS.filter((action) => rights.mayAny(action, model)).map((action) => rightName(action, model)),
    );
    bounds.take(lengthOf(names));
    return names.toSorted();
  }

  @Extensions({ sizedBy: MOST_TOKENS } satisfies SizedField)
  @FieldResolver(() => [MyToken], { description: "The user's keys, the oldest first." })
  tokens(@Ctx() context: Context, @Info() info: GraphQLResolveInfo): Promise<MyToken[]> {
    const { relations, viewer } = context;
    return relations.batch(viewer.id, info, () => ({
      load: async () => [await readTokens(context, viewer.id)],
      weigh: (tokens) => JSON.stringify(tokens).length,
    }));
  }

  @FieldResolver(() => Boolean, {
    description:
      "True if the user may act so on any object of a kind, or on the object with this id. With a key that only reads, the user may only view.",
  })
  async can(
    @Arg("action", () => String, { description: `One of ${ACTIONS.join(", ")}.` }) actionName: string,
    @Arg("objectType", () => String, { description: "Kind of objects, such as `extras.job`." }) objectType: string,
    @Arg("id", () => ID, { nullable: true, description: "Primary key of an object; any object when absent." })
    id: string | null | undefined,
    @Ctx() { reader: { database }, viewer: { rights, key }, relations }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<boolean> {
    const { action, model } = readAct(actionName, objectType);
    if (action !== "view" && key?.writeEnabled === false) return false;
    if (!rights.mayAny(action, model)) return false;
    if (id === null || id === undefined) return true;
    return relations.batch(id, info, () => ({ load: async () => [await mayOn(database, rights, action, model, id)] }));
  }
}

const lengthOf = (texts: readonly string[]) => texts.reduce((sum, text) => sum + text.length, 0);

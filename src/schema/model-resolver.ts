import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Info, Int, Query, Resolver, Root } from "type-graphql";
import { shapeOf } from "../entities/shape.ts";
import { isUuid } from "../entities/scalars.ts";
import { AppError } from "../errors.ts";
import type { Context } from "./context.ts";
import { type Page, readRows, type Row } from "./list.ts";
import { selectedColumns } from "./selection.ts";

/** Arguments of every list, at the root and below. */
@ArgsType()
export class ListArgs {
  @Field(() => Int, { nullable: true, description: "At most this many objects." })
  limit?: number;

  @Field(() => Int, { nullable: true, description: "Leave out this many objects at the start." })
  offset?: number;

  @Field(() => [String], {
    nullable: true,
    description: "Names of fields to sort by, first key first; `-` in front of a name for descending.",
  })
  sort?: string[];
}

/** @throws {@link AppError} BAD_USER_INPUT that names the argument. */
function pageOf({ limit, offset, sort }: ListArgs): Page {
  for (const [field, value] of Object.entries({ limit, offset })) {
    if (value != null && value < 0) {
      const message = `${field} must be 0 or more.`;
      throw new AppError("BAD_USER_INPUT", message, [{ field, message }]);
    }
  }
  return { limit: limit ?? undefined, offset: offset ?? undefined, sort: sort ?? undefined };
}

type ModelClass = (abstract new () => object) & { name: string };

/**
 * A resolver class with what every model has: a query for one object, one for a list, and a field for each of its relations. Extend it
 * with what the model has besides.
 */
export function modelResolver(model: ModelClass, queries: { one: string; many: string }) {
  const shape = shapeOf(model);

  @Resolver(() => model as never)
  abstract class ModelResolver {
    @Query(() => model as never, {
      name: queries.one,
      nullable: true,
      description: `One object by its id; null when there is none.`,
    })
    async one(
      @Arg("id", () => ID, { description: "Primary key." }) id: string,
      @Ctx() { database }: Context,
      @Info() info: GraphQLResolveInfo,
    ): Promise<Row | null> {
      if (!isUuid(id)) return null;
      const [row] = await readRows(database, shape, selectedColumns(info, shape), {}, { column: "id", values: [id] });
      return row ?? null;
    }

    @Query(() => [model] as never, { name: queries.many, nullable: true, description: "A list of objects." })
    many(@Args(() => ListArgs) args: ListArgs, @Ctx() { database }: Context, @Info() info: GraphQLResolveInfo): Promise<Row[]> {
      return readRows(database, shape, selectedColumns(info, shape), pageOf(args));
    }
  }

  for (const relation of shape.one.values()) {
    defineField(
      ModelResolver.prototype,
      relation.property,
      [Root(), Ctx(), Info()],
      (row: Row, context: Context, info: GraphQLResolveInfo) => context.relations.one(relation, row, info),
    );
  }
  for (const relation of shape.many.values()) {
    defineField(
      ModelResolver.prototype,
      relation.property,
      [Root(), Args(() => ListArgs), Ctx(), Info()],
      (row: Row, args: ListArgs, context: Context, info: GraphQLResolveInfo) =>
        context.relations.many(relation, row, pageOf(args), info),
    );
  }
  return ModelResolver;
}

/** A field resolver as its decorators would write it, for a field whose name is only known here. */
function defineField(
  prototype: object,
  name: string,
  parameters: ReturnType<typeof Root>[],
  resolve: (...args: never[]) => unknown,
): void {
  Object.defineProperty(prototype, name, { value: resolve, configurable: true, writable: true });
  parameters.forEach((decorate, index) => decorate(prototype, name, index));
  FieldResolver()(prototype, name, Object.getOwnPropertyDescriptor(prototype, name)!);
}

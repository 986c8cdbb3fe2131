import type { GraphQLResolveInfo } from "graphql";
import { Arg, createParameterDecorator, Ctx, Extensions, FieldResolver, Info, Query, Resolver } from "type-graphql";
import { ID } from "../../entities/mapping/scalars.ts";
import { snakeCase } from "../../entities/mapping/case.ts";
import { shapeOf } from "../../entities/mapping/shape.ts";
import { type Connection, connectionOf, readConnections, weighConnection } from "../reading/connection.ts";
import type { Context } from "../context.ts";
import {
  type ListArguments,
  type ListField,
  type PlainResolver,
  readRequest,
  type RelationField,
  withDefaultFilters,
} from "../reading/list-arguments.ts";
import { readOne, readRows, type Row } from "../reading/list.ts";
import { describeModel } from "./model-registry.ts";
import { weighRow, weighRows, weightOf } from "../reading/weights.ts";
import { selectedColumns } from "../reading/selection.ts";

type ModelClass = (abstract new () => object) & { name: string };

/** A list's arguments as they come: see {@link ListField}. */
export const Given = () => createParameterDecorator(({ args }) => args);

/**
 * Returns a resolver class with the parts that every model has: a query for one object, one for a list, and a field for each of its relations. Extend it with
 * the model's own fields.
 */
export function modelResolver(model: ModelClass, queries: { one: string; many: string }) {
  const shape = shapeOf(model);
  describeModel(model, { list: queries.many });
  // Types have to be declared before the schema is built, so not in the functions that name them.
  const ModelConnection = connectionOf(model);

  @Resolver(() => model as never)
  abstract class ModelResolver {
    @Query(() => model as never, {
      name: queries.one,
      nullable: true,
      description: `One object by its id; null without an id, and for an unknown one.`,
    })
    async one(
      @Arg("id", () => ID, { nullable: true, description: "Primary key." }) id: string | null | undefined,
      @Ctx() { reader, bounds }: Context,
      @Info() info: GraphQLResolveInfo,
    ): Promise<Row | null> {
      if (!id) return null;
      const columns = selectedColumns(info, shape);
      const row = (await readOne(reader, shape, columns, id)) ?? null;
      bounds.take(weighRow(row, weightOf(columns)));
      return row;
    }

    @Extensions({ listOf: model, as: "list", ofAll: true } satisfies ListField)
    @Query(() => [model] as never, { name: queries.many, nullable: true, description: "A list of objects." })
    async many(
      @Given() args: ListArguments,
      @Ctx() { reader, scope, bounds }: Context,
      @Info() info: GraphQLResolveInfo,
    ): Promise<Row[]> {
      const columns = selectedColumns(info, shape);
      const rows = await readRows(
        reader,
        shape,
        columns,
        await readRequest(reader, shape, withDefaultFilters(shape, args), scope),
      );
      bounds.take(weighRows(rows, weightOf(columns)));
      return rows;
    }

    @Extensions({ listOf: model, as: "connection", ofAll: true } satisfies ListField)
    @Query(() => ModelConnection, {
      name: `${queries.many}_connection`,
      description:
        "A page of the list, by cursors. A page far into the list is as fast as the first, and created or deleted objects do not shift it.",
    })
    async connection(
      @Given() args: ListArguments,
      @Ctx() { reader, scope, bounds }: Context,
      @Info() info: GraphQLResolveInfo,
    ): Promise<Connection> {
      const columns = selectedColumns(info, shape, "connection");
      const [page] = await readConnections(reader, shape, columns, withDefaultFilters(shape, args), scope);
      bounds.take(weighConnection(page!, columns));
      return page!;
    }
  }

  const { prototype } = ModelResolver;
  for (const relation of shape.one.values()) {
    const resolve: PlainResolver = (row, _args, context, info) =>
      context.relations.one(relation.target(), row[relation.column] as string | null, info);
    defineField(prototype, relation.property, FieldResolver(), { resolve });
  }
  for (const relation of shape.many.values()) {
    const target = relation.target() as ModelClass;
    const TargetConnection = connectionOf(target);
    defineField(prototype, relation.property, FieldResolver(), {
      listOf: target,
      as: "list",
      via: relation,
      resolve: (row, args, context, info) => context.relations.many(relation, row, args, info),
    });
    const description = `A page of \`${snakeCase(relation.property)}\`, by cursors.`;
    defineField(
      prototype,
      `${relation.property}Connection`,
      FieldResolver(() => TargetConnection, { description }),
      {
        listOf: target,
        as: "connection",
        via: relation,
        resolve: (row, args, context, info) => context.relations.connection(relation, row, args, info),
      },
    );
  }
  return ModelResolver;
}

/** A field resolver as its decorator would declare it, for a field whose name is only known here; `resolve` among its extensions answers it. */
function defineField(
  prototype: object,
  name: string,
  declare: MethodDecorator,
  extensions: Partial<ListField> & RelationField,
): void {
  Object.defineProperty(prototype, name, { value: extensions.resolve, configurable: true, writable: true });
  for (const decorate of [declare, Extensions({ ...extensions })]) {
    decorate(prototype, name, Object.getOwnPropertyDescriptor(prototype, name)!);
  }
}

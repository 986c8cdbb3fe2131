import type { Reader } from "./reader.ts";
import { MapperKind, mapSchema } from "@graphql-tools/utils";
import {
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldResolver,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  GraphQLString,
} from "graphql";
import { type ManyShape, type ModelShape, shapeOf } from "../../entities/mapping/shape.ts";
import { fieldError } from "../../errors.ts";
import { type Condition, valuesOf } from "./condition.ts";
import { filtersOf } from "./filters/filters.ts";
import type { Context } from "../context.ts";
import type { ListRequest, Row } from "./list.ts";
import { orderOf } from "./order.ts";

/**
 * Extension of a field that answers a list, or a connection, of a model, or changes the objects that its filters find. The field gets the arguments that
 * follow from the model's shape.
 */
export interface ListField {
  listOf: object;
  as: "connection" | "filters" | "list";
  /** True for the list of all objects, to which the model's default filters apply. */
  ofAll?: boolean;
  /** The relation that the objects are found by, for those that belong to the object of which it is a field. */
  via?: ManyShape;
}

/** Extension of an argument whose field has another answer for other users. */
export interface PersonalArgument {
  isPersonal: boolean;
}

/** Extension of any other field that answers a list of objects: the model whose objects each are in it once at most, or how many it may have. */
export interface SizedField {
  sizedBy: object | number;
}

/** Answers a field of a row as GraphQL itself calls it. */
export type PlainResolver = (row: Row, args: ListArguments, context: Context, info: GraphQLResolveInfo) => unknown;

/** Extension of a field that leads to other rows: `resolve` takes the place of type-graphql's wrapper, which costs more than the answer. */
export interface RelationField {
  resolve: PlainResolver;
}

/** Arguments as they come over the wire. */
export type ListArguments = Readonly<Record<string, unknown>>;

/** The schema with the arguments of every list (page, order and filters), and with the plain resolvers of relations. */
export function withLists(schema: GraphQLSchema): GraphQLSchema {
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field) => {
      const { listOf, as, ofAll, resolve } = (field.extensions ?? {}) as Partial<ListField & RelationField>;
      return {
        ...field,
        ...(listOf && { args: { ...field.args, ...argumentsOf(shapeOf(listOf), as!, ofAll) } }),
        ...(resolve && { resolve: resolve as GraphQLFieldResolver<unknown, unknown> }),
      };
    },
  });
}

const PAGE: Record<ListField["as"], GraphQLFieldConfigArgumentMap> = {
  list: {
    limit: { type: GraphQLInt, description: "Maximum number of objects." },
    offset: { type: GraphQLInt, description: "Number of objects to skip." },
  },
  filters: {},
  connection: {
    first: { type: GraphQLInt, description: "Maximum number of objects from the start, or after `after`." },
    after: { type: GraphQLString, description: "Cursor of the object before the page." },
    last: { type: GraphQLInt, description: "Maximum number of objects from the end, or before `before`." },
    before: { type: GraphQLString, description: "Cursor of the object after the page." },
  },
};

const SORT = {
  type: new GraphQLList(new GraphQLNonNull(GraphQLString)),
  description: "Names of the fields to sort by, most important first; `-` before a name sorts in descending order.",
};

function argumentsOf(shape: ModelShape, as: ListField["as"], ofAll = false): GraphQLFieldConfigArgumentMap {
  const filters = Object.fromEntries(
    [...filtersOf(shape)].map(([name, { type, description, isPersonal = false }]) => [
      name,
      { type, description, ...(isPersonal && { extensions: { isPersonal } satisfies PersonalArgument }) },
    ]),
  );
  const defaults = Object.entries(ofAll ? (shape.defaultFilters ?? {}) : {}).map(([name, value]) => {
    const { type, description } = filters[name]!;
    const unless = `Without it, ${String(value)}, unless other filters name objects; give null to find all.`;
    return [name, { type, description: `${description} ${unless}` }];
  });
  return { ...PAGE[as], ...(as !== "filters" && { sort: SORT }), ...filters, ...Object.fromEntries(defaults) };
}

/** Limits of lists. */
export interface PageLimits {
  /** Longest page, and longest list without a page. */
  maxPageSize: number;
  /** Objects in a list that asks for no number; the whole list when undefined. */
  defaultPageSize?: number | undefined;
}

/** Limits of lists, and their viewer. */
export interface ListScope extends PageLimits {
  viewerId: string;
}

/**
 * Returns the arguments of a list of all objects with the model's default filters, where the list has none of its own and does not name objects: by id, by
 * natural key, by all columns of another key, or by a filter for names.
 */
export function withDefaultFilters(shape: ModelShape, args: ListArguments): ListArguments {
  const { defaultFilters, keys, naturalKey } = shape;
  if (!defaultFilters) return args;
  const says = (name: string) => args[name] !== undefined && valuesOf(args[name]).length > 0;
  const isNamed =
    keys.some((columns) => columns.every(says)) ||
    (naturalKey !== undefined && says(naturalKey)) ||
    Object.keys(args).some((name) => filtersOf(shape).get(name)?.isName && says(name));
  return isNamed ? args : { ...defaultFilters, ...args };
}

/**
 * A list's arguments as a request.
 * @throws {@link AppError} BAD_USER_INPUT that names the argument.
 */
export function readRequest(
  reader: Reader,
  shape: ModelShape,
  args: ListArguments,
  scope: ListScope,
): ListRequest | Promise<ListRequest> {
  const { maxPageSize, defaultPageSize, viewerId } = scope;
  const requestOf = (where: readonly Condition[]): ListRequest => ({
    where,
    order: orderOf(shape, (args["sort"] as readonly string[] | null | undefined) ?? undefined),
    limit: readCount("limit", args["limit"], maxPageSize) ?? defaultPageSize,
    offset: readCount("offset", args["offset"], Number.MAX_SAFE_INTEGER),
    most: maxPageSize,
  });
  const where = readFilters(reader, shape, args, viewerId);
  return where instanceof Promise ? where.then(requestOf) : requestOf(where);
}

/**
 * The filters among a list's arguments: at once, unless their values have to be looked for.
 * @param viewerId id of the user who asks.
 * @throws {@link AppError} BAD_USER_INPUT that names the argument.
 */
export function readFilters(
  reader: Reader,
  shape: ModelShape,
  args: ListArguments,
  viewerId: string,
): readonly Condition[] | Promise<readonly Condition[]> {
  const filters = filtersOf(shape);
  const conditions: Condition[] = [];
  let isToCheck = false;
  for (const name in args) {
    const value = args[name];
    const filter = filters.get(name);
    if (!filter || valuesOf(value).length === 0) continue;
    const condition = filter.isPersonal ? filter.condition(name, value, viewerId) : filter.condition(name, value);
    conditions.push(condition);
    if (condition.check) isToCheck = true;
  }
  return isToCheck ? Promise.all(conditions.map(({ check }) => check?.(reader))).then(() => conditions) : conditions;
}

/** Tells whether filters find other objects for other users. */
export function arePersonal(shape: ModelShape, args: ListArguments): boolean {
  const filters = filtersOf(shape);
  return Object.keys(args).some((name) => filters.get(name)?.isPersonal);
}

/** A number of objects. @throws {@link AppError} BAD_USER_INPUT that names the argument. */
export function readCount(field: string, value: unknown, max: number): number | undefined {
  if (value === null || value === undefined) return undefined;
  const count = value as number;
  if (count >= 0 && count <= max) return count;
  const message = count < 0 ? `${field} must be 0 or more.` : `${field} must be ${max} or less.`;
  throw fieldError("BAD_USER_INPUT", field, message);
}

import { MapperKind, mapSchema } from "@graphql-tools/utils";
import {
  getNamedType,
  type GraphQLFieldConfig,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";
import { snakeCase } from "../../entities/mapping/case.ts";

type Convert = (value: unknown) => unknown;

/**
 * Returns the schema with every field, argument and input field in snake_case. Resolvers keep their camelCase: they get the values of clients under the names
 * that the code uses.
 */
export function wireNames(schema: GraphQLSchema): GraphQLSchema {
  const toCode = createConverter();
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field, name) => [snakeCase(name), withWireArguments(field, toCode)],
    [MapperKind.INPUT_OBJECT_FIELD]: (field, name) => [snakeCase(name), field],
  });
}

function withWireArguments(field: GraphQLFieldConfig<unknown, unknown>, toCode: (type: GraphQLInputType) => Convert | undefined) {
  const names = Object.keys(field.args ?? {});
  if (names.length === 0) return field;
  const table = new Map(names.map((name) => [snakeCase(name), { name, convert: toCode(field.args![name]!.type) }]));
  const rename = (given: Record<string, unknown>) => {
    const args: Record<string, unknown> = {};
    for (const [wire, value] of Object.entries(given)) {
      const known = table.get(wire);
      // A list's own arguments come later and keep their names: see `list-arguments.ts`.
      args[known?.name ?? wire] = known?.convert ? known.convert(value) : value;
    }
    return args;
  };
  const { resolve, subscribe } = field;
  return {
    ...field,
    args: Object.fromEntries([...table].map(([wire, { name }]) => [wire, field.args![name]!])),
    ...(resolve && { resolve: ((root, args, context, info) => resolve(root, rename(args), context, info)) as typeof resolve }),
    ...(subscribe && {
      subscribe: ((root, args, context, info) => subscribe(root, rename(args), context, info)) as typeof subscribe,
    }),
  };
}

/** Returns a function that renames the fields of a type's input objects back; undefined for a type whose values pass as they are. */
function createConverter(): (type: GraphQLInputType) => Convert | undefined {
  const objects = new Map<string, Convert>();

  function convertObject(type: GraphQLInputType): Convert | undefined {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) return undefined;
    let convert = objects.get(named.name);
    if (!convert) {
      let table: { name: string; wire: string; convert: Convert | undefined }[] | undefined;
      convert = (value) => {
        table ??= Object.values(named.getFields()).map(({ name, type: inner }) => ({
          name,
          wire: snakeCase(name),
          convert: toCode(inner),
        }));
        const given = value as Record<string, unknown>;
        return Object.fromEntries(
          table
            .filter(({ wire }) => wire in given)
            .map((field) => [field.name, field.convert ? field.convert(given[field.wire]) : given[field.wire]]),
        );
      };
      objects.set(named.name, convert);
    }
    return convert;
  }

  function toCode(type: GraphQLInputType): Convert | undefined {
    if (isNonNullType(type)) return toCode(type.ofType as GraphQLInputType);
    const convert = isListType(type) ? toCode(type.ofType as GraphQLInputType) : convertObject(type);
    if (!convert) return undefined;
    return isListType(type)
      ? (value) => (Array.isArray(value) ? value.map(convert) : value)
      : (value) => (value === null || value === undefined ? value : convert(value));
  }
  return toCode;
}

import { MapperKind, mapSchema } from "@graphql-tools/utils";
import {
  coerceInputValue,
  getNamedType,
  GraphQLBoolean,
  type GraphQLFieldConfig,
  GraphQLFloat,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLObjectType,
  type GraphQLScalarType,
  type GraphQLSchema,
  GraphQLString,
} from "graphql";
import { CustomFieldValues } from "../../changes/index.ts";
import { membersOf } from "../../entities/json-members.ts";
import { MODELS } from "../../entities/index.ts";
import { Day, GenericScalar, SafeInt } from "../../entities/mapping/scalars.ts";
import { AppError, type ErrorDetail } from "../../errors.ts";
import type { Row } from "../reading/list.ts";
import type { ComputedField } from "../reading/selection.ts";

/** A field that a site adds to the objects of a model. */
export interface CustomField {
  /** In lower case, as content types have it: `jobqueue`. */
  model: string;
  /** Its key in `_custom_field_data`. */
  key: string;
  kind: keyof typeof TYPES;
}

const TYPES = {
  text: GraphQLString,
  integer: SafeInt,
  float: GraphQLFloat,
  boolean: GraphQLBoolean,
  date: Day,
  json: GenericScalar,
} as const satisfies Record<string, GraphQLScalarType>;

const COLUMN = "_custom_field_data";
const wireName = ({ key }: CustomField) => `cf_${key}`;

/**
 * The schema with `cf_KEY` for each custom field: on the type of its model, and in the inputs for its objects. A pass over the finished
 * schema, for no other part of it depends on a site.
 */
export function withCustomFields(schema: GraphQLSchema, customFields: readonly CustomField[]): GraphQLSchema {
  if (customFields.length === 0) return schema;
  const added = new Map<string, readonly CustomField[]>();
  for (const { name } of MODELS) {
    const own = customFields.filter(({ model }) => model === name.toLowerCase());
    if (own.length === 0) continue;
    for (const type of [`${name}Type`, `Create${name}Input`, `Update${name}Input`]) added.set(type, own);
  }
  const extend = <Field>(name: string, fields: Record<string, Field>, fieldOf: (field: CustomField) => Field) => ({
    ...fields,
    ...Object.fromEntries(added.get(name)!.map((field) => [wireName(field), fieldOf(field)])),
  });
  return mapSchema(schema, {
    [MapperKind.OBJECT_TYPE]: (type) => {
      if (!added.has(type.name)) return undefined;
      const config = type.toConfig();
      return new GraphQLObjectType({ ...config, fields: extend(type.name, config.fields, outputField) });
    },
    [MapperKind.INPUT_OBJECT_TYPE]: (type) => {
      if (!added.has(type.name)) return undefined;
      const config = type.toConfig();
      return new GraphQLInputObjectType({ ...config, fields: extend(type.name, config.fields, inputField) });
    },
    [MapperKind.MUTATION_ROOT_FIELD]: (field) => {
      const inputs = Object.entries(field.args ?? {}).flatMap(([name, { type }]) => {
        const fields = added.get(getNamedType(type).name);
        return fields ? [[name, fields] as const] : [];
      });
      return inputs.length > 0 ? gathering(field, inputs) : undefined;
    },
  });
}

function outputField({ key, kind }: CustomField): GraphQLFieldConfig<Row, unknown> {
  const type: GraphQLScalarType = TYPES[kind];
  return {
    type,
    description: `The custom field \`${key}\`; null for an object without it, or with a value of another kind.`,
    extensions: { needs: [COLUMN] } satisfies ComputedField,
    resolve(row) {
      return fitting(type, membersOf(row[COLUMN])[key]);
    },
  };
}

/** The value, if there is one and the type takes it. */
function fitting(type: GraphQLScalarType, value: unknown): unknown {
  if (value === undefined) return null;
  try {
    return type.parseValue(value);
  } catch {
    return null;
  }
}

/**
 * Returns the errors of the values that are given for all custom fields at once: a declared field has a value of its kind, or null.
 * @param fields the declared ones: their keys, and the types of their values.
 */
export function wrongKinds(fields: Iterable<readonly [key: string, type: GraphQLInputType]>, values: unknown): ErrorDetail[] {
  if (typeof values !== "object" || values === null || Array.isArray(values)) return [];
  const details: ErrorDetail[] = [];
  for (const [key, type] of fields) {
    const value = Object.hasOwn(values, key) ? (values as Record<string, unknown>)[key] : null;
    coerceInputValue(value, type, (_, __, { message }) => details.push({ field: `${COLUMN}.${key}`, message }));
  }
  return details;
}

function inputField({ key, kind }: CustomField): { type: GraphQLScalarType; description: string } {
  return { type: TYPES[kind], description: `The custom field \`${key}\`; null removes its value. Other custom fields stay.` };
}

/** A mutation whose `cf_…` arrive together, as the column that they are kept in: its resolver knows of no single one. */
function gathering(
  field: GraphQLFieldConfig<unknown, unknown>,
  inputs: readonly (readonly [string, readonly CustomField[]])[],
): GraphQLFieldConfig<unknown, unknown> {
  const resolve = field.resolve!;
  return {
    ...field,
    resolve(root, args: Record<string, Record<string, unknown>>, context, info) {
      const gathered = inputs.map(([name, fields]) => [name, gather(args[name]!, fields)]);
      return resolve(root, { ...args, ...Object.fromEntries(gathered) }, context, info);
    },
  };
}

function gather(data: Record<string, unknown>, fields: readonly CustomField[]): Record<string, unknown> {
  const wrong = wrongKinds(
    fields.map(({ key, kind }) => [key, TYPES[kind]]),
    data[COLUMN],
  );
  if (wrong.length > 0) refuse(wrong.map(({ field, message }) => ({ field: `data.${field}`, message })));
  const given = fields.filter((field) => wireName(field) in data);
  if (given.length === 0) return data;
  const values = Object.fromEntries(given.map((field) => [field.key, data[wireName(field)]]));
  return { ...data, [COLUMN]: new CustomFieldValues(values, data[COLUMN]) };
}

function refuse(details: readonly ErrorDetail[]): never {
  throw new AppError("BAD_USER_INPUT", details.map(({ field, message }) => `${field}: ${message}`).join(" "), details);
}

import { readFile } from "node:fs/promises";
import { type GraphQLField, type GraphQLSchema, isEnumType, isObjectType } from "graphql";
import { AS_IN_THE_NEWER, MISSING_ARGUMENTS, MISSING_TYPES } from "./exceptions.ts";

interface FieldFacts {
  type: string;
  args?: Record<string, string>;
}

/** Names and types of one release's GraphQL. */
export interface Facts {
  query: Record<string, FieldFacts>;
  types: Record<string, Record<string, FieldFacts>>;
  enums: Record<string, string[]>;
}

/** Facts of a release of Nautobot. */
export async function readFacts(release: "2.3.16" | "3.2.7"): Promise<Facts> {
  return JSON.parse(await readFile(new URL(`nautobot-${release}.json`, import.meta.url), "utf8")) as Facts;
}

/** Returns the differences from a release, one line each, without the exceptions. Adds the exceptions that were needed to `used`. */
export function differences(schema: GraphQLSchema, { query, types, enums }: Facts, used: Set<string>): string[] {
  const wrong = compareFields(schema, "Query", query, used);
  for (const [type, fields] of Object.entries(types)) wrong.push(...compareFields(schema, type, fields, used));
  for (const [name, values] of Object.entries(enums)) {
    const type = schema.getType(name);
    if (!isEnumType(type)) wrong.push(`${name}: the enum is missing`);
    else for (const value of values) if (!type.getValue(value)) wrong.push(`${name}.${value}: the value is missing`);
  }
  return wrong;
}

/** Arguments of a release that we do not take, one line each. */
export function missingArguments(schema: GraphQLSchema, { query, types }: Facts): string[] {
  return Object.entries({ Query: query, ...types }).flatMap(([type, fields]) =>
    Object.entries(fields).flatMap(([name, { args = {} }]) => {
      const ours = fieldsOf(schema, type)[name];
      if (!ours) return [];
      const taken = new Set(ours.args.map((argument) => argument.name));
      return Object.keys(args)
        .filter((argument) => !taken.has(argument) && !isExcepted(argument))
        .map((argument) => `${type}.${name}(${argument}): the argument is missing`);
    }),
  );
}

/** Returns the names of fields and filters of a release that we have not, also with an exception; a filter without its lookups. */
export function missingNames(schema: GraphQLSchema, { query, types }: Facts): string[] {
  return Object.entries({ Query: query, ...types }).flatMap(([type, fields]) =>
    Object.entries(fields).flatMap(([name, { args = {} }]) => {
      const ours = fieldsOf(schema, type)[name];
      if (!ours) return [name];
      const taken = new Set(ours.args.map((argument) => argument.name));
      return Object.keys(args).flatMap((argument) => (taken.has(argument) ? [] : argument.split("__", 1)));
    }),
  );
}

const isExcepted = (argument: string) => Object.keys(MISSING_ARGUMENTS).includes(argument.split("__", 1)[0]!);

function compareFields(schema: GraphQLSchema, type: string, fields: Record<string, FieldFacts>, used: Set<string>): string[] {
  const ours = fieldsOf(schema, type);
  return Object.entries(fields).flatMap(([name, { type: theirs }]) => {
    const exception = theirs.replaceAll(/[[\]!]/g, "");
    if (exception in MISSING_TYPES) {
      used.add(exception);
      return [];
    }
    const place = `${type}.${name}`;
    const field = ours[name];
    if (!field) return [`${place}: the field is missing (${theirs})`];
    if (isCompatible(String(field.type), theirs)) return [];
    if (place in AS_IN_THE_NEWER) {
      used.add(place);
      return [];
    }
    return [`${place}: is ${String(field.type)} instead of ${theirs}`];
  });
}

function fieldsOf(schema: GraphQLSchema, name: string): Record<string, GraphQLField<unknown, unknown>> {
  const type = schema.getType(name);
  return isObjectType(type) ? type.getFields() : {};
}

/** True if a client written for `theirs` can read `ours`: the same, but for nulls that never come, and a UUID for an ID. */
function isCompatible(ours: string, theirs: string): boolean {
  if (theirs.endsWith("!")) return ours.endsWith("!") && isCompatible(ours.slice(0, -1), theirs.slice(0, -1));
  if (ours.endsWith("!")) return isCompatible(ours.slice(0, -1), theirs);
  if (theirs.startsWith("[")) return ours.startsWith("[") && isCompatible(ours.slice(1, -1), theirs.slice(1, -1));
  return ours === theirs || (ours === "UUID" && theirs === "ID");
}

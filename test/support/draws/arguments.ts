import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";

/** Values of fields by their names; null only where a field may be null. */
export type Known = Readonly<Record<string, string | undefined>>;

const BY_TYPE: Readonly<Record<string, string>> = {
  Boolean: "true",
  DateTime: '"2099-01-01T00:00:00Z"',
  Float: "1",
  GenericScalar: "{}",
  Int: "1",
  SafeInt: "1",
  String: '"x"',
};

/** Returns a field with a value for each of its arguments, as GraphQL spells it; `known` has those of some by name. */
export function callOf({ name, args }: GraphQLField<unknown, unknown>, known: Known): string {
  const values = args.flatMap((argument) => spellArgument(argument, known) ?? []);
  return values.length > 0 ? `${name}(${values.join(", ")})` : name;
}

function spellArgument({ name, type }: Pick<GraphQLArgument, "name" | "type">, known: Known): string {
  return `${name}: ${valueOf(name, type, known)}`;
}

function valueOf(name: string, type: GraphQLInputType, known: Known): string {
  if (isNonNullType(type)) return valueOf(name, type.ofType, known[name] === "null" ? { ...known, [name]: undefined } : known);
  if (isListType(type)) return `[${valueOf(name, type.ofType, known)}]`;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).map((field) => spellArgument(field, known));
    return `{ ${fields.join(", ")} }`;
  }
  if (known[name] !== undefined) return known[name];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  return BY_TYPE[type.name] ?? JSON.stringify("x");
}

import {
  type FieldNode,
  type GraphQLArgument,
  type GraphQLEnumValue,
  type GraphQLDirective,
  type GraphQLField,
  type GraphQLInputField,
  GraphQLSchema,
  type GraphQLType,
  isAbstractType,
  isDirective,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isType,
  isWrappingType,
  type SelectionSetNode,
} from "graphql";

/** A part of a schema, which introspection answers as an object. */
type Part =
  | GraphQLArgument
  | GraphQLDirective
  | GraphQLEnumValue
  | GraphQLField<unknown, unknown>
  | GraphQLInputField
  | GraphQLSchema
  | GraphQLType;

/** Merges what is asked of one object. */
type Merge = (sets: readonly SelectionSetNode[]) => ReadonlyMap<string, readonly FieldNode[]>;

/**
 * Returns how many values introspection answers, below parts of a schema. Parts that are reached several times are looked at once for all, so the work
 * is far less than that of answering, and it ends soon after `most` values.
 */
export function countIntrospection(
  schema: GraphQLSchema,
  roots: readonly Part[],
  selections: readonly SelectionSetNode[],
  merge: Merge,
  most: number,
): number {
  let values = 0;

  function count(parts: ReadonlyMap<Part, number>, sets: readonly SelectionSetNode[]): void {
    const merged = merge(sets);
    for (const times of parts.values()) values += times * merged.size;
    for (const nodes of merged.values()) {
      const inner = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (inner.length === 0 || values > most) continue;
      const below = new Map<Part, number>();
      for (const [part, times] of parts)
        for (const next of partsOf(schema, part, nodes[0]!.name.value)) below.set(next, (below.get(next) ?? 0) + times);
      if (below.size > 0) count(below, inner);
    }
  }
  count(new Map(roots.map((root) => [root, 1])), selections);
  return values;
}

const NONE: readonly Part[] = [];

/** The parts that a field of introspection leads to. */
function partsOf(schema: GraphQLSchema, part: Part, field: string): readonly Part[] {
  if (part instanceof GraphQLSchema) return partsOfSchema(part, field);
  if (isType(part)) return partsOfType(schema, part, field);
  if (isDirective(part)) return field === "args" ? part.args : NONE;
  if (field === "args" && "args" in part) return part.args;
  return field === "type" && "type" in part ? [part.type] : NONE;
}

function partsOfSchema(schema: GraphQLSchema, field: string): readonly Part[] {
  if (field === "types") return Object.values(schema.getTypeMap());
  if (field === "directives") return schema.getDirectives();
  const roots = {
    queryType: schema.getQueryType(),
    mutationType: schema.getMutationType(),
    subscriptionType: schema.getSubscriptionType(),
  };
  const root = roots[field as keyof typeof roots];
  return root ? [root] : NONE;
}

function partsOfType(schema: GraphQLSchema, type: GraphQLType, field: string): readonly Part[] {
  switch (field) {
    case "ofType":
      return isWrappingType(type) ? [type.ofType] : NONE;
    case "fields":
      return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : NONE;
    case "inputFields":
      return isInputObjectType(type) ? Object.values(type.getFields()) : NONE;
    case "interfaces":
      return isObjectType(type) || isInterfaceType(type) ? type.getInterfaces() : NONE;
    case "possibleTypes":
      return isAbstractType(type) ? schema.getPossibleTypes(type) : NONE;
    default:
      return field === "enumValues" && isEnumType(type) ? type.getValues() : NONE;
  }
}

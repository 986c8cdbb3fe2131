import {
  type FieldNode,
  type GraphQLArgument,
  type GraphQLDirective,
  type GraphQLField,
  type GraphQLInputField,
  GraphQLSchema,
  type GraphQLType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isWrappingType,
  type SelectionSetNode,
} from "graphql";

/** Parts of a schema that introspection answers alike, but for names and texts: the values of all enums, arguments of one type. */
interface Part {
  /** The parts that fields of introspection lead to, and how often each. */
  links: Map<string, ReadonlyMap<Part, number>>;
  /** Finds those that a field leads to. */
  find: (field: string) => readonly Part[];
}

/** Merges the selections of one object. */
type Merge = (sets: readonly SelectionSetNode[]) => ReadonlyMap<string, readonly FieldNode[]>;

/**
 * Returns how many values introspection answers, of a schema or of its types. Parts that are reached several times are looked at once for all, so the
 * work is far less than that of answering, and it ends soon after `most` values.
 */
export function countIntrospection(
  schema: GraphQLSchema,
  roots: readonly (GraphQLSchema | GraphQLType)[],
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
        for (const [next, each] of linksOf(part, nodes[0]!.name.value)) below.set(next, (below.get(next) ?? 0) + times * each);
      if (below.size > 0) count(below, inner);
    }
  }
  let partOf = known.get(schema);
  if (!partOf) known.set(schema, (partOf = createParts(schema)));
  count(new Map(roots.map((root) => [partOf(root), 1])), selections);
  return values;
}

/** Finding the parts of a schema takes far longer than counting them. */
const known = new WeakMap<GraphQLSchema, ReturnType<typeof createParts>>();

function linksOf({ links, find }: Part, field: string): ReadonlyMap<Part, number> {
  let found = links.get(field);
  if (!found) {
    const counts = new Map<Part, number>();
    for (const part of find(field)) counts.set(part, (counts.get(part) ?? 0) + 1);
    links.set(field, (found = counts));
  }
  return found;
}

const NONE: readonly never[] = [];

/** Returns a function that gives a schema, and each of its types, as parts. */
function createParts(schema: GraphQLSchema): (root: GraphQLSchema | GraphQLType) => Part {
  const types = new Map<string, Part>();
  const inputs = new Map<Part, Part>();
  const create = (find: Part["find"]): Part => ({ links: new Map(), find });
  const enumValue = create(() => NONE);

  function ofType(type: GraphQLType): Part {
    // Each list of texts is its own type.
    const name = String(type);
    let part = types.get(name);
    if (!part) types.set(name, (part = create((field) => linksOfType(type, field))));
    return part;
  }

  function ofInput({ type }: GraphQLArgument | GraphQLInputField): Part {
    const of = ofType(type);
    let part = inputs.get(of);
    if (!part) inputs.set(of, (part = create((field) => (field === "type" ? [of] : NONE))));
    return part;
  }

  const ofField = ({ type, args }: GraphQLField<unknown, unknown>) =>
    create((field) => (field === "type" ? [ofType(type)] : field === "args" ? args.map(ofInput) : NONE));
  const ofDirective = ({ args }: GraphQLDirective) => create((field) => (field === "args" ? args.map(ofInput) : NONE));

  function linksOfType(type: GraphQLType, field: string): readonly Part[] {
    switch (field) {
      case "ofType":
        return isWrappingType(type) ? [ofType(type.ofType)] : NONE;
      case "fields":
        return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()).map(ofField) : NONE;
      case "inputFields":
        return isInputObjectType(type) ? Object.values(type.getFields()).map(ofInput) : NONE;
      case "interfaces":
        return isObjectType(type) || isInterfaceType(type) ? type.getInterfaces().map(ofType) : NONE;
      case "possibleTypes":
        return isAbstractType(type) ? schema.getPossibleTypes(type).map(ofType) : NONE;
      default:
        return field === "enumValues" && isEnumType(type) ? type.getValues().map(() => enumValue) : NONE;
    }
  }

  const whole = create((field) => {
    if (field === "types") return Object.values(schema.getTypeMap()).map(ofType);
    if (field === "directives") return schema.getDirectives().map(ofDirective);
    const roots = new Map([
      ["queryType", schema.getQueryType()],
      ["mutationType", schema.getMutationType()],
      ["subscriptionType", schema.getSubscriptionType()],
    ]);
    const root = roots.get(field);
    return root ? [ofType(root)] : NONE;
  });
  return (root) => (root instanceof GraphQLSchema ? whole : ofType(root));
}

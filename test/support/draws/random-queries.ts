import fc from "fast-check";
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from "graphql";

/** Bounds of a random query. */
export interface QueryShape {
  /** Most levels. */
  depth: number;
  /** Ids to look for, by the lists' filter and as arguments. */
  ids: readonly string[];
}

/** Queries of a schema, valid and of any size: aliases, lists with and without limits, connections, references both ways. */
export function randomQueries(schema: GraphQLSchema, { depth, ids }: QueryShape): fc.Arbitrary<string> {
  const someId = fc.constantFrom(...ids);
  const usable = (field: GraphQLField<unknown, unknown>) =>
    field.args.every((arg) => !isRequiredArgument(arg) || arg.name === "id") &&
    (isLeafType(getNamedType(field.type)) || isObjectType(getNamedType(field.type)));

  function argumentsOf(field: GraphQLField<unknown, unknown>): fc.Arbitrary<string> {
    const has = new Set(field.args.map(({ name }) => name));
    const count = fc.integer({ min: 0, max: 40 });
    const drawn: Record<string, fc.Arbitrary<string>> = {};
    if (has.has("limit")) drawn["limit"] = count.map((n) => `limit: ${n}`);
    if (has.has("offset")) drawn["offset"] = fc.constantFrom("offset: 0", "offset: 3");
    if (has.has("first")) drawn["first"] = fc.tuple(fc.constantFrom("first", "last"), count).map(([name, n]) => `${name}: ${n}`);
    if (has.has("hidden")) drawn["hidden"] = fc.constant("hidden: null");
    const isSingle = field.args.some((arg) => arg.name === "id" && !isListType(getNullableType(arg.type)));
    if (has.has("id") && !isSingle)
      drawn["id"] = fc.array(someId, { maxLength: 3 }).map((some) => `id: [${some.map((id) => `"${id}"`).join(", ")}]`);
    const required = isSingle ? { id: someId.map((id) => `id: "${id}"`) } : {};
    return fc
      .record({ ...drawn, ...required }, { requiredKeys: Object.keys(required) as never[] })
      .map((some) => (Object.keys(some).length > 0 ? `(${Object.values(some).join(", ")})` : ""));
  }

  function selection(type: GraphQLObjectType, levels: number): fc.Arbitrary<string> {
    const fields = Object.values(type.getFields()).filter(usable);
    const leaves = fields.filter((field) => isLeafType(getNamedType(field.type)));
    const nodes = levels > 0 ? fields.filter((field) => isObjectType(getNamedType(field.type))) : [];
    const leaf = fc.constantFrom("__typename", ...leaves.map(({ name }) => name));
    const node =
      nodes.length > 0
        ? fc.constantFrom(...nodes).chain((field) => {
            const inner = fc
              .constant(undefined)
              .chain(() => selection(getNamedType(field.type) as GraphQLObjectType, levels - 1));
            return fc.tuple(argumentsOf(field), inner).map(([args, set]) => `${field.name}${args} ${set}`);
          })
        : leaf;
    return fc
      .tuple(
        fc.array(leaf, { minLength: 1, maxLength: 3 }),
        fc.array(node, { minLength: Math.min(1, nodes.length), maxLength: 2 }),
      )
      .map(([some, more]) => `{ ${[...some, ...more].map((field, n) => `f${n}: ${field}`).join(" ")} }`);
  }
  return selection(schema.getQueryType()!, depth);
}

/** Returns the number of fields of objects in an answer, at all depths. Fields within JSON values count too. */
export function countValues(answer: unknown): number {
  if (Array.isArray(answer)) return answer.reduce((sum: number, item) => sum + countValues(item), 0);
  if (typeof answer !== "object" || answer === null) return 0;
  return Object.values(answer).reduce((sum: number, value) => sum + 1 + countValues(value), 0);
}

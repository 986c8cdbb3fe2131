import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo } from "graphql";
import type { ModelShape } from "../entities/shape.ts";
import { type Fragments, mergeSelections } from "./merge-selections.ts";

/** Extensions of a computed field: the columns that its resolver reads from the row. */
export interface ComputedField {
  needs: readonly string[];
}

// Parsed documents are kept, so a client's operation is walked once however often it is sent.
const cache = new WeakMap<FieldNode, readonly string[]>();

/** Where rows stand below a field: in itself, or in what a connection puts between. */
const PATHS = { list: [[]], connection: [["nodes"], ["edges", "node"]] } as const;

/** The columns of a model's table that the selection below the current field needs. */
export function selectedColumns(info: GraphQLResolveInfo, shape: ModelShape, as: keyof typeof PATHS = "list"): readonly string[] {
  const [first] = info.fieldNodes;
  const known = cache.get(first!);
  if (known && info.fieldNodes.length === 1) return known;
  const type = info.schema.getType(`${(shape.model as { name: string }).name}Type`) as GraphQLObjectType;
  const columns = new Set<string>();
  for (const path of PATHS[as]) {
    for (const name of below(info.fieldNodes, path, info.fragments)) addColumns(name, type, shape, columns);
  }
  const selected = [...columns];
  if (info.fieldNodes.length === 1) cache.set(first!, selected);
  return selected;
}

/** Names of the fields that are selected at the end of a path of fields: each as often as the answer has it. */
function below(nodes: readonly FieldNode[], path: readonly string[], fragments: Fragments): string[] {
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const selected = [...mergeSelections(sets, fragments).values()];
  const [next, ...rest] = path;
  if (next === undefined) return selected.map(([node]) => node!.name.value);
  return selected.filter(([node]) => node!.name.value === next).flatMap((inner) => below(inner, rest, fragments));
}

function addColumns(name: string, type: GraphQLObjectType, shape: ModelShape, columns: Set<string>): void {
  const reference = shape.one.get(name);
  if (reference) columns.add(reference.column);
  else if (shape.columns.has(name)) columns.add(name);
  else {
    // What is computed, or belongs to the row, is found by its key; a plain leaf is read without.
    columns.add("id");
    const { needs = [] } = (type.getFields()[name]?.extensions ?? {}) as Partial<ComputedField>;
    for (const column of needs) columns.add(column);
  }
}

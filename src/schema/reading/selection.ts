import { type FieldNode, getNamedType, type GraphQLObjectType, type GraphQLResolveInfo } from "graphql";
import type { ModelShape } from "../../entities/mapping/shape.ts";
import { type Fragments, mergeSelections } from "../document/merge-selections.ts";
import { declareWeight } from "./weights.ts";

/** Extensions of a computed field: the columns that its resolver reads from the row. */
export interface ComputedField {
  needs: readonly string[];
}

// Parsed documents are kept, so a client's operation is walked once however often it is sent.
const cache = new WeakMap<FieldNode, readonly string[]>();

/** Position of rows below a field: in the field itself, or in the fields of a connection. */
const PATHS = { list: [[]], connection: [["nodes"], ["edges", "node"]] } as const;

/** Columns of each selection whose values resolvers look at. */
const lookedAt = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Tells whether the values of a column only become part of the answer: it may be JSON that is not parsed. */
export const isPassedOn = (columns: readonly string[], column: string): boolean => lookedAt.get(columns)?.has(column) === false;

/** Returns the columns of a selection, and more that are read for the server itself; of those, none is JSON. */
export function alsoReading(columns: readonly string[], more: readonly string[]): readonly string[] {
  let known = extended.get(columns);
  if (!known) extended.set(columns, (known = new Map()));
  const key = more.join();
  let all = known.get(key);
  if (!all) {
    // Clients choose the orders.
    if (known.size >= MOST_EXTENSIONS) known.clear();
    known.set(key, (all = [...new Set([...columns, ...more])]));
    const needed = lookedAt.get(columns);
    if (needed) lookedAt.set(all, needed);
  }
  return all;
}

// Each is one array, as the selection itself is: statements are kept by it.
const extended = new WeakMap<readonly string[], Map<string, readonly string[]>>();

/** Extensions of one selection that are kept. */
const MOST_EXTENSIONS = 16;

/** The columns of a model's table that the selection below the current field needs. */
export function selectedColumns(info: GraphQLResolveInfo, shape: ModelShape, as: keyof typeof PATHS = "list"): readonly string[] {
  const [first] = info.fieldNodes;
  const known = cache.get(first!);
  if (known && info.fieldNodes.length === 1) return known;
  const answered = getNamedType(info.returnType) as GraphQLObjectType;
  const uses = new Map<string, number>();
  const needed = new Set<string>();
  for (const path of PATHS[as]) {
    const type = typeAt(answered, path);
    for (const name of below(info.fieldNodes, path, info.fragments)) {
      const columns = columnsOf(name, type, shape);
      for (const column of columns) uses.set(column, (uses.get(column) ?? 0) + 1);
      const isPlain = shape.columns.has(name) && !type.getFields()[name]?.resolve;
      if (!isPlain) for (const column of columns) needed.add(column);
    }
  }
  const selected = [...uses.keys()];
  lookedAt.set(selected, needed);
  declareWeight(shape, selected, uses);
  if (info.fieldNodes.length === 1) cache.set(first!, selected);
  return selected;
}

const typeAt = (type: GraphQLObjectType, path: readonly string[]) =>
  path.reduce((above, name) => getNamedType(above.getFields()[name]!.type) as GraphQLObjectType, type);

/** Names of the fields that are selected at the end of a path of fields: each as often as the answer has it. */
function below(nodes: readonly FieldNode[], path: readonly string[], fragments: Fragments): string[] {
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const selected = [...mergeSelections(sets, fragments).values()];
  const [next, ...rest] = path;
  if (next === undefined) return selected.map(([node]) => node!.name.value);
  return selected.filter(([node]) => node!.name.value === next).flatMap((inner) => below(inner, rest, fragments));
}

function columnsOf(name: string, type: GraphQLObjectType, shape: ModelShape): readonly string[] {
  const reference = shape.one.get(name);
  if (reference) return [reference.column];
  if (shape.columns.has(name)) return [name];
  // A computed value, or one that belongs to the row, is found by its key. A plain leaf is read without.
  const { needs = [] } = (type.getFields()[name]?.extensions ?? {}) as Partial<ComputedField>;
  return ["id", ...needs];
}

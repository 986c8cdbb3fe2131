import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import type { ModelShape } from "../entities/shape.ts";

/** Extensions of a computed field: the columns that its resolver reads from the row. */
export interface ComputedField {
  needs: readonly string[];
}

// Apollo keeps parsed documents, so a client's operation is walked once however often it is sent.
const cache = new WeakMap<FieldNode, readonly string[]>();

/** The columns of a model's table that the selection below the current field needs, its key among them. */
export function selectedColumns(info: GraphQLResolveInfo, shape: ModelShape): readonly string[] {
  const [first] = info.fieldNodes;
  const known = cache.get(first!);
  if (known && info.fieldNodes.length === 1) return known;
  const columns = new Set(["id"]);
  const type = getNamedType(info.returnType);
  for (const node of info.fieldNodes) if (node.selectionSet) collect(node.selectionSet, type, info, shape, columns);
  const selected = [...columns];
  if (info.fieldNodes.length === 1) cache.set(first!, selected);
  return selected;
}

function collect(
  set: SelectionSetNode,
  type: GraphQLNamedType,
  info: GraphQLResolveInfo,
  shape: ModelShape,
  columns: Set<string>,
): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet, type, info, shape, columns);
    else if (selection.kind === Kind.FRAGMENT_SPREAD) {
      collect(info.fragments[selection.name.value]!.selectionSet, type, info, shape, columns);
    } else addField(selection.name.value, type, shape, columns);
  }
}

function addField(name: string, type: GraphQLNamedType, shape: ModelShape, columns: Set<string>): void {
  const reference = shape.one.get(name);
  if (reference) columns.add(reference.column);
  else if (shape.columns.has(name)) columns.add(name);
  else {
    const field = isObjectType(type) ? type.getFields()[name] : undefined;
    for (const column of (field?.extensions as Partial<ComputedField> | undefined)?.needs ?? []) columns.add(column);
  }
}

import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type NamedTypeNode,
  type SelectionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from "graphql";

/** Fragments of a document, by name. */
export type Fragments = Readonly<Record<string, FragmentDefinitionNode>>;

/**
 * The one walk over what a client selects of an object: its fields by the names that they have in the answer, as the same field may be selected
 * several times. A fragment is entered once, however often it is spread: the work grows with the document, never with its expansion.
 * @param sets selections of the same object.
 * @param enter says of each selection whether it counts; `of` is the type that a fragment is for.
 */
export function mergeSelections(
  sets: readonly SelectionSetNode[],
  fragments: Fragments,
  enter: (selection: SelectionNode, of: NamedTypeNode | undefined) => boolean = () => true,
): Map<string, FieldNode[]> {
  const found = new Map<string, FieldNode[]>();
  const entered = new Set<FragmentDefinitionNode>();

  function collect({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        if (!enter(selection, undefined)) continue;
        const key = (selection.alias ?? selection.name).value;
        const nodes = found.get(key);
        if (nodes) nodes.push(selection);
        else found.set(key, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (enter(selection, selection.typeCondition)) collect(selection.selectionSet);
      } else {
        const fragment = fragments[selection.name.value];
        // A document that is not validated yet may name one that is missing.
        if (!fragment || entered.has(fragment) || !enter(selection, fragment.typeCondition)) continue;
        entered.add(fragment);
        collect(fragment.selectionSet);
      }
    }
  }
  for (const set of sets) collect(set);
  return found;
}

/** Returns the fragments of a document. */
export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments[node.name.value] = node;
  return fragments;
}

/** Tells whether a selection takes part, by `@skip` and `@include`. A selection that depends on variables does where they have no values. */
export function isIncluded({ directives = [] }: SelectionNode, variables: Readonly<Record<string, unknown>> = {}): boolean {
  return directives.every(({ name, arguments: [argument] = [] }) => {
    const value: unknown = argument && valueFromASTUntyped(argument.value, variables);
    return name.value === "skip" ? value !== true : name.value !== "include" || value !== false;
  });
}

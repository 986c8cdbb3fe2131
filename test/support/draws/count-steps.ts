import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";

/** Steps of walks over a document: reading a selection set takes as many steps as it has selections. */
export interface Steps {
  readonly taken: number;
  /** Selections in the document, as it is written, or other things that are counted. */
  readonly size: number;
}

/** Counts the steps of all walks over a document from now on, graphql-js's among them. */
export function countSteps(document: DocumentNode): Steps {
  const steps = { taken: 0, size: 0 };
  const count = (node: SelectionSetNode, selections: readonly SelectionNode[]) => {
    steps.size += selections.length;
    Object.defineProperty(node, "selections", {
      enumerable: true,
      get() {
        steps.taken += selections.length;
        return selections;
      },
    });
  };
  visit(document, { SelectionSet: { leave: (node) => count(node, node.selections) } });
  return steps;
}

/** Counts how often anybody looks from now on which selection a field or a fragment has: once on each side of a comparison of two fields. */
export function countLooks(document: DocumentNode): Steps {
  const steps = { taken: 0, size: 0 };
  const count = (node: FieldNode | FragmentDefinitionNode) => {
    const { selectionSet } = node;
    steps.size++;
    Object.defineProperty(node, "selectionSet", {
      enumerable: true,
      get() {
        steps.taken++;
        return selectionSet;
      },
    });
  };
  visit(document, { Field: { leave: count }, FragmentDefinition: { leave: count } });
  return steps;
}

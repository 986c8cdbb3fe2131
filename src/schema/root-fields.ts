import {
  type ValidationContext,
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  getDirectiveValues,
  GraphQLError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionNode,
  SingleFieldSubscriptionsRule,
  specifiedRules,
  type ValidationRule,
} from "graphql";

/** Returns the fields that an operation selects at its root, by response name, through fragments. A fragment is looked into once. */
export function rootFieldsOf(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  isIncluded: (selection: SelectionNode) => boolean,
): Map<string, FieldNode> {
  const fragments = new Map(
    document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [])),
  );
  const fields = new Map<string, FieldNode>();
  const left = [...operation.selectionSet.selections];
  for (const selection of left) {
    if (!isIncluded(selection)) continue;
    if (selection.kind === Kind.FIELD) {
      const { alias, name } = selection;
      if (!fields.has((alias ?? name).value)) fields.set((alias ?? name).value, selection);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) left.push(...selection.selectionSet.selections);
    else {
      const fragment = fragments.get(selection.name.value);
      fragments.delete(selection.name.value);
      if (fragment) left.push(...fragment.selectionSet.selections);
    }
  }
  return fields;
}

/** Tells with the values of an operation's variables whether a selection takes part in it. */
export function includedWith(variables: Readonly<Record<string, unknown>>): (selection: SelectionNode) => boolean {
  return (selection) =>
    getDirectiveValues(GraphQLSkipDirective, selection, variables)?.["if"] !== true &&
    getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.["if"] !== false;
}

/** Tells the same of literals alone: a selection that a variable decides on may take part. */
function mayBeIncluded({ directives = [] }: SelectionNode): boolean {
  return directives.every(({ name, arguments: given = [] }) => {
    const [value] = given.map((argument) => argument.value);
    if (value?.kind !== Kind.BOOLEAN) return true;
    return name.value === "skip" ? !value.value : name.value !== "include" || value.value;
  });
}

/** graphql-js's rule of this name fails where a variable decides on a root field: it looks for its value before there are any. */
function singleFieldSubscriptions(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return;
      const subject = operation.name ? `Subscription "${operation.name.value}"` : "Anonymous Subscription";
      const report = (sentence: string, nodes: readonly FieldNode[]) =>
        context.reportError(new GraphQLError(`${subject} must ${sentence} top level field.`, { nodes }));
      const fields = [...rootFieldsOf(context.getDocument(), operation, mayBeIncluded).values()];
      if (fields.length > 1) report("select only one", fields.slice(1));
      for (const field of fields) if (field.name.value.startsWith("__")) report("not select an introspection", [field]);
    },
  };
}

/** The rules by which documents are valid. */
export const VALIDATION_RULES: readonly ValidationRule[] = specifiedRules.map((rule) =>
  rule === SingleFieldSubscriptionsRule ? singleFieldSubscriptions : rule,
);

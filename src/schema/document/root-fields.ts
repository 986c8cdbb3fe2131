import {
  type ValidationContext,
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  type OperationDefinitionNode,
  OperationTypeNode,
  SingleFieldSubscriptionsRule,
  specifiedRules,
  type ValidationRule,
} from "graphql";
import { fragmentsOf, isIncluded, mergeSelections } from "./merge-selections.ts";

/** Returns the fields that an operation selects at its root, by response name; those that variables without values decide on are among them. */
export const rootFieldsOf = (
  document: DocumentNode,
  { selectionSet }: OperationDefinitionNode,
  variables?: Readonly<Record<string, unknown>>,
): Map<string, FieldNode[]> =>
  mergeSelections([selectionSet], fragmentsOf(document), (selection) => isIncluded(selection, variables));

/** graphql-js's rule of this name fails where a variable decides on a root field: it looks for its value before there are any. */
function singleFieldSubscriptions(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return;
      const subject = operation.name ? `Subscription "${operation.name.value}"` : "Anonymous Subscription";
      const report = (sentence: string, nodes: readonly FieldNode[]) =>
        context.reportError(new GraphQLError(`${subject} must ${sentence} top level field.`, { nodes }));
      const fields = [...rootFieldsOf(context.getDocument(), operation).values()].map(([field]) => field!);
      if (fields.length > 1) report("select only one", fields.slice(1));
      for (const field of fields) if (field.name.value.startsWith("__")) report("not select an introspection", [field]);
    },
  };
}

/** The rules by which documents are valid. */
export const VALIDATION_RULES: readonly ValidationRule[] = specifiedRules.map((rule) =>
  rule === SingleFieldSubscriptionsRule ? singleFieldSubscriptions : rule,
);

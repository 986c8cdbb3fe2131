import {
  type DocumentNode,
  getNullableType,
  type GraphQLSchema,
  isListType,
  Kind,
  type OperationDefinitionNode,
  type TypeNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

/**
 * Returns a document in which a variable of one value, where a list is declared, stands in its own list: `name: $t` is `name: [$t]`. So values and
 * rules stay GraphQL's, which takes one value for a list where it is written, but not where it is a variable.
 * In a fragment, this is so for variables of which no operation declares a list.
 */
export function listSingleValues(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const inFragments = singlesOf(operations);
  if (inFragments.size === 0 && operations.length < 2) return document;
  const types = new TypeInfo(schema);
  let singles: ReadonlySet<string> = inFragments;
  return visit(
    document,
    visitWithTypeInfo(types, {
      OperationDefinition: (operation) => void (singles = singlesOf([operation])),
      FragmentDefinition: () => void (singles = inFragments),
      VariableDefinition: () => false,
      Variable(node) {
        if (!singles.has(node.name.value) || !isListType(getNullableType(types.getInputType()))) return undefined;
        return { kind: Kind.LIST, values: [node], ...(node.loc && { loc: node.loc }) };
      },
    }),
  );
}

/** Names of variables that are declared, and never as lists. */
function singlesOf(operations: readonly OperationDefinitionNode[]): Set<string> {
  const declared = operations.flatMap(({ variableDefinitions = [] }) => variableDefinitions);
  const singles = new Set(declared.map(({ variable }) => variable.name.value));
  for (const { variable, type } of declared) if (isList(type)) singles.delete(variable.name.value);
  return singles;
}

const isList = (type: TypeNode) => (type.kind === Kind.NON_NULL_TYPE ? type.type : type).kind === Kind.LIST_TYPE;

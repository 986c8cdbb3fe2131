import {
  BREAK,
  type DocumentNode,
  getNamedType,
  type GraphQLNamedInputType,
  type GraphQLSchema,
  isAbstractType,
  isInputObjectType,
  isObjectType,
  isSpecifiedScalarType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

/** Longer documents are not compiled; in characters. */
const LONGEST = 20_000;

/** Compiling takes longer than it saves for a document of more fields than this, fragments spread out. */
const MOST_FIELDS = 200;

/** Whether compiling an operation pays, and its answer will be the one that graphql-js gives. */
export function isCompilable(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): boolean {
  // graphql-js ends a chain of mutations at the first that fails and may not be null; the compiler goes on.
  if (operation.operation === OperationTypeNode.MUTATION) return false;
  if ((document.loc?.end ?? 0) > LONGEST) return false;
  return isPlain(schema, document) && hasFewClearPaths(document, operation);
}

/** Names that mean something else in the JavaScript that comes out. */
const MISTAKEN_NAME = /^__proto__$|idx\d/;

/** Whether a document has nothing that graphql-jit 0.8.9 answers differently from graphql-js, by trial or by its source. */
function isPlain(schema: GraphQLSchema, document: DocumentNode): boolean {
  let plain = true;
  const refuse = () => {
    plain = false;
    return BREAK;
  };
  const types = new TypeInfo(schema);
  const visitor = visitWithTypeInfo(types, {
    Name: ({ value }) => (MISTAKEN_NAME.test(value) ? refuse() : undefined),
    // Conditions are stored in the nodes of the document and meet each other where a fragment is used twice.
    Directive: refuse,
    // Inside a list or an object a missing variable becomes null, and inside a custom scalar any variable does.
    Variable: (_node, _key, parent) =>
      parent && "kind" in parent && (parent.kind === Kind.ARGUMENT || parent.kind === Kind.VARIABLE_DEFINITION)
        ? undefined
        : refuse(),
    // A default goes through JSON: a date comes out as text. The code for a recursive type has no end.
    VariableDefinition({ defaultValue }) {
      const type = getNamedType(types.getInputType()!);
      return (defaultValue && !isSpecifiedScalarType(type)) || holdsItself(type) ? refuse() : undefined;
    },
    // Code that tells an object's type and throws leaves the operation without an answer.
    SelectionSet() {
      const type = types.getParentType();
      return isAbstractType(type) || (isObjectType(type) && type.isTypeOf) ? refuse() : undefined;
    },
  });
  visit(document, visitor);
  return plain;
}

function holdsItself(type: GraphQLNamedInputType, inside: readonly GraphQLNamedInputType[] = []): boolean {
  if (!isInputObjectType(type)) return false;
  if (inside.includes(type)) return true;
  return Object.values(type.getFields()).some((field) => holdsItself(getNamedType(field.type), [...inside, type]));
}

/**
 * Whether an operation is of reasonable size, and every path in it keeps a name of its own when joined by underscores as graphql-jit does;
 * otherwise one field's `info` is given to another.
 */
function hasFewClearPaths(document: DocumentNode, operation: OperationDefinitionNode): boolean {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition.selectionSet);
  const paths = new Map<string, string>();
  let count = 0;

  function isClear(set: SelectionSetNode, path: readonly string[]): boolean {
    return set.selections.every((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return isClear(fragments.get(selection.name.value)!, path);
      if (selection.kind === Kind.INLINE_FRAGMENT) return isClear(selection.selectionSet, path);
      const own = [(selection.alias ?? selection.name).value, ...path];
      const name = own.join("_");
      const known = paths.get(name) ?? own.join(".");
      paths.set(name, known);
      if (++count > MOST_FIELDS || known !== own.join(".")) return false;
      return !selection.selectionSet || isClear(selection.selectionSet, own);
    });
  }
  return isClear(operation.selectionSet, []);
}

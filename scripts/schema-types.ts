import { type GraphQLSchema, introspectionFromSchema } from "graphql";

/** A type where it is used: its kind and name, or the type that it wraps. */
interface TypeRef {
  kind: string;
  name?: string;
  ofType?: TypeRef;
}

/** Returns a reference without what gql.tada does not read. */
const refTo = ({ kind, name, ofType }: TypeRef): object => ({ kind, name: name ?? null, ofType: ofType ? refTo(ofType) : null });

/**
 * Plugin of GraphQL Code Generator. It writes the schema as a type, from which gql.tada derives the data of a document by its text. Arguments, inputs and
 * descriptions are left out: data does not depend on them.
 */
export function plugin(schema: GraphQLSchema): string {
  const { __schema: whole } = introspectionFromSchema(schema);
  const kept = whole.types.flatMap((type): object[] => {
    const { kind, name } = type;
    if (name.startsWith("__")) return [];
    switch (kind) {
      case "INPUT_OBJECT":
        return [];
      case "OBJECT":
        return [
          {
            kind,
            name,
            fields: type.fields.map((field) => ({ name: field.name, type: refTo(field.type), args: [] })),
            interfaces: [],
          },
        ];
      case "ENUM":
        return [{ kind, name, enumValues: type.enumValues.map((value) => ({ name: value.name })) }];
      case "UNION":
      case "INTERFACE":
        return [{ kind, name, possibleTypes: type.possibleTypes.map((one) => ({ kind: one.kind, name: one.name })) }];
      default:
        return [{ kind, name }];
    }
  });
  const root = (type: { name: string } | null | undefined) => type && { name: type.name };
  const written = {
    queryType: root(whole.queryType),
    mutationType: root(whole.mutationType),
    subscriptionType: root(whole.subscriptionType),
    types: kept,
    directives: [],
  };
  return `/** The schema, for gql.tada. */\nexport type Introspection = { __schema: ${JSON.stringify(written)} };\n`;
}

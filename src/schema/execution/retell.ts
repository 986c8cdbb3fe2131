import {
  defaultFieldResolver,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLFieldConfig,
  GraphQLObjectType,
  GraphQLSchema,
} from "graphql";
import type { Given } from "./compile.ts";

/** Makes graphql-js answer an operation from the results of its root fields. */
export type Retell = (args: ExecutionArgs, given: Given) => ExecutionResult | Promise<ExecutionResult>;

/** Stands for the root of an operation that is answered once more. */
class Told {
  readonly rootValue: unknown;
  readonly given: Given;

  constructor(rootValue: unknown, given: Given) {
    this.rootValue = rootValue;
    this.given = given;
  }
}

/**
 * Returns a function that answers once more. Below the root, loaders keep their rows, or their errors. A field that was not asked before, because another had
 * failed, is asked now.
 */
export function createRetelling(schema: GraphQLSchema): Retell {
  let told: GraphQLSchema | undefined;
  return (args, given) => execute({ ...args, schema: (told ??= withGiven(schema)), rootValue: new Told(args.rootValue, given) });
}

/** Returns the schema with query fields that give their earlier results; all other types are the very same. */
function withGiven(schema: GraphQLSchema): GraphQLSchema {
  const config = schema.toConfig();
  const replace = (type: GraphQLObjectType) => {
    const { fields, ...rest } = type.toConfig();
    return new GraphQLObjectType({
      ...rest,
      fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, giving(field)])),
    });
  };
  const replaced = new Map([config.query, config.subscription].flatMap((type) => (type ? [[type, replace(type)] as const] : [])));
  return new GraphQLSchema({
    ...config,
    query: config.query && replaced.get(config.query),
    subscription: config.subscription && replaced.get(config.subscription),
    types: config.types.filter((type) => !replaced.has(type as GraphQLObjectType)),
    assumeValid: true,
  });
}

function giving(field: GraphQLFieldConfig<unknown, unknown>): GraphQLFieldConfig<unknown, unknown> {
  const { resolve = defaultFieldResolver } = field;
  return {
    ...field,
    resolve(source, args, context, info) {
      const { rootValue, given } = source as Told;
      const known = given.get(String(info.path.key));
      if (!known) return resolve(rootValue, args, context, info);
      if ("error" in known) throw known.error;
      return known.value;
    },
  };
}

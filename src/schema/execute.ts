import {
  type DocumentNode,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  getVariableValues,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import { compile, type Compiled, type Given } from "./compile.ts";
import type { Context } from "./context.ts";
import { refusalOf } from "./price/bounds.ts";
import { createRetelling } from "./retell.ts";

type Answer = ExecutionResult | Promise<ExecutionResult>;

/** What answers a validated operation, or one event of a subscription. graphql-js's function of this name is one. */
export interface Executor {
  execute(args: ExecutionArgs): Answer;
}

/** Operations that are kept compiled. */
const KEPT_OPERATIONS = 500;

/** As many errors of variables as graphql-js tells; to make each takes far longer than to find it. */
const MOST_ERRORS = { maxErrors: 50 };

/**
 * An executor that compiles each operation once and answers as graphql-js does, many times faster. graphql-js itself answers what is not
 * compiled, and whatever meets an error, so that messages, codes and paths are its own: from what was read until then, for nothing is read twice.
 */
export function createExecutor(schema: GraphQLSchema): Executor {
  const kept = new LRUCache<OperationDefinitionNode, { compiled: Compiled | undefined }>({ max: KEPT_OPERATIONS });
  const retell = createRetelling(schema);
  const compiledOf = (document: DocumentNode, operation: OperationDefinitionNode) => {
    const known = kept.get(operation);
    if (known) return known.compiled;
    const compiled = compile(schema, document, operation);
    kept.set(operation, { compiled });
    return compiled;
  };

  function executeCompiled(args: ExecutionArgs): Answer {
    const { document, operationName, rootValue, contextValue } = args;
    const operation = getOperationAST(document, operationName);
    const compiled = operation && compiledOf(document, operation);
    if (!compiled) return execute(args);
    const { coerced, errors } = getVariableValues(
      schema,
      operation.variableDefinitions ?? [],
      args.variableValues ?? {},
      MOST_ERRORS,
    );
    if (errors) return execute(args);
    const given: Given = new Map();
    const tellWhy = (): Answer => {
      const { bounds } = (contextValue ?? {}) as Partial<Context>;
      if (bounds?.failure) return refusalOf(bounds.failure);
      bounds?.recount();
      return retell(args, given);
    };
    try {
      const data = compiled({ rootValue, contextValue, variableValues: coerced }, given) as ExecutionResult["data"];
      return data instanceof Promise
        ? data.then((complete: ExecutionResult["data"]) => ({ data: complete! }), tellWhy)
        : { data: data! };
    } catch {
      return tellWhy();
    }
  }

  return { execute: executeCompiled };
}

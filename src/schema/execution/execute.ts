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
import { compile, type Compiled, type Given, readConditions, type Subject } from "./compile.ts";
import type { Context } from "../context.ts";
import { refusalOf } from "./bounds.ts";
import { createRetelling } from "./retell.ts";

type Answer = ExecutionResult | Promise<ExecutionResult>;

/** Executes a validated operation, or one event of a subscription. */
export interface Executor {
  execute(args: ExecutionArgs): Answer;
}

/** graphql-js itself: the same answers, more slowly. */
export const interpreter: Executor = { execute };

/** An operation, compiled for the values of the variables that decide which fields are selected. */
interface Kept {
  conditions: readonly string[];
  byValues: Map<string, { compiled: Compiled | undefined }>;
}

/** Values for which one operation is kept compiled. */
const MOST_VALUES = 8;

/** As many errors of variables as graphql-js tells; to make each takes far longer than to find it. */
const MOST_ERRORS = { maxErrors: 50 };

/**
 * Returns an executor that compiles each operation once and answers as graphql-js does, many times faster. graphql-js itself answers operations that are not
 * compiled, and those that meet an error, so that messages, codes and paths are its own. It then uses the rows that were read before: nothing is read twice.
 */
export function createExecutor(schema: GraphQLSchema): Executor {
  const kept = new WeakMap<OperationDefinitionNode, Kept>();
  const retell = createRetelling(schema);

  function compiledOf(document: DocumentNode, operation: OperationDefinitionNode, variables: Subject["variableValues"]) {
    let known = kept.get(operation);
    if (!known) kept.set(operation, (known = { conditions: readConditions(document), byValues: new Map() }));
    const { conditions, byValues } = known;
    // A null is graphql-js's to refuse.
    if (conditions.some((name) => typeof variables[name] !== "boolean")) return undefined;
    const values = conditions.length === 0 ? "" : conditions.map((name) => String(variables[name])).join();
    let found = byValues.get(values);
    if (!found) {
      if (byValues.size >= MOST_VALUES) byValues.clear();
      byValues.set(values, (found = { compiled: compile(schema, document, operation, variables) }));
    }
    return found.compiled;
  }

  function executeCompiled(args: ExecutionArgs): Answer {
    const { document, operationName, rootValue, contextValue } = args;
    const operation = getOperationAST(document, operationName);
    if (!operation) return execute(args);
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], args.variableValues ?? {}, MOST_ERRORS);
    const compiled = coerced && compiledOf(document, operation, coerced);
    if (!compiled) return execute(args);
    const given: Given = new Map();
    const { bounds } = (contextValue ?? {}) as Partial<Context>;
    const tellWhy = (): Answer => {
      if (bounds?.failure) return refusalOf(bounds.failure);
      bounds?.recount();
      return retell(args, given);
    };
    try {
      const data = compiled(
        { rootValue, contextValue, variableValues: coerced, sliced: bounds },
        given,
      ) as ExecutionResult["data"];
      return data instanceof Promise
        ? data.then((complete: ExecutionResult["data"]) => ({ data: complete! }), tellWhy)
        : { data: data! };
    } catch {
      return tellWhy();
    }
  }

  return { execute: executeCompiled };
}

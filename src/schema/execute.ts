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
import { compileQuery, type CompiledQuery, isCompiledQuery } from "graphql-jit";
import { LRUCache } from "lru-cache";
import { isCompilable } from "./compilable.ts";

type Answer = ExecutionResult | Promise<ExecutionResult>;

/** What answers a validated operation. graphql-js's functions of these names are one. */
export interface Executor {
  execute(args: ExecutionArgs): Answer;
  subscribe(args: ExecutionArgs): Promise<AsyncIterable<ExecutionResult> | ExecutionResult>;
}

/** Operations that are kept compiled. */
const KEPT_OPERATIONS = 500;

/**
 * An executor that compiles each operation once and answers as graphql-js does, many times faster. graphql-js itself answers what the
 * compiler would answer differently, and whatever meets an error: reading twice harms nobody, and messages, codes and paths are then its
 * own. A field without a resolver is read as a plain property: a row must hold no functions, promises or getters that throw.
 */
export function createExecutor(schema: GraphQLSchema): Executor {
  const kept = new LRUCache<OperationDefinitionNode, { query: CompiledQuery | undefined }>({ max: KEPT_OPERATIONS });
  const queryOf = (document: DocumentNode, operation: OperationDefinitionNode) => {
    const known = kept.get(operation);
    if (known) return known.query;
    const query = compile(schema, document, operation);
    kept.set(operation, { query });
    return query;
  };

  function executeCompiled(args: ExecutionArgs): Answer {
    const { document, operationName, rootValue, contextValue, variableValues } = args;
    const operation = getOperationAST(document, operationName);
    const query = operation && queryOf(document, operation);
    // The compiler has its own coercion, and lets through what graphql-js refuses.
    if (!query || getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {}).errors)
      return execute(args);
    const settle = (result: ExecutionResult) => (result.errors ? execute(args) : result);
    const result = query.query(rootValue, contextValue, variableValues);
    return result instanceof Promise ? result.then(settle) : settle(result);
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

function compile(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): CompiledQuery | undefined {
  if (!isCompilable(schema, document, operation)) return undefined;
  const query = compileQuery(schema, document, operation.name?.value);
  return isCompiledQuery(query) ? query : undefined;
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

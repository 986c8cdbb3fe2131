import { getOperationAST, type GraphQLError, type GraphQLSchema, OperationTypeNode } from "graphql";
import type { Logger } from "pino";
import { loadViewer } from "../../../access/authenticate.ts";
import { AppError } from "../../../errors.ts";
import type { OperationAnswer, RunOperation } from "../../../runner/index.ts";
import { type ContextDeps, createContext } from "../../context.ts";
import { createDocumentReader } from "../../document/document-reader.ts";
import { createErrorFormat } from "../../execution/error-format.ts";
import type { Executor } from "../../execution/execute.ts";
import { createBoundExecutor } from "../../execution/bounds.ts";
import type { OperationLimits } from "../../price/limits.ts";
import { createPricedExecutor, createPrices } from "../../price/prices.ts";

/** Answers the operations that runs of jobs send. */
export interface RunOperations {
  /** Never rejects: the answer has the errors, in the form that other clients get. */
  execute(operation: RunOperation): Promise<OperationAnswer>;
  /** Resolves when none is under way: a run that is ended does not wait for its last. */
  close(): Promise<void>;
}

/** Dependencies of {@link createRunOperations}. */
export interface RunOperationsDeps extends ContextDeps {
  limits: OperationLimits;
  schema: GraphQLSchema;
  executor: Executor;
  log: Logger;
}

/** Makes the operations of runs pass through the same validation, executor and errors as those of clients. The run's user is looked up for each again. */
export function createRunOperations({ schema, executor, log, ...deps }: RunOperationsDeps): RunOperations {
  const priced = createPricedExecutor(createBoundExecutor(executor), createPrices(schema, deps.database, deps.limits));
  const readDocument = createDocumentReader(schema, deps.limits);
  const formatError = createErrorFormat(log);
  const underWay = new Set<Promise<unknown>>();
  const refused = (errors: readonly unknown[]): OperationAnswer => ({
    errors: errors.map((error) => formatError(error) as NonNullable<OperationAnswer["errors"]>[number]),
  });

  async function answer({ userId, hold, document: text, variables }: RunOperation): Promise<OperationAnswer> {
    if (userId === null) throw new AppError("FORBIDDEN", "This run has no user, so it may do nothing in the API.");
    const viewer = await loadViewer(deps.database, userId);
    const document = readDocument(text, viewer);
    if (!("kind" in document)) return refused(document);
    const operation = getOperationAST(document);
    if (!operation) throw new AppError("BAD_USER_INPUT", "The document must have one operation, and no more.");
    if (operation.operation === OperationTypeNode.SUBSCRIPTION)
      throw new AppError("BAD_USER_INPUT", "A job may send queries and mutations; a subscription never ends.");
    const { data, errors } = await priced.execute({
      schema,
      document,
      contextValue: createContext(deps, viewer, { sender: { hold } }),
      variableValues: variables,
    });
    return errors ? refused(errors satisfies readonly GraphQLError[]) : { data };
  }

  return {
    execute(operation) {
      const answered = answer(operation)
        .catch((error: unknown) => refused([error]))
        .finally(() => underWay.delete(answered));
      underWay.add(answered);
      return answered;
    },
    close: async () => void (await Promise.all(underWay)),
  };
}

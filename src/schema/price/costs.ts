import {
  type ExecutionArgs,
  getOperationAST,
  type GraphQLSchema,
  type OperationDefinitionNode,
  valueFromASTUntyped,
} from "graphql";
import type { Database } from "../../entities/database.ts";
import type { PageLimits } from "../reading/list-arguments.ts";
import { ROOT, type Scale } from "./levels.ts";
import { createPlanner, measurePlan, type Plan } from "./plan.ts";
import { createTableSizes, type RowsOf } from "./table-sizes.ts";

/** Limits of an answer's size. */
export interface CostLimits extends PageLimits {
  maxQueryCost: number;
}

/**
 * Computes the cost of an operation: the most fields of objects that its answer may have, and 50 for each field that leads to objects.
 * @param limit of the user, the server's when absent. A cost beyond it may be told too low, and still beyond it.
 */
export type CostOf = (
  asked: Pick<ExecutionArgs, "document" | "operationName" | "variableValues">,
  limit?: number,
) => number | Promise<number>;

/** Returns a function that computes the costs of valid operations: before they are executed, in a time that grows with their documents alone. */
export function createCosts(schema: GraphQLSchema, database: Database, limits: CostLimits): CostOf {
  const { maxPageSize, defaultPageSize = maxPageSize } = limits;
  const draw = createPlanner(schema);
  const sizes = createTableSizes(database, maxPageSize);
  const plans = new WeakMap<OperationDefinitionNode, { plan: Plan; most: number }>();

  return ({ document, operationName, variableValues }, limit = limits.maxQueryCost) => {
    const operation = getOperationAST(document, operationName);
    // The request does not name one of the operations: nothing is executed.
    if (!operation) return 0;
    const variables = withDefaults(operation, variableValues ?? {});
    const known = plans.get(operation);
    let measured = known?.plan;
    // A plan for a smaller limit may have left off counting where this one is not reached yet.
    if (!measured || known!.most < limit) {
      const drawn = draw(document, operation, variables, limit);
      measured = drawn.plan;
      if (!drawn.isConditional) plans.set(operation, { plan: measured, most: limit });
    }
    const plan = measured;
    if (plan.below.length === 0) return plan.values;
    const measure = (rowsOf: RowsOf) => {
      const scale: Scale = { variables, rowsOf, unlimited: Math.min(defaultPageSize, maxPageSize), largestPage: maxPageSize };
      return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(measurePlan(plan, ROOT, scale)));
    };
    const rowsOf = sizes();
    return rowsOf instanceof Promise ? rowsOf.then(measure) : measure(rowsOf);
  };
}

/** Values of an operation's variables. Names are looked up in them, so they have no prototype. */
function withDefaults({ variableDefinitions = [] }: OperationDefinitionNode, given: Scale["variables"]): Scale["variables"] {
  if (variableDefinitions.length === 0) return {};
  const values = Object.assign(Object.create(null) as Record<string, unknown>, given);
  for (const { variable, defaultValue } of variableDefinitions)
    if (defaultValue && values[variable.name.value] === undefined)
      values[variable.name.value] = valueFromASTUntyped(defaultValue);
  return values;
}

import type { IncomingHttpHeaders } from "node:http";
import { type ExecutionArgs, type ExecutionResult, GraphQLError, type GraphQLSchema } from "graphql";
import type { Database } from "../../entities/database.ts";
import { AppError, counted } from "../../errors.ts";
import { type Limit, limitOf, type OwnLimits } from "../../own-limits.ts";
import type { Context } from "../context.ts";
import type { Executor } from "../execution/execute.ts";
import { type CostLimits, createCosts } from "./costs.ts";

/** The cost of an operation, and its limit. */
export interface Price {
  value: number;
  limit: Limit;
}

/** Tells the price of a valid operation to a user with these limits; at once, but for the first. */
export type PriceOf = (
  asked: Pick<ExecutionArgs, "document" | "operationName" | "variableValues">,
  own: OwnLimits | undefined,
) => Price | Promise<Price>;

/** Returns a function that prices operations. */
export function createPrices(schema: GraphQLSchema, database: Database, limits: CostLimits): PriceOf {
  const costOf = createCosts(schema, database, limits);
  return (asked, own) => {
    const limit = limitOf("maxQueryCost", limits, own);
    const cost = costOf(asked, limit.value);
    return typeof cost === "number" ? { value: cost, limit } : cost.then((value) => ({ value, limit }));
  };
}

/** The answer to an operation that costs too much; undefined for any other. */
export function refuseDear({ value, limit }: Price): ExecutionResult | undefined {
  if (value <= limit.value) return undefined;
  const message = `The answer may have ${counted(value, "value")}; ${limit.of} allows ${limit.value}. Give its lists a smaller \`limit\`, or select fewer fields.`;
  return { errors: [new GraphQLError(message, { originalError: new AppError("LIMIT_EXCEEDED", message) })] };
}

/** An answer that tells its cost, to those who asked for that. */
export function tellCost(result: ExecutionResult, { value, limit }: Price): ExecutionResult {
  return { ...result, extensions: { ...result.extensions, cost: { value, limit: limit.value } } };
}

/** True if a request asks for its cost: by its header, or by its own extensions. */
export function asksCost(headers: IncomingHttpHeaders, extensions: unknown): boolean {
  return headers["x-query-cost"] === "1" || (extensions as { cost?: unknown } | null | undefined)?.cost === true;
}

/** Returns an executor that refuses too expensive operations before anything is done for them. Events of a subscription were paid for when it was opened. */
export function createPricedExecutor({ execute }: Executor, priceOf: PriceOf): Executor {
  function pay(args: ExecutionArgs, price: Price): ReturnType<Executor["execute"]> {
    const { tellsCost, bounds } = args.contextValue as Context;
    bounds.expect(price.value);
    const answer = refuseDear(price) ?? execute(args);
    if (!tellsCost) return answer;
    return answer instanceof Promise ? answer.then((result) => tellCost(result, price)) : tellCost(answer, price);
  }
  return {
    execute(args) {
      const price = priceOf(args, (args.contextValue as Context).viewer.limits);
      return price instanceof Promise ? price.then((known) => pay(args, known)) : pay(args, price);
    },
  };
}

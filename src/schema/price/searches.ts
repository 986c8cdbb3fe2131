import { type ArgumentNode, type FieldNode, valueFromASTUntyped } from "graphql";
import { snakeCase } from "../../entities/case.ts";
import type { ModelShape } from "../../entities/shape.ts";
import type { Scale } from "./levels.ts";

/** Rows in the time that one value of an answer takes: that a search looks at, and that are counted. */
const SEARCHED_A_VALUE = 5;
const COUNTED_A_VALUE = 50;

/** Most that one list costs for this: it has a lane of its own, so one is allowed in a table of any size. */
const MOST = 100_000;

/** Filters that an index cannot serve. */
const BY_TEXT = /^q$|__n?(?:ic|isw|iew|ie|i?re)$/;

/** Returns the cost of something besides its objects. */
export type Extra = (scale: Scale) => number;

/**
 * Cost of looking for texts in a list of all objects of a model, and of counting it: at every row, unless the list is narrowed by an id, or by
 * what its objects belong to.
 */
export function searchCost({ arguments: args = [] }: FieldNode, shape: ModelShape, isCounted: boolean): Extra | undefined {
  const searches = args.filter(({ name }) => BY_TEXT.test(name.value));
  if (searches.length === 0 && !isCounted) return undefined;
  const keys = new Set(["id", ...[...shape.one.keys()].map(snakeCase).flatMap((name) => [name, `${name}_id`])]);
  const narrowing = args.filter(({ name }) => keys.has(name.value));
  return ({ variables, rowsOf }) => {
    const isGiven = ({ value }: ArgumentNode) => (valueFromASTUntyped(value, variables) ?? null) !== null;
    if (narrowing.some(isGiven)) return 0;
    const share = searches.filter(isGiven).length / SEARCHED_A_VALUE + (isCounted ? 1 / COUNTED_A_VALUE : 0);
    return Math.min(MOST, rowsOf(shape.table) * share);
  };
}

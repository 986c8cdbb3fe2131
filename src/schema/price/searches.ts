import { type ArgumentNode, type FieldNode, valueFromASTUntyped } from "graphql";
import { snakeCase } from "../../entities/case.ts";
import type { ModelShape } from "../../entities/shape.ts";
import type { Scale } from "./levels.ts";

/** Rows that a search looks at in the time that one value of an answer takes. */
const ROWS_A_VALUE = 5;

/** Most that one search counts: it has a lane of its own, so one is allowed in a table of any size. */
const MOST = 100_000;

/** Filters that an index cannot serve. */
const BY_TEXT = /^q$|__n?(?:ic|isw|iew|ie|i?re)$/;

/** Returns the cost of something besides its objects. */
export type Extra = (scale: Scale) => number;

/** Cost of looking for texts in a list of all objects of a model: at every row, unless the list is narrowed by an id, or by what its objects belong to. */
export function searchCost({ arguments: args = [] }: FieldNode, shape: ModelShape): Extra | undefined {
  const searches = args.filter(({ name }) => BY_TEXT.test(name.value));
  if (searches.length === 0) return undefined;
  const keys = new Set(["id", ...[...shape.one.keys()].map(snakeCase).flatMap((name) => [name, `${name}_id`])]);
  const narrowing = args.filter(({ name }) => keys.has(name.value));
  return ({ variables, rowsOf }) => {
    const isGiven = ({ value }: ArgumentNode) => (valueFromASTUntyped(value, variables) ?? null) !== null;
    const each = Math.min(MOST, rowsOf(shape.table) / ROWS_A_VALUE);
    return narrowing.some(isGiven) ? 0 : searches.filter(isGiven).length * each;
  };
}
